// A process with live crash points dies once before and once after every step that relay, inbox and idempotency keys
// have in the code; it is started again each time. The list of the steps is the program's own. Afterwards every event
// has had its effect once and in order, every command its one effect. What a death costs nobody is what this proves.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <filesystem>
#include <functional>
#include <list>

#include "kit/messaging/testing/consumer_side.hpp"
#include "kit/messaging/testing/outbox_side.hpp"
#include "kit/messaging/testing/victim_process.hpp"
#include "kit/testing/crash_points/crash_table.hpp"

namespace evc::messaging {
namespace {

using namespace std::chrono_literals;
using evc::testing::CrashTable;

constexpr CrashSide kSides[]{CrashSide::kBefore, CrashSide::kAfter};

// One process of the subject, started again whenever it has died at a step.
class Subject {
 public:
  explicit Subject(std::vector<std::string> arguments) : process_(std::move(arguments)) {}

  // Starts it again if it has died at a step.
  void keep() {
    const auto status = process_.ended();
    if (!status) return;
    if (WIFSIGNALED(*status) && WTERMSIG(*status) == SIGKILL) {
      ++deaths_;
      process_.start();
      return;
    }
    exit_code_ = WIFEXITED(*status) ? WEXITSTATUS(*status) : 128 + WTERMSIG(*status);
  }
  void kill() { process_.kill(); }
  void start() { process_.start(); }
  std::uint64_t deaths() const { return deaths_; }
  int exit_code() const { return exit_code_; }  // -1 as long as it has not ended by itself

 private:
  testing::VictimProcess process_;
  std::uint64_t deaths_ = 0;
  int exit_code_ = -1;
};

class CrashPoints : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!kafka::testing::broker_present()) GTEST_SKIP() << "run it under tools/testenv";
    effects_.emplace();
    effects_->migrate("kit/messaging/migrations");
    effects_->query(testing::kEffectTable);
    effects_->query("CREATE TABLE trouble (key text)");
    producer_.emplace(worker_, kafka::testing::fresh_topic("crash", 3));
    direct_.emplace(worker_, kafka::ProducerOptions{.connect = kafka::testing::connect_as("platform-admin"),
                                                    .topics = {producer_->topic()}});
    table_file_ = std::filesystem::temp_directory_path() / ("crash-table-" + producer_->database().name());
    ::setenv("EVC_CRASH_TABLE", table_file_.c_str(), 1);
    group_ = kafka::testing::fresh_name("subject");
    relay_ = &spawn({"relay", producer_->database().conninfo(), producer_->topic(), producer_->database().name()});
    spawn({"inbox", effects_->conninfo(), producer_->topic(), group_});
    ASSERT_TRUE(until([this] { return !CrashTable(table_file_).names().empty(); }));
    table_.emplace(table_file_);
    for (const auto& name : table_->names())
      for (const auto side : kSides) table_->order(name, side);
  }
  void TearDown() override {
    subjects_.clear();
    ::unsetenv("EVC_CRASH_TABLE");
    std::filesystem::remove(table_file_);
  }

  Subject& spawn(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), EVC_CRASH_SUBJECT);
    return subjects_.emplace_back(std::move(arguments));
  }
  bool until(const std::function<bool()>& reached, std::chrono::milliseconds limit = 30s) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (true) {
      for (auto& subject : subjects_) subject.keep();
      if (reached()) return true;
      if (std::chrono::steady_clock::now() >= deadline) return false;
      // What the test itself waits for are other processes: its own worker has its turn in between.
      evc::testing::run_until(worker_, [] { return false; }, 5ms);
    }
  }
  // Both sides of each of these steps have been died at.
  bool died_at(const std::vector<std::string>& names) {
    return until([&] {
      return std::ranges::all_of(names, [this](const std::string& name) {
        return std::ranges::all_of(kSides, [&](CrashSide side) { return table_->died(name, side) == 1; });
      });
    });
  }
  std::uint64_t deaths() const {
    std::uint64_t all = 0;
    for (const auto& name : table_->names())
      for (const auto side : kSides) all += table_->died(name, side);
    return all;
  }
  std::uint64_t restarts() const {
    std::uint64_t all = 0;
    for (const auto& subject : subjects_) all += subject.deaths();
    return all;
  }
  bool becomes(const std::string& sql, const std::string& expected) {
    return until([&] { return effects_->value(sql) == expected; });
  }
  bool effects_become(const std::string& key, const std::string& expected) {
    return becomes("SELECT coalesce(string_agg(n::text, ',' ORDER BY id), '') FROM effect WHERE key = '" + key + "'",
                   expected);
  }
  // One thing, done by a process that is started again until it has ended by itself.
  void do_once(const std::string& role, const std::string& what) {
    Subject& subject = spawn({role, effects_->conninfo(), producer_->topic(), group_, what});
    ASSERT_TRUE(until([&] { return subject.exit_code() != -1; })) << role << ' ' << what;
    EXPECT_EQ(subject.exit_code(), 0) << role << ' ' << what;
  }
  void until_died_at(const std::vector<std::string>& names, const std::string& role, const std::string& what) {
    do_once(role, what);
    EXPECT_TRUE(died_at(names)) << role << ' ' << what;
  }
  void produce(const std::string& key, const std::vector<std::int64_t>& sequences) {
    std::vector<kafka::Record> records;
    for (const auto sequence : sequences)
      records.push_back(testing::sample_record(testing::sample_event(producer_->topic(), key, sequence)));
    const auto sent = evc::testing::run_task(worker_, direct_->send(std::move(records)));
    ASSERT_TRUE(sent) << sent.error().detail;
  }

  void die_on_the_straight_way();
  void die_alone();
  void die_at_gaps();
  void die_over_dead_letters();
  void die_over_what_no_topic_takes();
  void die_over_a_lost_slot();
  void die_under_keys();

  Worker worker_;
  std::optional<testing::OutboxSide> producer_;
  std::optional<kafka::Producer> direct_;
  std::optional<postgres::testing::TestDatabase> effects_;
  std::string group_;
  std::filesystem::path table_file_;
  std::optional<CrashTable> table_;
  std::list<Subject> subjects_;
  Subject* relay_ = nullptr;
  int written_ = 0;
};

