#include "proofs/simulator/payment_service.hpp"

#include <algorithm>

#include "services/payment/domain/increments.hpp"

namespace evc::simulator {

using payment::Finding;
using payment::Payment;
using payment::Reaction;
using payment::State;
using payment::Step;
using Commit = Database::Commit;

namespace {

constexpr Ms kTry{3'500};
constexpr Ms kLease{15'000};
constexpr Ms kNeverHeard{15'000};
constexpr Ms kFirstLook{5'000};

bool open(const Payment& payment) {
  return payment.state == State::kRequested || payment.state == State::kUnknown;
}

std::optional<payment::Reply> heard(const Reply& reply) {
  if (reply.status == 0) return std::nullopt;
  return payment::Reply{reply.status, reply.body};
}

std::string text(const json::Object& data, std::string_view name) {
  const auto* value = data.if_contains(name);
  return value == nullptr ? std::string() : std::string(value->as_string());
}

}  // namespace

PaymentService::PaymentService(Database& database, Broker& broker, ProviderSide& provider)
    : database_(database),
      engine_(database.engine),
      provider_(provider),
      keys_(database.engine, database.switches),
      work_(database.engine) {
  consumption = {
      .topics = {"charging.events"},
      .wanted =
          [](const Body& body) { return body.type == "ChargingSessionEnded" || body.type == "ChargingSessionFailed"; },
      .handler = [this](const Body& body) { return body.type == "ChargingSessionEnded" ? ended(body) : failed(body); }};
  for (int i = 1; i <= 2; ++i) add_instance(i, broker);
}

void PaymentService::add_instance(int number, Broker& broker) {
  members_.push_back(std::make_unique<InboxMember>(database_, broker, consumption, number));
  auto& process = engine_.add_process("payment " + std::to_string(number));
  process.boot = [this, &process, member = members_.back().get()] {
    engine_.spawn(process, member->run());
    engine_.spawn(process, work_on_jobs());
  };
  processes_.push_back(&process);
  engine_.start(process);
}

Process& PaymentService::any() {
  return *processes_[engine_.random.next() % processes_.size()];
}

Reply PaymentService::view(const Payment& payment) {
  const auto status = open(payment) ? 202 : 201;
  return {status, json::serialize(json::Object{{"state", payment::name_of(payment.state)}})};
}

void PaymentService::write(const Reaction& reaction, Ms first_try_after) {
  const auto& payment = reaction.payment;
  if (engine_.heard()) engine_.say("payment", payment.reference + " is " + payment::name_of(payment.state));
  for (const auto& job : reaction.new_jobs) {
    if (database_.switches.no_job_with_payment && job.step == Step::kAuthorise) continue;
    auto [place, fresh] = jobs.try_emplace({payment.reference, job.step});
    if (!fresh && !place->second.done) continue;
    place->second = {.amount = job.amount, .due = engine_.now() + first_try_after, .created = engine_.now()};
  }
  if (reaction.done) {
    const auto job = jobs.find({payment.reference, *reaction.done});
    if (job != jobs.end()) job->second.done = true;
  }
  if (reaction.reconciliation) cases.emplace_back(text_of(*reaction.reconciliation));
  for (const auto& transfer : reaction.transfers)
    if (const auto applied = ledger.apply(transfer); !applied) broken.push_back(applied.error().detail);
  const auto key = to_string(payment.session_id);
  for (const auto& fact : reaction.facts) database_.append("payment.events", key, key, fact.type, fact.data);
  payments[payment.reference] = payment;
  work_.ring();
}

// Preauthorisations::create.
Go<void> PaymentService::create(Order order, ReplyTo to) {
  auto reply = co_await create_once(std::move(order));
  answer(engine_, to, std::move(reply));
}

Go<Reply> PaymentService::create_once(Order order) {
  const auto key = order.reference;
  KeyTaken taken;
  const auto begun = co_await database_.transact([&] { taken = keys_.begin(key, key); });
  if (begun != Commit::kDone) co_return Reply{503, "{}"};
  if (taken.which == messaging::KeyCase::kReplay) co_return taken.stored;
  if (taken.attempt == 0) co_return Reply{409, R"({"code":"request-in-progress"})"};
  auto found = co_await find_or_write(order);
  std::optional<Finding> finding;
  if (found.known && open(found.payment))
    finding = co_await provider_step(found.payment, Step::kAuthorise, found.payment.asked);
  bool written = false;
  if (found.known) {
    bool fenced = false;
    const auto committed = co_await database_.transact([&] {
      auto payment = payments.at(key);
      std::optional<Reaction> reaction;
      if (finding) {
        const auto& seen = database_.switches.finding_without_lock ? found.payment : payment;
        reaction = payment::found(seen, Step::kAuthorise, *finding, engine_.wall());
        payment = reaction->payment;
      }
      fenced = !open(payment) && !keys_.holds(key, taken.attempt);
      if (fenced) return;
      if (!open(payment)) keys_.complete(key, view(payment));
      if (reaction) write(*reaction, Ms(0));
      for (auto& [id, job] : jobs)
        if (open(payment) && id.first == key && !job.done) job.due = std::min(job.due, engine_.now());
      found.payment = payment;
    });
    written = committed == Commit::kDone && !fenced;
  }
  if (written && !open(found.payment)) co_return view(found.payment);
  co_await database_.transact([&] { keys_.release(key, taken.attempt); });
  if (!found.known) co_return Reply{409, R"({"code":"conflict"})"};
  co_return written ? view(found.payment) : Reply{503, "{}"};
}

Go<PaymentService::Found> PaymentService::find_or_write(Order order) {
  Found found;
  bool over = false;
  if (database_.switches.unlocked_close) {
    over = closed.contains(order.reference);
    co_await engine_.step();
  }
  const auto committed = co_await database_.transact([&] {
    const auto known = payments.find(order.reference);
    if (known != payments.end()) {
      found = {true, known->second};
      return;
    }
    if (!database_.switches.unlocked_close && !database_.switches.no_closed_reference)
      over = closed.contains(order.reference);
    if (over) return;
    Payment fresh{.id = order.session_id,
                  .reference = order.reference,
                  .session_id = order.session_id,
                  .puid = order.puid,
                  .currency = order.currency,
                  .asked = order.amount,
                  .limit = order.limit};
    fresh.id.bytes[14] = 7;
    const auto reaction = payment::requested(std::move(fresh), engine_.wall());
    write(reaction, kFirstLook);
    found = {true, reaction.payment};
  });
  if (committed != Commit::kDone) found.known = false;
  co_return found;
}

// Increments::create.
Go<void> PaymentService::increment(More more, ReplyTo to) {
  auto reply = co_await increment_once(std::move(more));
  answer(engine_, to, std::move(reply));
}

namespace {

bool is_decided(const payment::Increment& increment) {
  return increment.state != payment::IncrementState::kAsked && increment.state != payment::IncrementState::kUnknown;
}

Reply increment_view(const Payment& payment, std::int64_t number) {
  const auto& increment = *payment::find_increment(payment, number);
  const bool authorised = increment.state == payment::IncrementState::kAuthorised;
  const auto* state = authorised ? "authorised" : is_decided(increment) ? "declined" : "unknown";
  const json::Object body{{"state", state}, {"held", json::Object{{"amount", payment.held}, {"currency", "BRL"}}}};
  return {is_decided(increment) ? 201 : 202, json::serialize(body)};
}

}  // namespace

Go<Reply> PaymentService::increment_once(More more) {
  const auto key = more.reference + ":increment:" + std::to_string(more.number);
  KeyTaken taken;
  const auto begun = co_await database_.transact([&] { taken = keys_.begin(key, key); });
  if (begun != Commit::kDone) co_return Reply{503, "{}"};
  if (taken.which == messaging::KeyCase::kReplay) co_return taken.stored;
  if (taken.attempt == 0) co_return Reply{409, R"({"code":"request-in-progress"})"};
  auto found = co_await find_or_write(more);
  std::optional<Finding> finding;
  const auto* open = found.known ? payment::open_increment(found.payment) : nullptr;
  if (open != nullptr && open->number == more.number) finding = co_await provider_increment(found.payment, *open);
  bool written = false;
  if (found.known) {
    bool fenced = false;
    const auto committed = co_await database_.transact([&] {
      auto payment = payments.at(more.reference);
      std::optional<Reaction> reaction;
      if (finding) {
        reaction = payment::found(payment, Step::kIncrement, *finding, engine_.wall());
        payment = reaction->payment;
      }
      const bool decided = is_decided(*payment::find_increment(payment, more.number));
      fenced = decided && !keys_.holds(key, taken.attempt);
      if (fenced) return;
      if (decided) keys_.complete(key, increment_view(payment, more.number));
      if (reaction) write(*reaction, Ms(0));
      for (auto& [id, job] : jobs)
        if (!decided && id.first == more.reference && !job.done) job.due = std::min(job.due, engine_.now());
      found.payment = payment;
    });
    written = committed == Commit::kDone && !fenced;
  }
  if (written && is_decided(*payment::find_increment(found.payment, more.number)))
    co_return increment_view(found.payment, more.number);
  co_await database_.transact([&] { keys_.release(key, taken.attempt); });
  if (!found.known) co_return found.failed ? Reply{503, "{}"} : Reply{409, R"({"code":"conflict"})"};
  co_return written ? increment_view(found.payment, more.number) : Reply{503, "{}"};
}

Go<PaymentService::Found> PaymentService::find_or_write(More more) {
  Found found;
  const auto committed = co_await database_.transact([&] {
    const auto known = payments.find(more.reference);
    if (known == payments.end()) return;
    found = {true, known->second};
    if (payment::find_increment(known->second, more.number) != nullptr) return;
    auto reaction = payment::increment_asked(known->second, more.number, more.amount, engine_.wall());
    found.known = reaction.has_value();
    if (!reaction) return;
    write(*reaction, kFirstLook);
    found.payment = reaction->payment;
  });
  if (committed == Commit::kDone) co_return found;
  // Nobody knows whether it was written: no refusal.
  found.known = false;
  found.failed = true;
  co_return found;
}

Go<Finding> PaymentService::provider_increment(Payment payment, payment::Increment increment) {
  const auto reply = co_await call(engine_, provider_.process(), kTry, [&](ReplyTo to) {
    return provider_.increment(payment.provider_id.value_or("none"), increment.number, increment.amount, std::move(to));
  });
  co_return payment::increment_said(increment.number, heard(reply));
}

Go<Finding> PaymentService::provider_look(std::string reference, Step step) {
  const auto reply = co_await call(engine_, provider_.process(), kTry,
                                   [&](ReplyTo to) { return provider_.look(reference, std::move(to)); });
  co_return payment::look_said(step, heard(reply));
}

// ProviderClient.
Go<Finding> PaymentService::provider_step(Payment payment, Step step, std::int64_t amount) {
  const auto id = payment.provider_id.value_or("none");
  const auto reply = co_await call(engine_, provider_.process(), kTry, [&](ReplyTo to) {
    if (step == Step::kAuthorise) return provider_.authorise(payment.reference, amount, std::move(to));
    if (step == Step::kCapture) return provider_.capture(id, amount, std::move(to));
    return provider_.release(id, std::move(to));
  });
  if (step == Step::kAuthorise) co_return payment::authorise_said(heard(reply));
  if (auto said = payment::step_said(step, heard(reply))) co_return std::move(*said);
  auto seen = co_await provider_look(payment.reference, step);
  co_return payment::after_look(step, heard(reply), std::move(seen));
}

Go<void> PaymentService::ask(std::string reference, ReplyTo to) {
  co_await engine_.step();
  const auto found = payments.find(reference);
  if (found == payments.end()) {
    answer(engine_, to, {404, R"({"code":"payment-not-found"})"});
    co_return;
  }
  const JobId id{reference, Step::kAuthorise};
  const auto job = jobs.find(id);
  const bool asks = found->second.state == State::kUnknown && job != jobs.end() && !job->second.done &&
                    job->second.leased_until < engine_.now();
  if (asks) {
    job->second.leased_until = engine_.now() + kLease;
    co_await take(id);
  }
  auto reply = view(payments.at(reference));
  reply.status = 200;
  answer(engine_, to, std::move(reply));
}

Go<void> PaymentService::webhook(std::string reference, ReplyTo to) {
  const auto committed = co_await database_.transact([&] {
    const auto found = payments.find(reference);
    if (found == payments.end()) return;
    const auto reaction = payment::hold_expired(found->second, engine_.wall());
    write(reaction, Ms(0));
  });
  answer(engine_, to, {committed == Commit::kDone ? 202 : 503, ""});
}

std::optional<PaymentService::JobId> PaymentService::lease_due() {
  for (auto& [id, job] : jobs) {
    if (job.done || job.due > engine_.now() || job.leased_until >= engine_.now()) continue;
    job.leased_until = engine_.now() + (database_.switches.no_job_lease_end ? Ms(1'000'000'000) : kLease);
    ++job.attempts;
    return id;
  }
  return std::nullopt;
}

Ms PaymentService::next_due() const {
  Ms next = engine_.now() + Ms(5'000);
  for (const auto& [id, job] : jobs)
    if (!job.done) next = std::min(next, std::max(job.due, job.leased_until + Ms(1)));
  for (const auto& [reference, payment] : payments)
    if (payment.state == State::kAuthorised && payment.hold_expires_at)
      next = std::min(next, engine_.now() + std::chrono::ceil<Ms>(*payment.hold_expires_at - engine_.wall()) + Ms(1));
  return std::max(next - engine_.now(), Ms(1));
}

// Steps::run.
Go<void> PaymentService::work_on_jobs() {
  while (true) {
    std::optional<JobId> due;
    const auto leased = co_await database_.transact([&] { due = lease_due(); });
    if (leased == Commit::kDone && due) {
      engine_.spawn(engine_.current(), take(*due));
      continue;
    }
    const bool expired = std::ranges::any_of(payments, [&](const auto& each) {
      const auto& payment = each.second;
      return payment.state == State::kAuthorised && payment.hold_expires_at < engine_.wall();
    });
    if (expired) co_await database_.transact([&] { expire_holds(); });
    co_await engine_.wait(work_.listen(), next_due());
  }
}

void PaymentService::expire_holds() {
  for (const auto& [reference, payment] : payments) {
    if (payment.state != State::kAuthorised || !(payment.hold_expires_at < engine_.wall())) continue;
    return write(payment::hold_expired(payment, engine_.wall()), Ms(0));
  }
}

// Steps::take.
Go<void> PaymentService::take(JobId id) {
  co_await engine_.step();
  const auto payment = payments.at(id.first);
  const auto job = jobs.at(id);
  Finding finding;
  if (id.second == Step::kAuthorise) {
    finding = co_await provider_look(id.first, Step::kAuthorise);
    const auto asked_at = engine_.wall() - (engine_.now() - job.created);
    finding = payment::while_it_may_come(std::move(finding), asked_at, kNeverHeard, engine_.wall());
  } else if (id.second == Step::kIncrement) {
    const auto* open = payment::open_increment(payment);
    finding.outcome = payment::Outcome::kDeclined;
    if (open != nullptr) finding = co_await provider_increment(payment, *open);
  } else {
    finding = co_await provider_step(payment, id.second, job.amount);
  }
  const bool open_still = finding.outcome == payment::Outcome::kNotYet || finding.outcome == payment::Outcome::kUnknown;
  const auto recorded = co_await database_.transact([&] {
    if (finding.outcome == payment::Outcome::kNotYet) return;
    const auto& seen = database_.switches.finding_without_lock ? payment : payments.at(id.first);
    write(payment::found(seen, id.second, finding, engine_.wall()), Ms(0));
  });
  if (recorded != Commit::kDone || !open_still) co_return;
  co_await database_.transact([&] {
    auto& row = jobs.at(id);
    row.leased_until = Ms(-1);
    row.due = engine_.now() +
              Ms(engine_.random.between(100, std::min<std::int64_t>(200LL << std::min(row.attempts, 6), 10'000)));
  });
}

Result<void> PaymentService::ended(const Body& body) {
  const auto found = payments.find(text(body.data, "preauthorisationReference"));
  if (found == payments.end()) return fail(Code::kPaymentNotFound);
  const auto price = body.data.at("finalPrice").at("amount").as_int64();
  write(payment::charge_ended(found->second, price, {}, engine_.wall()), Ms(0));
  return {};
}

Result<void> PaymentService::failed(const Body& body) {
  const auto reference = text(body.data, "preauthorisationReference");
  if (reference.empty()) return {};
  const auto found = payments.find(reference);
  if (found == payments.end()) {
    closed.insert(reference);
    return {};
  }
  write(payment::void_asked(found->second, payment::VoidReason::kSessionFailed, engine_.wall()), Ms(0));
  return {};
}

}  // namespace evc::simulator
