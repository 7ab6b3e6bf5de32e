// Charges from the driver's tap to the settled bill: charging, payment and integrations with their relays and inboxes,
// the provider and the stations, and drivers who ask again.
#include <algorithm>

#include "proofs/simulator/charging_service.hpp"
#include "proofs/simulator/event_checks.hpp"
#include "proofs/simulator/relay_process.hpp"
#include "proofs/simulator/station_side.hpp"
#include "proofs/simulator/world.hpp"

namespace evc::simulator {
namespace {

using charging::Session;
using charging::SessionState;
using payment::State;

class ChargeWorld {
 public:
  ChargeWorld(std::uint64_t seed, const Switches& switches, const Trace& trace);
  Verdict run();

 private:
  struct Driver {
    std::string name, station;
    std::int64_t energy_limit_wh = 0;
    std::set<std::string> answers;  // to its key; 409 and 503 are none
    std::string session;
  };
  void add_driver(int number);
  Go<void> ask(Driver& driver, int patience);
  Go<void> stop(Driver& driver);
  Go<void> tell_expiry(std::string reference);
  void plan_faults();
  std::string unsettled() const;
  void check_session(const std::string& id, const Session& session);
  void check_money(const Session& session, const payment::Payment* payment);
  void check_station(const Session& session);
  void check_books();
  void wrong(const std::string& what) { verdict_.violations.push_back(what); }

