// Dead letters replayed in any order, any number of times, by several at once, while live traffic flows: two consumers
// of the same events, one whose operator replays everything once and one whose operator replays everything twice, end
// with the same business state, which is the state that a model of the events says. EVC_REPLAY_SEED repeats a run.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "kit/base/bytes.hpp"
#include "kit/messaging/testing/consumer_side.hpp"
#include "kit/messaging/testing/database_state.hpp"
#include "kit/messaging/testing/outbox_side.hpp"
#include "kit/runtime/all.hpp"

namespace evc::messaging {
namespace {

using evc::testing::run_task;
using testing::ConsumerSide;

constexpr int kSeeds = 4;
constexpr int kKeys = 5;
constexpr int kSubjects = 2;  // of a key
constexpr int kEvents = 160;

enum class Poison { kNone, kUntilMended, kForGood };

// What the seed says: the events in the order of their topic, and which of them fail.
struct Traffic {
  std::vector<Event> events;
  std::map<Uuid, Poison> poison;
  std::map<Uuid, Code> failure;
};

Traffic traffic_of(std::mt19937& random, const std::string& topic) {
  const std::array codes{Code::kValidationFailed, Code::kConstraintViolation, Code::kInternal};
  const auto up_to = [&](int limit) { return static_cast<int>(random() % static_cast<unsigned>(limit)); };
  Traffic traffic;
  std::map<std::string, std::int64_t> sequence;
  for (int i = 0; i < kEvents; ++i) {
    const auto key = "key-" + std::to_string(up_to(kKeys));
    auto event = testing::sample_event(topic, key, ++sequence[key]);
    event.subject = key + "/" + std::to_string(up_to(kSubjects));
    const int luck = up_to(100);
    const auto poison = luck < 12 ? Poison::kUntilMended : luck < 16 ? Poison::kForGood : Poison::kNone;
    traffic.poison[event.event_id] = poison;
    traffic.failure[event.event_id] = codes[static_cast<std::size_t>(up_to(3))];
    traffic.events.push_back(std::move(event));
  }
  return traffic;
}

constexpr postgres::Statement kBook{
    "test.book",
    "INSERT INTO account AS a (subject, total, chain, bookings) VALUES ($1, $2, $3, 1) ON CONFLICT (subject) DO UPDATE "
    "SET total = a.total + $2, chain = a.chain || ',' || $3, bookings = a.bookings + 1"};

// Nothing here forgives a second time: a sum, a chain that tells the order, a row and an event of its own.
Task<Result<void>> book(RequestContext& context, postgres::Transaction& transaction, const Event& event,
                        Outbox& outbox) {
  const std::int64_t n = event.data.at("n").as_int64();
  auto booked = co_await transaction.exec(context, kBook, postgres::Params(event.subject, n, std::to_string(n)));
  if (!booked) co_return std::unexpected(std::move(booked).error());
  auto answered = co_await outbox.append(
      context, transaction,
      {.topic = "answers", .key = event.key, .subject = event.subject, .type = "Answered", .data = {{"n", n}}});
  if (!answered) co_return std::unexpected(std::move(answered).error());
  co_return Result<void>{};
}

// One consumer and its operator.
class Member {
 public:
  Member(Worker& worker, const Traffic& traffic, const std::string& topic) : side_(worker, topic), traffic_(traffic) {
    side_.database().query(
        "CREATE TABLE account (subject text PRIMARY KEY, total bigint, chain text, bookings bigint)");
    side_.failing = [this](const Event& event) { return failure_of(event); };
    side_.further = [this](RequestContext& context, postgres::Transaction& transaction, const Event& event) {
      return book(context, transaction, event, side_.outbox());
    };
    side_.start();
  }
  ~Member() { side_.stop(); }

  bool has_seen(std::size_t events) {
    return side_.becomes("SELECT count(*) FROM inbox", std::to_string(events), std::chrono::seconds(30));
  }
  std::vector<Uuid> dead() {
    std::vector<Uuid> ids;
    for (const auto& row : side_.database().query("SELECT event_id FROM dead_letter WHERE state = 'dead' ORDER BY 1"))
      ids.push_back(*parse_uuid(row[0]));
    return ids;
  }
  void mend(const Uuid& event_id) { mended_.insert(event_id); }

