// A process with live crash points (kit/testing/crash_points) that does one part of the messaging, for the test that
// kills it at every step: `crash_subject ROLE CONNINFO TOPIC NAME [WHAT]`. relay and inbox run until they are killed,
// the other roles do one thing and end with 0. Repeated after a death, they go on where it was left.
#include <map>
#include <string>

#include "kit/messaging/idempotency.hpp"
#include "kit/messaging/testing/consumer_side.hpp"
#include "kit/messaging/testing/outbox_side.hpp"
#include "kit/telemetry/log.hpp"

namespace evc::messaging::testing {
namespace {

constexpr std::chrono::milliseconds kLease{100};
constexpr const char* kWorkDone = "done";

constexpr postgres::Statement kTrouble{"test.trouble", "SELECT 1 FROM trouble WHERE key = $1"};
constexpr postgres::Statement kLoseConnection{"test.lose", "SELECT pg_terminate_backend(pg_backend_pid())"};
constexpr postgres::Statement kWork{"test.work", "INSERT INTO effect (key, n) VALUES ($1, 1)"};

// Fails while the key is in the table `trouble`; for the key "costly" the connection is lost, once per process.
Task<Result<void>> effect_or_trouble(RequestContext& context, postgres::Transaction& transaction, const Event& event) {
  static bool is_paid = false;
  EVC_CO_CHECK(co_await write_effect(context, transaction, event));
  EVC_CO_TRY(trouble, co_await transaction.exec(context, kTrouble, postgres::Params(event.key)));
  if (!trouble.empty()) co_return fail(Code::kConstraintViolation, "in trouble");
  if (event.key != "costly" || is_paid) co_return Result<void>{};
  is_paid = true;
  auto lost = co_await transaction.exec(context, kLoseConnection);
  if (!lost) co_return std::unexpected(std::move(lost).error());
  co_return Result<void>{};
}

// A producer that holds what is missing of the key "held", and of no other.
Task<Result<HeldEvents>> ask_producer(RequestContext& /*context*/, MissingEvents missing) {
  HeldEvents held{.until = missing.to, .events = {}};
  if (missing.key != "held") co_return held;
  for (std::int64_t sequence = missing.from; sequence <= missing.to; ++sequence) {
    const Event event = sample_event(missing.topic, missing.key, sequence);
    held.events.push_back({.sequence = sequence, .event_id = event.event_id, .record = sample_record(event)});
  }
  co_return held;
}

struct Parts {
  std::string conninfo, topic, name, what;
  Worker worker;
  postgres::Pool pool;
  Outbox outbox;
  IdempotencyStore keys;
  Inbox inbox;