void CrashPoints::die_on_the_straight_way() {
  const std::vector<std::string> steps{"relay.open",       "relay.send",       "relay.confirm", "relay.heartbeat",
                                       "relay.safe_point", "relay.maintain",   "inbox.receive", "inbox.effect",
                                       "inbox.advance",    "inbox.commit.key", "inbox.offsets"};
  const auto all_died = [&] {
    return std::ranges::all_of(steps, [this](const std::string& name) {
      return std::ranges::all_of(kSides, [&](CrashSide side) { return table_->died(name, side) == 1; });
    });
  };
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!all_died() && std::chrono::steady_clock::now() < deadline) {
    for (int key = 0; key < 3; ++key) producer_->append("key-" + std::to_string(key), written_ + 1, written_ + 3);
    written_ += 2;
    until([] { return false; }, 50ms);
  }
  EXPECT_TRUE(died_at(steps));
}

// An event that costs the transaction of its key is done again alone.
void CrashPoints::die_alone() {
  producer_->append("costly", 1, 3);
  EXPECT_TRUE(effects_become("costly", "1,2"));
  EXPECT_TRUE(died_at({"inbox.commit.event"}));
}

void CrashPoints::die_at_gaps() {
  produce("late", {1, 3});
  EXPECT_TRUE(died_at({"inbox.park", "inbox.gap.close"}));
  produce("late", {2});
  EXPECT_TRUE(effects_become("late", "1,2,3"));
  produce("held", {1, 3});
  EXPECT_TRUE(effects_become("held", "1,2,3"));
  EXPECT_TRUE(died_at({"inbox.gap.take_in"}));
  produce("lost", {1, 3});
  EXPECT_TRUE(becomes("SELECT count(*) FROM inbox_parked WHERE key = 'lost'", "1"));
  until_died_at({"inbox.gap.accept"}, "accept", "lost");
  EXPECT_TRUE(effects_become("lost", "1,3"));
}

void CrashPoints::die_over_dead_letters() {
  effects_->query("INSERT INTO trouble VALUES ('mended'), ('given-up')");
  const auto mended = producer_->append("mended", 1, 4), given_up = producer_->append("given-up", 1, 4);
  EXPECT_TRUE(died_at({"inbox.bury"}));
  EXPECT_TRUE(becomes("SELECT count(*) FROM inbox_parked WHERE key IN ('mended', 'given-up')", "4"));
  until_died_at({"inbox.decision.in_vain"}, "replay", to_string(mended.front()));
  effects_->query("DELETE FROM trouble");
  until_died_at({"inbox.decision.commit"}, "replay", to_string(mended.front()));
  EXPECT_TRUE(effects_become("mended", "1,2,3"));
  do_once("discard", to_string(given_up.front()));
  EXPECT_TRUE(effects_become("given-up", "2,3"));
}

Task<Result<void>> append_too_large(testing::OutboxSide& producer) {
  auto context = testing::test_context();
  EVC_CO_TRY(transaction, co_await producer.pool().begin(context));
  messaging::EventDraft draft{.topic = producer.topic(),
                              .key = "large",
                              .type = "Tested",
                              .data = {{"n", 1}, {"padding", std::string(2'000'000, 'x')}}};
  EVC_CO_CHECK(co_await producer.outbox().append(context, transaction, std::move(draft)));
  co_return co_await transaction.commit(context);
}