  // Each of these decisions, `at_once` of them at the same time.
  Task<> decide(std::vector<std::pair<Uuid, Action>> decisions, std::size_t at_once) {
    for (std::size_t i = 0; i < decisions.size(); i += at_once) {
      std::vector<Task<>> tasks;
      for (std::size_t j = i; j < std::min(i + at_once, decisions.size()); ++j)
        tasks.push_back(decide_one(decisions[j].first, decisions[j].second));
      co_await all(std::move(tasks));
    }
  }

  // All that is business, without what differs by when and in which round it was written.
  std::string business() {
    auto& database = side_.database();
    const auto rows = [&](const std::string& columns, const std::string& from) {
      return database.value("SELECT coalesce(string_agg(t::text, ';' ORDER BY t::text), '') FROM (SELECT " + columns +
                            " FROM " + from + ") t");
    };
    const std::string all =
        rows("subject, total, chain, bookings", "account") + "|" + rows("key, n, event_id", "effect") + "|" +
        rows("key, subject, convert_from(payload, 'UTF8')::json -> 'data' AS data", "outbox WHERE topic = 'answers'") +
        "|" + rows("event_id, status", "inbox") + "|" + rows("topic, key, sequence", "inbox_stream") + "|" +
        rows("event_id, state", "dead_letter") + "|" + rows("topic, subject", "parked") + "|" +
        rows("event_id, reason", "inbox_parked");
    return hex_encode(view(sha256(all)));
  }
  // subject → the chain of its account.
  std::map<std::string, std::string> chains() {
    std::map<std::string, std::string> found;
    for (const auto& row : side_.database().query("SELECT subject, chain FROM account")) found[row[0]] = row[1];
    return found;
  }
  ConsumerSide& side() { return side_; }

 private:
  std::optional<Error> failure_of(const Event& event) {
    const auto poison = traffic_.poison.at(event.event_id);
    if (poison == Poison::kNone || (poison == Poison::kUntilMended && mended_.contains(event.event_id)))
      return std::nullopt;
    return Error{.code = traffic_.failure.at(event.event_id), .detail = "poisoned"};
  }
  Task<> decide_one(Uuid event_id, Action action) {
    auto context = testing::test_context();
    const auto decided = co_await side_.inbox().decide(context, event_id, {.action = action, .reason = "a property"});
    EXPECT_TRUE(decided) << decided.error().detail;
  }

