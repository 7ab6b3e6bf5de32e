// The operator's routes of one service over the real PostgreSQL, called as the router calls them. Events fail, wait and
// are refused as the test says; no broker is needed, because a decision works on what the database holds.
#pragma once

#include <gtest/gtest.h>

#include <set>

#include "kit/messaging/event_applier.hpp"
#include "kit/messaging/operations/service_operations.hpp"
#include "kit/messaging/testing/consumer_side.hpp"
#include "kit/messaging/testing/database_state.hpp"
#include "kit/messaging/testing/outbox_side.hpp"

namespace evc::messaging {

// The machine's time, some hours on.
class LaterClock : public Clock {
 public:
  WallTime wall() const override { return system_clock().wall() + later; }
  SteadyTime steady() const override { return system_clock().steady(); }
  std::chrono::hours later{0};
};

class EventOperations : public ::testing::Test {
 protected:
  EventOperations() {
    database_.migrate("kit/messaging/migrations");
    database_.query(testing::kEffectTable);
    pool_.emplace(worker_, postgres::PoolOptions{.conninfo = database_.conninfo(), .size = 4});
    idempotency_.emplace(*pool_);
    const std::map<std::string, EventHandler> handlers{
        {"Tested", [this](RequestContext& context, postgres::Transaction& transaction, const Event& event) {
           return take(*this, context, transaction, event);
         }}};
    handlers_ = handlers;
    inbox_.emplace(worker_, *pool_, outbox_, InboxOptions{.consumer = {.group = "charging"}}, handlers);
    applier_.emplace(worker_, "charging", outbox_, handlers_, InboxOptions{}.handler_limit);
    add_event_operations(router_, "charging", *inbox_, *idempotency_, *pool_);
  }
  ~EventOperations() override {
    pool_->close();
    worker_.tasks().cancel();
    evc::testing::run_until(worker_, [this] { return worker_.tasks().size() == 0; });
  }

  // --- events

  Event event(const std::string& topic, const std::string& key, std::int64_t sequence) {
    return testing::sample_event(topic, key, sequence);
  }
  void receive(const Event& event) { receive(testing::sample_record(event)); }
  void receive(kafka::Record record) {
    record.partition = 1;
    record.offset = ++offset_;
    const auto received = evc::testing::run_task(worker_, apply(*this, read_incoming(std::move(record))));
    ASSERT_TRUE(received) << received.error().detail;
  }
  // The event and what comes behind it in its key.
  Event dead(const std::string& topic, const std::string& key) {
    auto poisoned = event(topic, key, 1);
    bad_.insert(poisoned.event_id);
    receive(poisoned);
    return poisoned;
  }
  void mend(const Event& event) { bad_.erase(event.event_id); }
  std::string effects(const std::string& key) {
    return database_.value("SELECT coalesce(string_agg(n::text, ',' ORDER BY id), '') FROM effect WHERE key = '" + key +
                           "'");
  }
  // Of the runs so far, in their order.
  std::string runs(const std::string& column) {
    return database_.value("SELECT coalesce(string_agg(coalesce(" + column +
                           ", '-'), ',' ORDER BY at, id), '') FROM event_run");
  }

  // --- requests

  struct Answer {
    int status = 0;
    json::Value body;
    http::Headers headers;
    const json::Object& object() const { return body.as_object(); }
    std::string result() const { return std::string(object().at("result").as_string()); }
    // Of a decision about dead letters: the words, in order.
    std::string results() const {
      std::string words;
      for (const auto& each : object().at("results").as_array())
        words += (words.empty() ? "" : ",") + std::string(each.at("result").as_string());
      return words;
    }
    std::string code() const { return std::string(object().at("code").as_string()); }
    std::string pointer() const { return std::string(object().at("errors").at(0).at("pointer").as_string()); }
  };
  Answer send(const std::string& method, const std::string& target, const std::string& body = "",
              const std::string& key = "") {
    http::Request request;
    request.method = method;
    const auto mark = target.find('?');
    request.path = "/operations/charging/" + target.substr(0, mark);
    if (mark != std::string::npos) request.query = *http::Query::parse(target.substr(mark + 1));
    if (!body.empty()) request.headers.set("content-type", "application/json");
    if (!key.empty()) request.headers.set("idempotency-key", key);
    request.body = body;
    const auto match = router_.match(request);
    if (!match) return {.status = info(match.error().code).status};
    auto context = testing::test_context();
    context.clock = &clock_;
    context.deadline = clock_.steady() + time_;
    context.principal.puid = person_;
    const auto response = evc::testing::run_task(worker_, (*match->handler)(context, request));
    return {.status = response.status, .body = *json::parse(response.body), .headers = response.headers};
  }
  Answer get(const std::string& target) { return send("GET", target); }
  // With a key of its own.
  Answer post(const std::string& target, const json::Object& body) {
    return send("POST", target, json::serialize(body), to_string(uuid_v7()));
  }
  Answer decide(const std::string& verb, const std::vector<Event>& events) {
    json::Array ids;
    for (const Event& each : events) ids.push_back(json::Value(to_string(each.event_id)));
    return post("dead-letters/" + verb, {{"eventIds", std::move(ids)}, {"reason", "um motivo"}});
  }
  Answer decide_as(const std::string& person, const std::string& verb, const Event& event) {
    person_ = person;
    return decide(verb, {event});
  }

  postgres::testing::TestDatabase database_;
  Worker worker_;
  LaterClock clock_;
  std::string person_ = "p1.ana";
  std::chrono::milliseconds time_{10'000};  // of a request
  std::set<Uuid> bad_;
  std::optional<postgres::Pool> pool_;
  std::optional<IdempotencyStore> idempotency_;
  Outbox outbox_{"/services/test", testing::any_schema()};
  std::map<std::string, EventHandler> handlers_;
  std::optional<Inbox> inbox_;
  std::optional<EventApplier> applier_;
  http::Router router_;

 private:
  static Task<Result<void>> take(EventOperations& test, RequestContext& context, postgres::Transaction& transaction,
                                 const Event& event) {
    EVC_CO_CHECK(co_await testing::write_effect(context, transaction, event));
    if (test.bad_.contains(event.event_id)) co_return fail(Code::kValidationFailed, "poisoned");
    co_return Result<void>{};
  }
  static Task<Result<void>> apply(EventOperations& test, Incoming incoming) {
    auto context = testing::test_context();
    EVC_CO_TRY(transaction, co_await test.pool_->begin(context));
    EVC_CO_CHECK(co_await test.applier_->apply(transaction, incoming, {}));
    auto committed = co_await transaction.commit(context);
    co_return committed;
  }

  std::int64_t offset_ = 0;
};

}  // namespace evc::messaging
