#include "proofs/simulator/charging_service.hpp"

#include <algorithm>

#include "kit/resilience/retry.hpp"
#include "services/charging/domain/fact_reading.hpp"
#include "services/charging/domain/payment_answers.hpp"

namespace evc::simulator {

using charging::Input;
using charging::Outcome;
using charging::Session;
using charging::SessionState;
using Commit = Database::Commit;

namespace {

constexpr Ms kPaymentTry{5'000};
constexpr Ms kRequest{10'000};
constexpr Ms kClaim{8'000};

// answer_for() of api/start.cpp.
int status_of(const Session& session) {
  switch (session.state) {
    case SessionState::kFailed:
      return 402;
    case SessionState::kRequested:
    case SessionState::kPreauthUnknown:
    case SessionState::kVoiding:
    case SessionState::kVoided:
    case SessionState::kExpired:
      return 202;
    default:
      return 201;
  }
}

}  // namespace

ChargingService::ChargingService(Database& database, Broker& broker, PaymentService& payment, Ms longest_stall)
    : database_(database),
      engine_(database.engine),
      payment_(payment),
      keys_(database.engine, database.switches),
      changed_(database.engine) {
  consumption = {
      .topics = {"integration.events", "payment.events"},
      .wanted = [](const Body& body) { return body.type != "PaymentSimulated"; },
      .handler =
          [this](const Body& body) { return body.topic == "payment.events" ? on_payment(body) : on_station(body); }};
  for (int i = 1; i <= 2; ++i) add_instance(i, broker, longest_stall);
}

void ChargingService::add_instance(int number, Broker& broker, Ms longest_stall) {
  members_.push_back(std::make_unique<InboxMember>(database_, broker, consumption, number));
  auto& process = engine_.add_process("charging " + std::to_string(number));
  process.boot = [this, &process, member = members_.back().get()] {
    engine_.spawn(process, member->run());
    engine_.spawn(process, watch_deadlines());
    engine_.spawn(process, ask_for_increments());
  };
  process.longest_stall = longest_stall;
  processes_.push_back(&process);
  engine_.start(process);
}

Process& ChargingService::any() {
  return *processes_[engine_.random.next() % processes_.size()];
}

void ChargingService::publish(const Outcome& outcome) {
  const auto id = to_string(outcome.session.id);
  for (const auto& emission : outcome.emissions)
    database_.append("charging.events", id, id, emission.type, emission.data);
}

// process/record.cpp.
void ChargingService::record(Outcome outcome) {
  const auto id = to_string(outcome.session.id);
  if (outcome.contradiction) {
    if (engine_.heard()) engine_.say("charging", id + ": case: " + outcome.contradiction->text);
    cases.push_back(outcome.contradiction->text);
  }
  if (!outcome.changed) return;
  for (const auto& entry : outcome.timeline) {
    if (engine_.heard()) engine_.say("charging", id + " is " + std::string(name(entry.state)));
    timeline[id].push_back(entry.state);
  }
  publish(outcome);
  sessions[id] = std::move(outcome.session);
  changed_.ring();
}

Go<void> ChargingService::start(Start order, ReplyTo to) {
  auto reply = co_await start_once(std::move(order));
  answer(engine_, to, std::move(reply));
}

// api/start.cpp: start_charging and run_start.
Go<Reply> ChargingService::start_once(Start order) {
  KeyTaken taken;
  const auto begun = co_await database_.transact([&] { taken = keys_.begin(order.key, order.station); });
  if (begun != Commit::kDone) co_return Reply{503, ""};
  if (taken.which == messaging::KeyCase::kReplay) co_return taken.stored;
  if (taken.which == messaging::KeyCase::kOtherUse) co_return Reply{422, ""};
  if (taken.which == messaging::KeyCase::kInProgress) co_return Reply{409, ""};
  std::optional<Session> session;
  if (taken.recovery_point.empty()) {
    auto placed = co_await place(order, taken);
    if (placed.refused != 0) co_return co_await refuse(order.key, taken.attempt, placed.refused);
    if (!placed.session) co_return Reply{503, ""};
    session = std::move(placed.session);
  } else {
    co_await engine_.step();
    session = sessions.at(taken.recovery_point);
  }
  auto outcome = Input::kHoldUnknown;
  if (session->state == SessionState::kRequested) outcome = co_await hold(*session, static_cast<int>(taken.attempt));
  co_return co_await settle(to_string(session->id), order.key, taken.attempt, outcome);
}

Go<ChargingService::Placed> ChargingService::place(Start order, const KeyTaken& taken) {
  co_await engine_.step();
  if (engine_.now() < available_from[order.station]) co_return Placed{.refused = 404};
  const charging::StationFacts facts{.id = order.station,
                                     .name = order.station,
                                     .connector_id = 1,
                                     .tariff = {.currency = Currency::brl(), .per_kwh_minor = 200}};
  Uuid id;
  id.bytes[0] = 5;
  id.bytes[1] = static_cast<std::uint8_t>(++placed_);
  auto requested = charging::request_session({.puid = order.puid, .energy_limit_wh = order.energy_limit_wh}, facts, id,
                                             {}, engine_.wall(), hold_rules);
  bool fenced = false;
  const auto committed = co_await database_.transact([&] {
    fenced = !keys_.holds(order.key, taken.attempt);
    if (fenced) return;
    keys_.advance(order.key, to_string(id));
    record(*requested);
  });
  if (committed != Commit::kDone || fenced) {
    co_await database_.transact([&] { keys_.release(order.key, taken.attempt); });
    co_return Placed{};
  }
  co_return Placed{.session = requested->session};
}

// PaymentClient::hold over http::Client: three tries with the same key.
Go<Input> ChargingService::hold(Session session, int attempt) {
  PaymentService::Order order{.reference = session.reference,
                              .puid = session.puid,
                              .session_id = session.id,
                              .amount = session.hold_minor,
                              .currency = session.tariff.currency,
                              .limit = session.hold_limit_minor};
  if (database_.switches.reference_per_attempt) order.reference += "-" + std::to_string(attempt);
  const auto until = engine_.now() + kRequest;
  for (int tries = 1; true; ++tries) {
    const auto reply = co_await call(engine_, payment_.any(), std::min(kPaymentTry, until - engine_.now()),
                                     [&](ReplyTo to) { return payment_.create(order, std::move(to)); });
    const bool again = reply.status == 0 || reply.status == 503 || reply.status == 409;
    if (!again) co_return charging::hold_answered(reply.status, reply.body);
    const auto wait =
        resilience::wait_before({}, tries + 1, engine_.random.next(), std::nullopt, until - engine_.now());
    if (!wait) co_return Input::kHoldUnknown;
    co_await engine_.sleep(*wait);
  }
}

Go<Reply> ChargingService::settle(std::string id, std::string key, std::int64_t attempt, Input hold) {
  Reply reply;
  bool fenced = false;
  const auto committed = co_await database_.transact([&] {
    fenced = !keys_.holds(key, attempt);
    if (fenced) return;
    const auto& session = sessions.at(id);
    if (session.state == SessionState::kRequested) record(charging::hold_outcome(session, hold, engine_.wall()));
    const auto& settled = sessions.at(id);
    const auto status = status_of(settled);
    reply = {status, status == 402 ? std::string() : id + " " + std::string(name(settled.state))};
    if (!database_.switches.answer_in_own_transaction) keys_.complete(key, reply);
  });
  if (fenced) co_return Reply{409, ""};
  if (committed != Commit::kDone) {
    co_await database_.transact([&] { keys_.release(key, attempt); });
    co_return Reply{503, ""};
  }
  if (database_.switches.answer_in_own_transaction) co_await database_.transact([&] { keys_.complete(key, reply); });
  co_return reply;
}

// A business error is an answer like any other and is kept under the key, else it is none.
Go<Reply> ChargingService::refuse(std::string key, std::int64_t attempt, int status) {
  bool fenced = false;
  const auto committed = co_await database_.transact([&] {
    fenced = !keys_.holds(key, attempt);
    if (!fenced) keys_.complete(key, {status, ""});
  });
  if ((committed == Commit::kDone && !fenced) || database_.switches.answer_without_storing) co_return Reply{status, ""};
  co_await database_.transact([&] { keys_.release(key, attempt); });
  co_return Reply{fenced ? 409 : 503, ""};
}

Go<void> ChargingService::stop(std::string id, ReplyTo to) {
  int status = 202;
  const auto committed = co_await database_.transact([&] {
    const auto& session = sessions.at(id);
    const bool early = session.state == SessionState::kRequested || session.state == SessionState::kPreauthUnknown;
    if (early || terminal(session.state)) {
      status = 409;
      return;
    }
    record(charging::stop_requested(session, "driver", engine_.wall()));
  });
  answer(engine_, to, {committed == Commit::kDone ? status : 503, ""});
}

Ms ChargingService::next_deadline() const {
  Ms next = engine_.now() + Ms(30'000);
  for (const auto& [id, session] : sessions)
    if (session.deadline_at)
      next = std::min(next, engine_.now() + std::chrono::ceil<Ms>(*session.deadline_at - engine_.wall()));
  // It polls twice a second.
  return std::max(next - engine_.now(), Ms(500));
}

Go<void> ChargingService::watch_deadlines() {
  while (true) {
    co_await engine_.wait(changed_.listen(), next_deadline());
    co_await engine_.sleep(Ms(500));
    std::vector<std::string> overdue;
    for (const auto& [id, session] : sessions)
      if (session.deadline_at && *session.deadline_at <= engine_.wall()) overdue.push_back(id);
    for (const auto& id : overdue) co_await move_on(id);
  }
}

// events/increments.cpp: who claims a session asks for it alone until the claim ends.
Go<void> ChargingService::ask_for_increments() {
  while (true) {
    co_await engine_.wait(changed_.listen(), Ms(5'000));
    co_await engine_.sleep(Ms(200));
    std::vector<std::string> claimed;
    co_await database_.transact([&] {
      claimed.clear();
      for (auto& [id, session] : sessions) {
        const auto& due = session.increment.due_at;
        if (session.state != SessionState::kCharging || !due || *due > engine_.wall()) continue;
        session.increment.due_at = engine_.wall() + kClaim;
        claimed.push_back(id);
      }
    });
    for (const auto& id : claimed) engine_.spawn(engine_.current(), ask_for_one(id));
  }
}

Go<void> ChargingService::ask_for_one(std::string id) {
  const auto session = sessions.at(id);
  const PaymentService::More more{.reference = session.reference,
                                  .number = session.increment.number,
                                  .amount = {session.increment.amount_minor, session.tariff.currency}};
  const auto reply = co_await call(engine_, payment_.any(), kPaymentTry,
                                   [&](ReplyTo to) { return payment_.increment(more, std::move(to)); });
  const auto told = reply.status == 0 ? charging::IncrementAnswer{.number = more.number}
                                      : charging::increment_told(more.number, reply.status, reply.body);
  co_await database_.transact([&] { record(charging::increment_answered(sessions.at(id), told, engine_.wall())); });
}

// events/deadlines.cpp.
Go<void> ChargingService::move_on(std::string id) {
  co_await engine_.step();
  const auto seen = sessions.at(id);
  auto known = Input::kHoldUnknown;
  if (seen.state == SessionState::kVoiding) {
    const auto reply = co_await call(engine_, payment_.any(), kPaymentTry,
                                     [&](ReplyTo to) { return payment_.ask(seen.reference, std::move(to)); });
    if (reply.status != 0) known = charging::hold_state_told(reply.status, reply.body);
  }
  if (database_.switches.no_completer && seen.state == SessionState::kRequested) co_return;
  co_await database_.transact([&] {
    const auto& session = sessions.at(id);
    if (!session.deadline_at || *session.deadline_at > engine_.wall()) return;
    if (engine_.heard()) engine_.say("charging", id + " is past its deadline");
    record(charging::hold_asked(session, known, engine_.wall()));
  });
}

Result<void> ChargingService::on_payment(const Body& body) {
  const auto found = sessions.find(body.key);
  if (found == sessions.end()) return fail(Code::kConstraintViolation);
  EVC_TRY(outcome, charging::payment_said(found->second, body.type, body.data, engine_.wall()));
  record(std::move(outcome));
  return {};
}

Result<void> ChargingService::on_station(const Body& body) {
  const auto* id = body.data.if_contains("sessionId");
  if (id == nullptr) return {};
  const auto found = sessions.find(std::string(id->as_string()));
  if (found == sessions.end()) return fail(Code::kConstraintViolation);
  EVC_TRY(outcome, charging::station_said(found->second, std::string_view(body.data.at("kind").as_string()), body.data,
                                          engine_.wall()));
  record(std::move(outcome));
  return {};
}

}  // namespace evc::simulator