// Asked to be let go as it is, it is refused again; let go without what is too large, the rest goes on. A death between
// the parking of the key and the record of the reason leaves a key that waits without one: being refused again tells
// it.
void CrashPoints::die_over_what_no_topic_takes() {
  const auto appended = evc::testing::run_task(worker_, append_too_large(*producer_));
  ASSERT_TRUE(appended) << appended.error().detail;
  producer_->append("large", 2, 4);
  EXPECT_TRUE(died_at({"relay.reject.park"}));
  auto& database = producer_->database();
  const std::string release = "UPDATE outbox_parked SET release_requested_at = now() WHERE key = 'large'";
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  const auto refused = [this] { return table_->died("relay.release.refuse", CrashSide::kAfter) == 1; };
  while (!refused() && std::chrono::steady_clock::now() < deadline) {
    database.query(release);
    until([&] { return refused() || database.value("SELECT release_requested_at IS NULL FROM outbox_parked") == "t"; });
  }
  EXPECT_TRUE(died_at({"relay.release.page", "relay.reject.record", "relay.release.refuse"}));
  database.query("UPDATE outbox_rejected SET discarded_at = now()");
  database.query(release);
  EXPECT_TRUE(died_at({"relay.release.unpark"}));
  EXPECT_TRUE(effects_become("large", "2,3"));
}

void CrashPoints::die_over_a_lost_slot() {
  auto& database = producer_->database();
  const std::string slot = "FROM pg_replication_slots WHERE slot_name = '" + database.name() + "'";
  EXPECT_TRUE(until([this] { return restarts() == deaths(); }));
  relay_->kill();
  ASSERT_TRUE(until([&] { return database.value("SELECT active " + slot) == "f"; }));
  database.query("SELECT pg_drop_replication_slot(slot_name) " + slot);
  relay_->start();
  EXPECT_TRUE(died_at({"relay.reemission.begin", "relay.reemission.page", "relay.reemission.end"}));
  producer_->append("after", 1, 2);
  EXPECT_TRUE(effects_become("after", "1"));
}

void CrashPoints::die_under_keys() {
  until_died_at({"idempotency.begin", "idempotency.advance", "idempotency.complete"}, "request", "command");
  EXPECT_EQ(effects_->value("SELECT count(*) FROM effect WHERE key = 'command'"), "1");
  EXPECT_EQ(effects_->value("SELECT state FROM idempotency WHERE key = 'command'"), "finished");
  // Held by the one that died: given up as often as it takes.
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (table_->died("idempotency.release", CrashSide::kAfter) == 0 && std::chrono::steady_clock::now() < deadline)
    do_once("give-up", "nothing");
  EXPECT_TRUE(died_at({"idempotency.release"}));
  effects_->query("UPDATE idempotency SET expires_at = now() - interval '1 second'");
  until_died_at({"idempotency.delete_expired"}, "delete-expired", "");
  EXPECT_TRUE(becomes("SELECT count(*) FROM idempotency WHERE state = 'finished'", "0"));
}

TEST_F(CrashPoints, EveryStepIsDiedAtBeforeAndAfter) {
  die_on_the_straight_way();
  die_alone();
  die_at_gaps();
  die_over_dead_letters();
  die_over_what_no_topic_takes();
  die_over_a_lost_slot();
  die_under_keys();
  // The program itself says which steps there are: a new one that nothing above reaches is found here.
  for (const auto& name : table_->names())
    for (const auto side : kSides)
      EXPECT_EQ(table_->died(name, side), 1U) << (side == CrashSide::kBefore ? "before " : "after ") << name;
  EXPECT_EQ(restarts(), deaths());
  for (int key = 0; key < 3; ++key) {
    const std::string where = " FROM effect WHERE key = 'key-" + std::to_string(key) + "'";
    EXPECT_TRUE(becomes("SELECT count(*)" + where, std::to_string(written_)));
    EXPECT_EQ(effects_->value("SELECT bool_and(n = place) FROM (SELECT n, row_number() OVER (ORDER BY id) AS place" +
                              where + ") AS e"),
              "t");
  }
  EXPECT_EQ(effects_->value("SELECT count(*) FROM inbox_parked"), "0");
  EXPECT_EQ(effects_->value("SELECT count(*) FROM parked"), "0");
  std::printf("    %llu deaths at %zu steps\n", static_cast<unsigned long long>(deaths()), table_->names().size());
}

}  // namespace
}  // namespace evc::messaging
