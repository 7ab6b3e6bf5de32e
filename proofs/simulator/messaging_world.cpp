// Two services that send events to each other: writers, two relays each, groups with two members, handlers that fail
// for a while or until they are mended, an operator who replays. Everything may be killed, stalled or cut off.
#include <algorithm>

#include "proofs/simulator/event_checks.hpp"
#include "proofs/simulator/relay_process.hpp"
#include "proofs/simulator/world.hpp"

namespace evc::simulator {
namespace {

constexpr std::array kTypes{"Plain", "Plain", "Plain", "Plain", "Poison", "Flaky", "Odd", "Large"};

class MessagingWorld {
 public:
  MessagingWorld(std::uint64_t seed, const Switches& switches, const Trace& trace);
  Verdict run();

 private:
  struct Service {
    Database database;
    Consumption consumption;
    std::vector<std::unique_ptr<InboxMember>> members;
    std::vector<std::unique_ptr<RelayProcess>> relays;
    std::map<std::string, std::int64_t> state;  // changes of each key, committed with their events
  };
  void add_service(const std::string& name, const std::string& reads);
  Go<void> write(Service& service, int writer);
  Result<void> handle(Service& service, const Body& body);
  bool fails_for_now(const Body& body);
  void plan_faults(Ms until);
  void one_fault();
  void operate();
  std::string unsettled() const;