  Switches switches_;
  Engine engine_;
  Bodies bodies_;
  Broker broker_;
  Database charging_tables_, payment_tables_, station_tables_;
  ProviderSide provider_;
  PaymentService payment_;
  bool sluggish_;  // charging may be stopped for longer than its leases and deadlines
  ChargingService charging_;
  StationSide stations_;
  Process& telephones_;
  std::vector<std::unique_ptr<RelayProcess>> relays_;
  std::list<Driver> drivers_;
  bool holds_expire_ = false;
  bool grows_ = false;
  Verdict verdict_;
};

Weather weather_of_charges(Random& random) {
  auto weather = draw_weather(random);
  // A request reaches the provider before payment gives its hold up as never heard of (15 s): the one assumption.
  weather.longest_stall = std::min(weather.longest_stall, Ms(6'000));
  if (weather.crash_in > 0) weather.crash_in *= 3;
  return weather;
}

ChargeWorld::ChargeWorld(std::uint64_t seed, const Switches& switches, const Trace& trace)
    : switches_(switches),
      engine_(seed),
      broker_(engine_, 1),
      charging_tables_(engine_, switches_, bodies_, "charging"),
      payment_tables_(engine_, switches_, bodies_, "payment"),
      station_tables_(engine_, switches_, bodies_, "integrations"),
      provider_(engine_),
      payment_(payment_tables_, broker_, provider_),
      sluggish_(engine_.random.one_in(4)),
      charging_(charging_tables_, broker_, payment_, sluggish_ ? Ms(45'000) : Ms(0)),
      stations_(station_tables_, broker_),
      telephones_(engine_.add_process("drivers")) {
  engine_.trace = trace;
  engine_.weather = weather_of_charges(engine_.random);
  engine_.crashes_left = engine_.random.between(0, 4);
  holds_expire_ = engine_.random.one_in(8);
  provider_.declines = engine_.random.one_in(8);
  provider_.declines_increments = engine_.random.one_in(4);
  // Now and then a first hold that is too small for what the driver may charge, or one that grows again and again.
  grows_ = engine_.random.one_in(4);
  if (grows_)
    charging_.hold_rules = {.hold_wh = engine_.random.between(6'000, 10'000),
                            .increment_wh = engine_.random.between(300, 1'500)};
  if (grows_ && engine_.random.one_in(2)) {
    // What is found out about an increment may come after the next one was asked for, or after the charge's end.
    engine_.weather.stall_in = engine_.random.between(4, 12);
    engine_.weather.longest_stall = Ms(6'000);
  }
  if (!grows_ && engine_.random.one_in(2))
    charging_.hold_rules = {.hold_wh = engine_.random.between(3'000, 12'000),
                            .increment_wh = engine_.random.between(1'000, 8'000)};
  provider_.hold_lasts = holds_expire_ ? Ms(engine_.random.between(100, 60'000)) : Ms(std::chrono::hours(100));
  provider_.on_expired = [this](const std::string& reference) {
    engine_.spawn(provider_.process(), tell_expiry(reference));
  };
  telephones_.may_crash = false;
  telephones_.boot = [] {};
  engine_.start(telephones_);
  for (auto* database : {&charging_tables_, &payment_tables_, &station_tables_}) {
    relays_.push_back(std::make_unique<RelayProcess>(*database, broker_, 1));
    engine_.start(relays_.back()->process());
  }
  for (const auto* consumption : {&charging_.consumption, &payment_.consumption, &stations_.consumption})
    for (const auto& place : broker_.places(consumption->topics)) {
      const auto* group = consumption == &charging_.consumption  ? "charging"
                          : consumption == &payment_.consumption ? "payment"
                                                                 : "integrations";
      broker_.give(group, place, 1);
    }
  add_driver(1);
}

void ChargeWorld::add_driver(int number) {
  auto& driver = drivers_.emplace_back();
  driver.name = "driver " + std::to_string(number);
  driver.station = "S" + std::to_string(number);
  driver.energy_limit_wh = engine_.random.between(5'000, 40'000);
  auto& random = engine_.random;
  auto& station = stations_.add_station(driver.station);
  station.refuses = random.one_in(10);
  station.plugs_in = !random.one_in(8);
  station.online = !random.one_in(8);
  station.begins_after = Ms(random.one_in(4) ? random.between(0, 60'000) : random.between(0, 3'000));
  station.charges_for = Ms(random.between(0, random.one_in(4) ? 60'000 : 8'000));
  station.energy_wh = random.one_in(5) ? 0 : random.between(1, random.one_in(4) ? 60'000 : 6'000);
  if (random.one_in(6)) charging_.available_from[driver.station] = Ms(random.between(0, 4'000));
  if (grows_) {
    driver.energy_limit_wh = 60'000;
    station.refuses = false;
    station.plugs_in = station.online = true;
    station.begins_after = Ms(0);
    station.charges_for = Ms(random.between(20'000, 60'000));
    station.energy_wh = station.charges_for.count() / 4;  // one increment is hardly decided when the next is due
    station.reads_every = Ms(500);
  }
  const auto changes = random.between(0, 3);
  for (std::int64_t i = 0; i < changes; ++i)
    engine_.at(Ms(random.between(0, 60'000)), [this, &station] {
      station.online = !engine_.stormy() || !station.online;
      if (engine_.heard()) engine_.say(station.name, station.online ? "is online" : "is offline");
    });
  const auto telephones = random.between(1, 3);
  for (std::int64_t i = 0; i < telephones; ++i)
    engine_.spawn(telephones_, ask(driver, static_cast<int>(random.between(1, 5))));
  if (random.one_in(2)) engine_.spawn(telephones_, stop(driver));
}

Go<void> ChargeWorld::ask(Driver& driver, int patience) {
  co_await engine_.sleep(Ms(engine_.random.between(0, 2'000)));
  for (int i = 0; i < patience; ++i) {
    const ChargingService::Start order{
        .key = driver.name, .puid = driver.name, .station = driver.station, .energy_limit_wh = driver.energy_limit_wh};
    const auto reply = co_await call(engine_, charging_.any(), Ms(12'000),
                                     [&](ReplyTo to) { return charging_.start(order, std::move(to)); });
    const bool decided = reply.status != 0 && reply.status != 409 && reply.status != 503;
    if (engine_.heard()) engine_.say(driver.name, "was answered " + std::to_string(reply.status) + " " + reply.body);
    if (decided) driver.answers.insert(std::to_string(reply.status) + " " + reply.body);
    if (decided && reply.status < 300) driver.session = reply.body.substr(0, reply.body.find(' '));
    if (decided && engine_.random.one_in(2)) co_return;
    co_await engine_.sleep(Ms(engine_.random.between(100, 8'000)));
  }
}

Go<void> ChargeWorld::stop(Driver& driver) {
  co_await engine_.sleep(Ms(engine_.random.between(500, 40'000)));
  if (driver.session.empty()) co_return;
  if (engine_.heard()) engine_.say(driver.name, "asks for a stop");
  co_await call(engine_, charging_.any(), Ms(12'000),
                [&](ReplyTo to) { return charging_.stop(driver.session, std::move(to)); });
}

Go<void> ChargeWorld::tell_expiry(std::string reference) {
  for (int i = 0; i < 5; ++i) {
    co_await engine_.sleep(Ms(engine_.random.between(10, 3'000)));
    const auto reply = co_await call(engine_, payment_.any(), Ms(3'000),
                                     [&](ReplyTo to) { return payment_.webhook(reference, std::move(to)); });
    // Now and then it tells it twice.
    if (reply.status == 202 && !engine_.random.one_in(4)) co_return;
  }
}

void ChargeWorld::plan_faults() {
  const auto count = engine_.random.between(0, 4);
  for (std::int64_t i = 0; i < count; ++i)
    engine_.at(Ms(engine_.random.between(0, 60'000)), [this] {
      const bool charging = engine_.random.one_in(2);
      const auto& topics = charging ? charging_.consumption.topics : payment_.consumption.topics;
      const auto places = broker_.places(topics);
      broker_.give(charging ? "charging" : "payment", places[engine_.random.next() % places.size()],
                   static_cast<int>(engine_.random.between(1, 2)));
      if (engine_.heard()) engine_.say("group", "a partition changes its owner");
    });
}

std::string ChargeWorld::unsettled() const {
  for (const auto* database : {&charging_tables_, &payment_tables_, &station_tables_})
    if (auto left = still_to_deliver(*database); !left.empty()) return left;
  if (auto left = still_to_consume(charging_tables_, charging_.consumption); !left.empty()) return left;
  if (auto left = still_to_consume(payment_tables_, payment_.consumption); !left.empty()) return left;
  if (auto left = still_to_consume(station_tables_, stations_.consumption); !left.empty()) return left;
  for (const auto& [id, session] : charging_.sessions)
    if (!terminal(session.state)) return "session " + id + " is in " + std::string(name(session.state));
  for (const auto& [id, job] : payment_.jobs)
    if (!job.done) return "a job of " + id.first + " is open";
  return stations_.settled() ? std::string() : "a station or its command is at work";
}

void ChargeWorld::check_station(const Session& session) {
  const auto& station = stations_.stations.at(session.station_id);
  if (station.session != session.id || !station.heard_of) {
    if (session.energy_wh > 0) wrong("energy is billed that nobody delivered");
    return;
  }
  const auto owed = tariff::cost(session.tariff, station.energy_wh, 0)->total_minor;
  if (session.energy_wh != station.energy_wh) wrong("the session's energy is not the station's");
  if (station.energy_wh > 0 && owed > 0 && session.cost_minor != owed) wrong("delivered energy without its price");
  const auto hold = provider_.holds.find(session.reference);
  const bool paid = session.captured_minor.value_or(0) == std::min(owed, session.hold_minor);
  const bool held = hold != provider_.holds.end() && hold->second.status != "expired" && !holds_expire_;
  if (!sluggish_ && station.heard_in_window && station.energy_wh > 0 && owed > 0 && held && !paid)
    wrong("a charge within its start window is not paid from its hold");
}

void ChargeWorld::check_money(const Session& session, const payment::Payment* payment) {
  const bool billed = session.state == SessionState::kCaptured || session.state == SessionState::kReceivable;
  const auto captured = session.captured_minor.value_or(0);
  const auto receivable = session.receivable_minor.value_or(0);
  if (billed && captured + receivable != session.cost_minor) wrong("captured and receivable are not the price");
  if (billed != (session.cost_minor > 0)) wrong("a price in state " + std::string(name(session.state)));
  if ((session.state == SessionState::kReceivable) != (receivable > 0)) wrong("a receivable in another state");
  const auto hold = provider_.holds.find(session.reference);
  const auto taken = hold == provider_.holds.end() ? 0 : hold->second.captured;
  if (taken != captured)
    wrong("the provider has captured " + std::to_string(taken) + ", the session says " + std::to_string(captured));
  if (payment == nullptr) {
    if (billed) wrong("a bill without a payment");
    return;
  }
  if (payment->held > 0 && payment->held != session.hold_minor)
    wrong("payment holds " + std::to_string(payment->held) + ", the session says " +
          std::to_string(session.hold_minor));
  if (session.hold_minor > session.hold_limit_minor) wrong("more is held than the driver agreed to");
  if (payment->captured != captured || payment->receivable != receivable)
    wrong("payment and session name other amounts");
  if (billed != (payment->state == State::kCaptured)) wrong("payment is in another state than the session");
  if (payment->held > 0 && payment->captured + payment->released != payment->held)
    wrong("held money is neither captured nor released");
  const auto clearing = payment_.ledger.balances("payment:" + to_string(payment->id), payment->currency);
  if (clearing.credits_pending != 0 || clearing.debits_pending != 0 ||
      clearing.credits_posted != clearing.debits_posted)
    wrong("the payment's account is not settled");
}

void ChargeWorld::check_session(const std::string& id, const Session& session) {
  const auto& states = charging_.timeline.at(id);
  const auto ends = std::ranges::count_if(states, [](SessionState state) { return terminal(state); });
  const auto late = std::ranges::count(states, SessionState::kLateStarted);
  if (ends < 1 || ends > 1 + late || !terminal(states.back())) wrong("session " + id + " has not exactly one end");
  const auto unknown = std::ranges::find(states, SessionState::kPreauthUnknown);
  if (std::find(unknown, states.end(), SessionState::kAuthorised) != states.end())
    wrong("an unknown outcome became a start");
  const auto found = payment_.payments.find(session.reference);
  check_money(session, found == payment_.payments.end() ? nullptr : &found->second);
  check_station(session);
}

void ChargeWorld::check_books() {
  if (payment_.ledger.imbalance() != 0) wrong("the ledger does not sum to zero");
  for (const auto& refused : payment_.broken) wrong("the ledger refused a transfer: " + refused);
  for (const auto& [reference, hold] : provider_.holds)
    if (hold.status == "authorised") wrong("the hold " + reference + " was never let go");
  for (const auto& what : charging_.cases) wrong("charging's case: " + what);
  for (const auto& what : payment_.cases)
    if (!holds_expire_ || what != "the hold had expired before the capture") wrong("payment's case: " + what);
  for (const auto& driver : drivers_) {
    if (driver.answers.size() > 1) wrong("one key, " + std::to_string(driver.answers.size()) + " answers");
    const auto own =
        std::ranges::count_if(charging_.sessions, [&](const auto& each) { return each.second.puid == driver.name; });
    if (own > 1) wrong("one key, " + std::to_string(own) + " sessions");
  }
}

Verdict ChargeWorld::run() {
  plan_faults();
  constexpr Ms kStorm{75'000};
  Ms until{0};
  // Quiet comes when all is settled anyway, at the latest after the storm.
  while (until < kStorm && (until < Ms(12'000) || !unsettled().empty())) {
    until += std::chrono::seconds(5);
    engine_.run_until(until);
  }
  engine_.calm();
  for (auto& [name, station] : stations_.stations) station.online = true;
  const auto end = until + std::chrono::minutes(20);
  do {
    until += std::chrono::seconds(10);
    engine_.run_until(until);
  } while (!unsettled().empty() && until < end);
  verdict_.steps = engine_.steps;
  verdict_.events = static_cast<std::int64_t>(bodies_.size());
  if (const auto left = unsettled(); !left.empty()) wrong("after twenty minutes of quiet: " + left);
  for (const auto* database : {&charging_tables_, &payment_tables_, &station_tables_})
    check_topics(*database, broker_, verdict_.violations);
  check_effects(charging_tables_, charging_.consumption, verdict_.violations);
  check_effects(payment_tables_, payment_.consumption, verdict_.violations);
  check_effects(station_tables_, stations_.consumption, verdict_.violations);
  for (const auto& [id, session] : charging_.sessions) check_session(id, session);
  check_books();
  return std::move(verdict_);
}

}  // namespace

Verdict run_charge(std::uint64_t seed, const Switches& switches, const Trace& trace) {
  ChargeWorld world(seed, switches, trace);
  return world.run();
}

}  // namespace evc::simulator