  ConsumerSide side_;
  const Traffic& traffic_;
  std::set<Uuid> mended_;
};

// The model: in its subject, each event once and in the order of the topic, but those that can never be applied.
std::map<std::string, std::string> expected_chains(const Traffic& traffic) {
  std::map<std::string, std::string> chains;
  for (const Event& event : traffic.events) {
    if (traffic.poison.at(event.event_id) == Poison::kForGood) continue;
    auto& chain = chains[event.subject];
    chain += (chain.empty() ? "" : ",") + std::to_string(event.sequence);
  }
  return chains;
}

std::vector<std::pair<Uuid, Action>> as_replays(const std::vector<Uuid>& ids) {
  std::vector<std::pair<Uuid, Action>> decisions;
  for (const Uuid& id : ids) decisions.emplace_back(id, Action::kReplay);
  return decisions;
}

struct Flow {
  bool replayed = false;  // told to the traffic: it may end
  bool done = false;
};

Task<> let_traffic_flow(Worker& worker, kafka::Producer& producer, std::vector<Event> events, Flow& flow) {
  constexpr std::size_t kKeptBack = 5;
  for (std::size_t i = 0; i < events.size(); ++i) {
    while (!flow.replayed && i + kKeptBack >= events.size()) co_await sleep_for(worker, std::chrono::milliseconds(1));
    const auto sent = co_await producer.send(std::vector<kafka::Record>{testing::sample_record(events[i])});
    EXPECT_TRUE(sent);
    co_await sleep_for(worker, std::chrono::milliseconds(2));
  }
  flow.done = true;
}

// Until nothing is dead: what can be mended is mended and replayed, what cannot is given up. `times`: how often each.
void settle(Worker& worker, Member& member, const Traffic& traffic, std::mt19937& random, int times) {
  for (auto ids = member.dead(); !ids.empty(); ids = member.dead()) {
    std::vector<std::pair<Uuid, Action>> decisions;
    for (const Uuid& id : ids) {
      const bool mendable = traffic.poison.at(id) == Poison::kUntilMended;
      if (mendable) member.mend(id);
      for (int i = 0; i < times; ++i) decisions.emplace_back(id, mendable ? Action::kReplay : Action::kDiscard);
    }
    std::ranges::shuffle(decisions, random);
    run_task(worker, member.decide(std::move(decisions), static_cast<std::size_t>(times)));
  }
}

void replay_while_traffic_flows(std::uint32_t seed) {
  std::mt19937 random(seed);
  Worker worker;
  const auto topic = kafka::testing::fresh_topic("replay", 3);
  const auto traffic = traffic_of(random, topic);
  Member once(worker, traffic, topic);
  Member twice(worker, traffic, topic);
  kafka::Producer producer(worker, {.connect = kafka::testing::connect_as("platform-admin"), .topics = {topic}});

  const auto half = traffic.events.begin() + kEvents / 2;
  std::vector<kafka::Record> first;
  for (auto event = traffic.events.begin(); event != half; ++event) first.push_back(testing::sample_record(*event));
  once.side().produce(std::move(first));
  ASSERT_TRUE(once.has_seen(kEvents / 2) && twice.has_seen(kEvents / 2));
  auto chosen = once.dead();
  ASSERT_EQ(chosen, twice.dead()) << "both have the same traffic";
  std::ranges::shuffle(chosen, random);
  chosen.resize((chosen.size() + 1) / 2);
  for (const Uuid& id : chosen) {
    once.mend(id);
    twice.mend(id);
  }

  Flow flow;
  worker.tasks().spawn("traffic",
                       let_traffic_flow(worker, producer, std::vector<Event>(half, traffic.events.end()), flow));
  auto every_one_twice = as_replays(chosen);
  std::ranges::copy(as_replays(chosen), std::back_inserter(every_one_twice));
  std::ranges::shuffle(every_one_twice, random);
  run_task(worker, once.decide(as_replays(chosen), 1));
  run_task(worker, twice.decide(every_one_twice, 3));
  flow.replayed = true;
  ASSERT_TRUE(evc::testing::run_until(worker, [&] { return flow.done; }));
  ASSERT_TRUE(once.has_seen(kEvents) && twice.has_seen(kEvents));

  EXPECT_EQ(once.business(), twice.business()) << "twice is once";
  const auto before = testing::state_of(twice.side().database(), {"event_run"});
  // Both what was replayed and what stays dead.
  run_task(worker, twice.decide(as_replays(chosen), 2));
  EXPECT_EQ(testing::state_of(twice.side().database(), {"event_run"}), before);

  settle(worker, once, traffic, random, 1);
  settle(worker, twice, traffic, random, 2);
  EXPECT_EQ(once.business(), twice.business());
  EXPECT_EQ(once.chains(), expected_chains(traffic));
  EXPECT_EQ(twice.chains(), expected_chains(traffic));
}

TEST(Replay, AnySetTwiceWhileTrafficFlowsLeavesTheSameState) {
  if (!kafka::testing::broker_present()) GTEST_SKIP() << "run it under tools/testenv";
  const char* given = std::getenv("EVC_REPLAY_SEED");
  std::random_device fresh;
  for (int i = 0; i < (given ? 1 : kSeeds); ++i) {
    const auto seed = given ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10)) : fresh();
    std::printf("EVC_REPLAY_SEED=%u\n", seed);
    SCOPED_TRACE("EVC_REPLAY_SEED=" + std::to_string(seed));
    replay_while_traffic_flows(seed);
  }
}

}  // namespace
}  // namespace evc::messaging
