// What the payment tests stand on: the whole service but for Kafka and tokens, its routes over HTTP, the real
// PostgreSQL, and the simulated provider in this process. Everything on one worker; the database is the test's own.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <sstream>

#include "kit/base/bytes.hpp"
#include "kit/base/webhook_signature.hpp"
#include "kit/http/client.hpp"
#include "kit/http/server.hpp"
#include "kit/messaging/case_routes.hpp"
#include "kit/postgres/testing/test_database.hpp"
#include "kit/testing/run_task.hpp"
#include "services/payment/api/increments.hpp"
#include "services/payment/api/payments.hpp"
#include "services/payment/api/preauthorisations.hpp"
#include "services/payment/api/records.hpp"
#include "services/payment/api/refunds.hpp"
#include "services/payment/api/session_money.hpp"
#include "services/payment/api/webhooks.hpp"
#include "services/payment/events/charging_events.hpp"
#include "services/payment/flow/steps.hpp"
#include "simulators/payment_provider/api.hpp"

namespace evc::payment {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

constexpr const char* kDriver = "p1.mfzxa2lonrxw2zlsfqqho2lunb";

// Stands for authenticate(): the caller says who it is.
inline Task<http::Response> as_told(RequestContext& context, http::Request& request, const http::RouteInfo&,
                                    const http::Next& next) {
  context.principal.puid = std::string(request.headers.get("x-puid").value_or(""));
  context.principal.client_id = "charging";
  co_return co_await next(context, request);
}

inline std::unique_ptr<http::Server> serve(Worker& worker, std::shared_ptr<http::Router> router,
                                           std::vector<http::Middleware> middleware) {
  auto server = std::make_unique<http::Server>(worker, std::move(router), std::move(middleware),
                                               http::ServerOptions{.server_name = "test"});
  server->start();
  return server;
}

inline std::shared_ptr<http::Client> client_of(Worker& worker, const char* service, std::uint16_t port) {
  return std::make_shared<http::Client>(worker,
                                        http::ClientOptions{.service = service, .endpoints = {{"127.0.0.1", port}}});
}

class PaymentTest : public ::testing::Test {
 protected:
  PaymentTest() {
    database_.migrate("kit/messaging/migrations");
    database_.migrate("services/payment/migrations");
    pool_.emplace(worker_, postgres::PoolOptions{.conninfo = database_.conninfo(), .size = 8});
    keys_.emplace(*pool_);
    auto provider_router = std::make_shared<http::Router>();
    auto router = std::make_shared<http::Router>();
    server_ = serve_later(router);
    webhooks_.emplace(worker_, client_of(worker_, "payment", server_->port()), Secret<std::string>("hook"),
                      system_clock());
    provider_api_.emplace(worker_, book_, *webhooks_, Secret<std::string>("key"),
                          payment_provider::ApiOptions{.slow = 600ms, .silent = 2'000ms, .out_of_order = 300ms},
                          system_clock());
    provider_api_->add_routes(*provider_router);
    provider_server_ = serve(worker_, provider_router, {});
    provider_.emplace(client_of(worker_, "payment-provider", provider_server_->port()), Secret<std::string>("key"),
                      250ms);
    steps_.emplace(
        worker_, *pool_, *provider_, recorder_,
        StepOptions{.poll = 20ms, .lease = 5'000ms, .never_heard_after = 700ms, .longest_pause = 200ms, .parallel = 8});
    preauthorisations_.emplace(*pool_, *keys_, *provider_, recorder_, *steps_);
    increments_.emplace(*pool_, *keys_, *provider_, recorder_);
    refunds_.emplace(*pool_, *keys_, recorder_);
    payments_.emplace(*pool_);
    session_money_.emplace(*pool_);
    records_.emplace(*pool_);
    provider_webhooks_.emplace(*pool_, recorder_, Secret<std::string>("hook"));
    preauthorisations_->add_routes(*router);
    increments_->add_routes(*router);
    refunds_->add_routes(*router);
    payments_->add_routes(*router);
    session_money_->add_routes(*router);
    records_->add_routes(*router);
    provider_webhooks_->add_routes(*router);
    messaging::add_case_operations(*router, "payment", *keys_, *pool_);
    client_ = client_of(worker_, "payment", server_->port());
    worker_.tasks().spawn("steps", steps_->run());
  }

  ~PaymentTest() override {
    worker_.tasks().cancel();
    server_->close_all();
    provider_server_->close_all();
    client_->close();
    pool_->close();
    evc::testing::run_until(worker_, [this] { return worker_.tasks().size() == 0; });
  }

  // The router is filled after the port is known: each side needs the other's.
  std::unique_ptr<http::Server> serve_later(std::shared_ptr<http::Router> router) {
    return serve(worker_, std::move(router), {as_told});
  }

  template <class T>
  T run(Task<T> task) {
    return evc::testing::run_task(worker_, std::move(task));
  }

  http::Call post_call(const std::string& target, const std::string& key, const std::string& body) {
    http::Call call{.method = "POST", .target = target, .route_class = "test"};
    if (!key.empty()) call.headers.add("idempotency-key", key);
    if (!body.empty()) call.headers.add("content-type", "application/json");
    call.body = body;
    return call;
  }
  http::Response send(http::Call call) {
    auto response = run(client_->send(context_, std::move(call)));
    EXPECT_TRUE(response) << response.error().detail;
    return response ? std::move(*response) : http::Response{.status = 0};
  }
  http::Response get(const std::string& target, const std::string& puid = "") {
    http::Call call{.target = target, .route_class = "test"};
    if (!puid.empty()) call.headers.add("x-puid", puid);
    return send(std::move(call));
  }

  std::string body_of(const std::string& token, std::int64_t amount = 1'000) const {
    return json::serialize(json::Object{{"reference", reference_},
                                        {"sessionId", to_string(session_)},
                                        {"userId", kDriver},
                                        {"amount", {{"amount", amount}, {"currency", "BRL"}}},
                                        {"paymentMethod", {{"type", "simulated-card"}, {"token", token}}},
                                        {"correlationId", to_string(correlation_)}});
  }
  http::Response hold(const std::string& token, std::int64_t amount = 1'000) {
    return send(post_call("/payments/preauthorisations", to_string(session_) + ":preauth", body_of(token, amount)));
  }
  // A hold of 10.00 that may grow to 25.00.
  http::Response growing_hold(const std::string& token) {
    auto body = json::parse(body_of(token))->as_object();
    body["limit"] = json::Object{{"amount", 2'500}, {"currency", "BRL"}};
    return send(post_call("/payments/preauthorisations", to_string(session_) + ":preauth", json::serialize(body)));
  }
  http::Response grow(std::int64_t number, std::int64_t amount, const std::string& key = "") {
    const json::Object body{{"number", number}, {"amount", {{"amount", amount}, {"currency", "BRL"}}}};
    const std::string usual = to_string(session_) + ":increment:" + std::to_string(number);
    return send(post_call("/payments/preauthorisations/" + reference_ + "/increments", key.empty() ? usual : key,
                          json::serialize(body)));
  }
  static std::string state_in(const http::Response& response) {
    const auto body = json::parse(response.body);
    return body && body->as_object().contains("state") ? std::string(body->at("state").as_string()) : response.body;
  }

  Task<Result<void>> apply(messaging::Event event) {
    auto handlers = charging_.handlers();
    auto transaction = co_await pool_->begin(context_);
    if (!transaction) co_return std::unexpected(std::move(transaction).error());
    auto done = co_await handlers.at(event.event_type)(context_, *transaction, event);
    if (!done) co_return done;
    co_return co_await transaction->commit(context_);
  }
  Result<void> ended(std::int64_t price) {
    return run(apply({.event_id = uuid_v7(),
                      .event_type = "ChargingSessionEnded",
                      .data = {{"sessionId", to_string(session_)},
                               {"stationId", "BR-PRT-0001"},
                               {"connectorId", 1},
                               {"stationName", "Posto Paraty"},
                               {"preauthorisationReference", reference_},
                               {"startedAt", "2026-11-23T17:04:12.000Z"},
                               {"endedAt", "2026-11-23T17:31:08.000Z"},
                               {"durationS", 1616},
                               {"energyWh", 22312},
                               {"finalPrice", {{"amount", price}, {"currency", "BRL"}}},
                               {"priceLines", json::Array{}},
                               {"reason", "driver"}}}));
  }
  Result<void> session_failed() {
    return run(apply({.event_id = uuid_v7(),
                      .event_type = "ChargingSessionFailed",
                      .data = {{"sessionId", to_string(session_)},
                               {"stationId", "S"},
                               {"connectorId", 1},
                               {"preauthorisationReference", reference_},
                               {"reason", "stationTimeout"}}}));
  }

  // Through the loop: a blocking query on this thread would wait for row locks that only this thread can release.
  Task<std::string> ask(std::string sql) {
    const std::string& name =
        statement_names_.try_emplace(sql, "ask " + std::to_string(statement_names_.size())).first->second;
    RequestContext context;
    auto rows = co_await pool_->exec(context, postgres::Statement{name, statement_names_.find(sql)->first});
    EXPECT_TRUE(rows) << sql << rows.error().detail;
    co_return rows && rows->size() == 1 && !rows->is_null(0, 0) ? rows->get<std::string>(0, 0) : std::string();
  }
  std::string value(const std::string& sql) { return run(ask(sql)); }
  Task<bool> becomes(std::string sql, std::string wanted) {
    const SteadyTime deadline = std::chrono::steady_clock::now() + 15s;
    while (std::chrono::steady_clock::now() < deadline) {
      const std::string found = co_await ask(sql);
      if (found == wanted) co_return true;
      co_await sleep_for(worker_, 20ms);
    }
    co_return false;
  }
  std::string state() { return value("SELECT state FROM payment WHERE reference = '" + reference_ + "'"); }
  bool reaches(const std::string& wanted) {
    return run(becomes("SELECT state FROM payment WHERE reference = '" + reference_ + "'", wanted));
  }
  bool all_steps_done() { return run(becomes("SELECT count(*) FROM provider_job WHERE done_at IS NULL", "0")); }
  Strings events() {
    Strings types;
    std::istringstream all(
        value("SELECT string_agg(convert_from(payload, 'UTF8')::jsonb ->> 'eventType', ' ' ORDER BY pos) FROM outbox"));
    for (std::string type; all >> type;) types.push_back(type);
    return types;
  }
  std::string event_data(const std::string& type, const std::string& path) {
    return value("SELECT convert_from(payload, 'UTF8')::jsonb #>> '{data," + path +
                 "}' FROM outbox WHERE convert_from(payload, 'UTF8')::jsonb ->> 'eventType' = '" + type + "'");
  }
  void expect_books_closed() {
    EXPECT_EQ(value("SELECT ledger_imbalance()"), "0");
    EXPECT_EQ(value("SELECT ledger_broken_links()"), "0");
    EXPECT_EQ(value("SELECT count(*) FROM account WHERE debits_pending <> 0 OR credits_pending <> 0"), "0");
    EXPECT_EQ(value("SELECT count(*) FROM account WHERE code LIKE 'payment:%' AND debits_posted <> credits_posted"),
              "0");
  }
  payment_provider::Authorisation at_provider() { return book_.find_by_reference(reference_).value(); }

  postgres::testing::TestDatabase database_;
  std::map<std::string, std::string> statement_names_;
  Worker worker_;
  RequestContext context_;
  Uuid session_ = uuid_v7();
  Uuid correlation_ = uuid_v7();
  std::string reference_ = "pa-" + to_string(session_);
  std::optional<postgres::Pool> pool_;
  std::optional<messaging::IdempotencyStore> keys_;
  messaging::Outbox outbox_{"/services/payment"};
  Recorder recorder_{outbox_};
  ChargingEvents charging_{recorder_};
  payment_provider::Book book_{{.expired_hold = 400ms}, system_clock(), [](const std::string&) {}};
  std::optional<payment_provider::Webhooks> webhooks_;
  std::optional<payment_provider::Api> provider_api_;
  std::optional<ProviderClient> provider_;
  std::optional<Steps> steps_;
  std::optional<Preauthorisations> preauthorisations_;
  std::optional<Increments> increments_;
  std::optional<Refunds> refunds_;
  std::optional<Payments> payments_;
  std::optional<SessionMoney> session_money_;
  std::optional<PersonRecords> records_;
  std::optional<ProviderWebhooks> provider_webhooks_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<http::Server> provider_server_;
  std::shared_ptr<http::Client> client_;
};

}  // namespace evc::payment