  Switches switches_;
  Engine engine_;
  Bodies bodies_;
  Broker broker_;
  std::list<Service> services_;
  std::map<std::size_t, int> tries_;
  Ms longest_pause_{0};
  bool may_poison_ = true;
  bool rough_ = false;
};

MessagingWorld::MessagingWorld(std::uint64_t seed, const Switches& switches, const Trace& trace)
    : switches_(switches), engine_(seed), broker_(engine_, 2) {
  engine_.trace = trace;
  engine_.weather = draw_weather(engine_.random);
  engine_.crashes_left = engine_.random.between(0, 6);
  may_poison_ = engine_.random.one_in(3);
  rough_ = engine_.random.one_in(8);
  // Now and then a schedule outlives the longest transaction, so that a lost slot has a past that is safe.
  longest_pause_ = Ms(engine_.random.one_in(12) ? 150'000 : 2'000);
  add_service("a", "b.events");
  add_service("b", "a.events");
}

void MessagingWorld::add_service(const std::string& name, const std::string& reads) {
  auto& service = services_.emplace_back(Database(engine_, switches_, bodies_, name));
  service.consumption = {.topics = {reads},
                         .wanted = [](const Body& body) { return body.type != "Echo"; },
                         .handler = [this, &service](const Body& body) { return handle(service, body); },
                         .fails_for_now = [this](const Body& body) { return fails_for_now(body); }};
  for (int i = 1; i <= 2; ++i) service.relays.push_back(std::make_unique<RelayProcess>(service.database, broker_, i));
  for (int i = 1; i <= 2; ++i) {
    service.members.push_back(std::make_unique<InboxMember>(service.database, broker_, service.consumption, i));
    auto& process = engine_.add_process("inbox " + name + " " + std::to_string(i));
    process.boot = [this, &process, member = service.members.back().get()] { engine_.spawn(process, member->run()); };
    engine_.start(process);
  }
  for (const auto& place : broker_.places(service.consumption.topics))
    broker_.give(name, place, static_cast<int>(engine_.random.between(1, 2)));
  for (const auto& relay : service.relays) {
    relay->rough = rough_;
    engine_.start(relay->process());
  }
  const auto writers = engine_.random.between(1, 3);
  for (int i = 1; i <= writers; ++i) {
    auto& process = engine_.add_process("writer " + name + " " + std::to_string(i));
    // A writer that is killed has lost what it had not committed, and does not come back.
    process.boot = [this, &process, &service, i, begun = false]() mutable {
      if (!begun) engine_.spawn(process, write(service, i));
      begun = true;
    };
    engine_.start(process);
  }
}

Go<void> MessagingWorld::write(Service& service, int writer) {
  const auto count = engine_.random.between(1, 4);
  for (std::int64_t i = 0; i < count; ++i) {
    co_await engine_.sleep(Ms(engine_.random.between(0, longest_pause_.count())));
    const std::string key = "k" + std::to_string(engine_.random.between(1, 2));
    const std::string subject = key + (engine_.random.one_in(2) ? "/x" : "/y");
    const auto kind = static_cast<std::size_t>(engine_.random.between(0, kTypes.size() - 1));
    const std::string type = may_poison_ ? kTypes.at(kind) : "Plain";
    const auto events = engine_.random.between(1, 2);
    if (engine_.heard()) engine_.say("writer " + std::to_string(writer), type + " for " + key);
    co_await service.database.transact([&] {
      for (std::int64_t n = 0; n < events; ++n) {
        service.database.append(service.database.name + ".events", key, subject, type, {});
        ++service.state[key];
      }
    });
  }
}

bool MessagingWorld::fails_for_now(const Body& body) {
  return body.type == "Flaky" && engine_.stormy() && engine_.random.one_in(2);
}

Result<void> MessagingWorld::handle(Service& service, const Body& body) {
  if (fails_for_now(body)) return fail(Code::kServiceUnavailable);
  if (body.type == "Poison" && engine_.stormy()) return fail(Code::kSchemaInvalid);
  if (body.type == "Odd" && engine_.stormy() && engine_.random.one_in(2)) return fail(Code::kInternal);
  const auto key = body.key;
  service.database.append(service.database.name + ".events", key, key, "Echo", {});
  ++service.state[key];
  return {};
}

void MessagingWorld::one_fault() {
  auto& service = engine_.random.one_in(2) ? services_.front() : services_.back();
  const auto places = broker_.places(service.consumption.topics);
  switch (engine_.random.between(0, 5)) {
    case 0:
    case 1:
      if (engine_.heard()) engine_.say("group " + service.database.name, "a partition changes its owner");
      return broker_.give(service.database.name, places[engine_.random.next() % places.size()],
                          static_cast<int>(engine_.random.between(1, 2)));
    case 2:
    case 3:
      if (engine_.heard()) engine_.say("slot " + service.database.name, "is taken from its relay");
      service.database.slot.holder = 0;
      return;
    case 4:
      if (!engine_.random.one_in(3)) return broker_.begin_anew();
      if (engine_.heard()) engine_.say("slot " + service.database.name, "is lost");
      service.database.slot.holder = 0;
      service.database.slot.missing = true;
      return;
    default:
      return operate();
  }
}

void MessagingWorld::plan_faults(Ms until) {
  const auto count = engine_.random.between(0, 8);
  for (std::int64_t i = 0; i < count; ++i)
    engine_.at(Ms(engine_.random.between(0, until.count())), [this] { one_fault(); });
}

void MessagingWorld::operate() {
  for (auto& service : services_) {
    for (std::size_t i = 0; i < service.database.dead.size(); ++i) {
      if (!service.database.dead[i].open) continue;
      auto letter = service.database.dead[i];
      service.database.transact_now([&] {
        const auto replayed = InboxMember::replay(service.database, service.consumption, letter);
        if (replayed) service.database.dead[i].open = false;
      });
    }
  }
}

std::string MessagingWorld::unsettled() const {
  for (const auto& service : services_) {
    if (service.database.slot.cluster != broker_.cluster())
      return "the relay of " + service.database.name + " has not met the brokers";
    auto left = still_to_deliver(service.database);
    if (left.empty()) left = still_to_consume(service.database, service.consumption);
    if (!left.empty()) return left;
  }
  return {};
}

Verdict MessagingWorld::run() {
  const Ms storm = longest_pause_ * 6;
  plan_faults(storm);
  engine_.run_until(storm);
  engine_.calm();
  Ms until = storm;
  while (!unsettled().empty() && until < storm + std::chrono::minutes(5)) {
    until += std::chrono::seconds(5);
    engine_.run_until(until);
    operate();
  }
  Verdict verdict{.steps = engine_.steps, .events = static_cast<std::int64_t>(bodies_.size())};
  if (const auto left = unsettled(); !left.empty())
    verdict.violations.push_back("after five minutes of quiet: " + left);
  for (const auto& service : services_) {
    if (!rough_) check_topics(service.database, broker_, verdict.violations);
    check_effects(service.database, service.consumption, verdict.violations);
    for (const auto& [key, changes] : service.state) {
      const auto said = std::ranges::count_if(service.database.log, [&](const OutboxRow& row) {
        return bodies_[row.body].key == key && bodies_[row.body].topic == service.database.name + ".events";
      });
      if (said != changes) verdict.violations.push_back("a change of " + key + " without its event");
    }
  }
  return verdict;
}

}  // namespace

Verdict run_messaging(std::uint64_t seed, const Switches& switches, const Trace& trace) {
  MessagingWorld world(seed, switches, trace);
  return world.run();
}

Weather draw_weather(Random& random) {
  const auto pick = [&](std::int64_t low, std::int64_t high) {
    return random.one_in(3) ? 0 : random.between(low, high);
  };
  return {.crash_in = pick(10, 120),
          .stall_in = pick(6, 60),
          .lost_in = pick(3, 30),
          .refuse_in = pick(5, 60),
          .doubt_in = pick(5, 60),
          .longest_stall = Ms(random.one_in(4) ? 20'000 : 1'500)};
}

}  // namespace evc::simulator