  Parts(std::string its_conninfo, std::string its_topic, std::string its_name, std::string its_what)
      : conninfo(std::move(its_conninfo)),
        topic(std::move(its_topic)),
        name(std::move(its_name)),
        what(std::move(its_what)),
        pool(worker, {.conninfo = conninfo, .size = 5, .application_name = "subject"}),
        outbox("/services/test", any_schema()),
        keys(pool, kLease),
        inbox(worker, pool, outbox,
              {.consumer = {.connect = kafka::testing::connect_as("platform-admin"),
                            .group = name,
                            .instance_id = "subject",
                            .topics = {topic}},
               .batch = 16,
               .gap_timeout = std::chrono::milliseconds(500),
               .ask = ask_producer,
               .retry_first = std::chrono::milliseconds(20),
               .retry_cap = std::chrono::milliseconds(200)},
              {{"Tested", effect_or_trouble}}) {}
};

// --- one thing each

// Dead again, or decided before a death: each is an answer.
Task<Result<void>> decide(Parts& parts, Action action) {
  auto context = test_context();
  EVC_CO_TRY(event, parse_uuid(parts.what));
  EVC_CO_CHECK(co_await parts.inbox.decide(context, event, {.action = action, .reason = "a test"}));
  co_return Result<void>{};
}

Task<Result<void>> replay(Parts& parts) {
  return decide(parts, Action::kReplay);
}

Task<Result<void>> discard(Parts& parts) {
  return decide(parts, Action::kDiscard);
}

// Of the key's second event.
Task<Result<void>> accept_gap(Parts& parts) {
  auto context = test_context();
  auto accepted = co_await parts.inbox.accept_gap(
      context, {.topic = parts.topic, .key = parts.what, .missing_from = 2, .missing_to = 2},
      {.action = Action::kAcceptGap, .reason = "a test"});
  if (accepted || accepted.error().code == Code::kNotFound) co_return Result<void>{};
  co_return std::unexpected(std::move(accepted).error());
}

IdempotentRequest keyed(const Parts& parts) {
  return {.principal = "p1.test", .route = "POST /test", .key = parts.what, .fingerprint = "one"};
}

// Two steps under a key: an effect, then the answer.
Task<Result<void>> request(Parts& parts) {
  auto context = test_context();
  const auto key = keyed(parts);
  auto decision = co_await parts.keys.begin(context, key);
  while (!decision && decision.error().code == Code::kRequestInProgress) {
    co_await sleep_for(parts.worker, std::chrono::milliseconds(10));
    decision = co_await parts.keys.begin(context, key);
  }
  if (!decision) co_return std::unexpected(std::move(decision).error());
  if (decision->response) co_return Result<void>{};
  if (decision->recovery_point != kWorkDone) {
    EVC_CO_TRY(first, co_await parts.pool.begin(context));
    EVC_CO_CHECK(co_await first.exec(context, kWork, postgres::Params(parts.what)));
    EVC_CO_CHECK(co_await parts.keys.advance(context, first, key, kWorkDone));
    EVC_CO_CHECK(co_await first.commit(context));
  }
  EVC_CO_TRY(second, co_await parts.pool.begin(context));
  EVC_CO_CHECK(co_await parts.keys.complete(context, second, key, http::Response::empty(204)));
  co_return co_await second.commit(context);
}

// Begins and gives up, so that whoever asks again need not wait.
Task<Result<void>> give_up(Parts& parts) {
  auto context = test_context();
  const auto key = keyed(parts);
  auto decision = co_await parts.keys.begin(context, key);
  if (!decision && decision.error().code == Code::kRequestInProgress) co_return Result<void>{};
  if (!decision) co_return std::unexpected(std::move(decision).error());
  co_return co_await parts.keys.release(context, key);
}

Task<Result<void>> delete_expired(Parts& parts) {
  auto context = test_context();
  auto deleted = co_await parts.keys.delete_expired(context);
  if (!deleted) co_return std::unexpected(std::move(deleted).error());
  co_return Result<void>{};
}

const std::map<std::string, Task<Result<void>> (*)(Parts&)> kTasks{
    {"replay", replay},   {"discard", discard}, {"accept", accept_gap},
    {"request", request}, {"give-up", give_up}, {"delete-expired", delete_expired}};

int run(const std::string& role, Parts& parts) {
  if (role == "inbox") {
    parts.worker.tasks().spawn(role, parts.inbox.run());
    parts.worker.run();
    return 0;
  }
  if (role == "relay") {
    Relay relay(parts.worker, parts.pool,
                {.conninfo = parts.conninfo,
                 .slot = parts.name,
                 .producer = {.connect = kafka::testing::connect_as("platform-admin"), .topics = {parts.topic}},
                 .heartbeat = std::chrono::milliseconds(100),
                 .standby = std::chrono::milliseconds(50),
                 .pause_cap = std::chrono::milliseconds(200)});
    parts.worker.tasks().spawn(role, relay.run());
    parts.worker.run();
    return 0;
  }
  const auto done = evc::testing::run_task(parts.worker, kTasks.at(role)(parts));
  if (!done)
    EVC_LOG(kError, "not done",
            {{telemetry::key::kErrorCode, info(done.error().code).name},
             {telemetry::key::kErrorDetail, done.error().detail}});
  return done ? 0 : 1;
}

}  // namespace
}  // namespace evc::messaging::testing

int main(int argc, char** argv) {
  if (argc < 5) return 64;
  evc::messaging::testing::Parts parts(argv[2], argv[3], argv[4], argc > 5 ? argv[5] : "");
  return evc::messaging::testing::run(argv[1], parts);
}
