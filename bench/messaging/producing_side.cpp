#include "bench/messaging/producing_side.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <stdexcept>

#include "kit/messaging/testing/outbox_side.hpp"
#include "kit/runtime/all.hpp"
#include "kit/testing/run_task.hpp"

namespace evc::bench {

namespace {

// The worker's wheel has ticks of 10 ms, which would send events in bursts.
using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                boost::asio::wait_traits<std::chrono::steady_clock>, Executor>;

constexpr const char* kBusinessTable =
    "CREATE TABLE business (key text PRIMARY KEY, changes bigint NOT NULL, at timestamptz NOT NULL)";
constexpr postgres::Statement kChange{
    "bench.change",
    "INSERT INTO business VALUES ($1, 1, now()) ON CONFLICT (key) DO UPDATE SET changes = business.changes + 1, at = "
    "now()"};

json::Object sample_data(std::int64_t number) {
  return {{"n", number},
          {"stationId", "BR-SP-0069"},
          {"connectorId", 1},
          {"energyWh", 12'345},
          {"powerW", 57'200},
          {"soc", 0.47},
          {"cost", {{"amount", 1'797}, {"currency", "BRL"}}},
          {"updatedAt", "2026-11-23T17:04:05.123Z"}};
}

}  // namespace

struct ProducingSide::Round {
  double rate = 0;
  std::int64_t total = 0;
  std::int64_t taken = 0;
  SteadyTime began;
};

ProducingSide::ProducingSide(std::string topic, std::size_t writers)
    : topic_(std::move(topic)), writers_(writers), outbox_("/services/test", messaging::testing::any_schema()) {
  database_.migrate("kit/messaging/migrations");
  database_.query(kBusinessTable);
  pool_ = std::make_unique<postgres::Pool>(
      worker_,
      postgres::PoolOptions{.conninfo = database_.conninfo(), .size = writers_, .application_name = "bench-writers"});
  worker_.start();
}

ProducingSide::~ProducingSide() {
  worker_.stop();
  worker_.join();
}

Task<Result<void>> ProducingSide::transact(std::int64_t number) {
  auto context = messaging::testing::test_context();
  const auto key = "session-" + std::to_string(number % kKeys);
  EVC_CO_TRY(transaction, co_await pool_->begin(context));
  EVC_CO_CHECK(transaction.defer(kChange, postgres::Params(key)));
  EVC_CO_CHECK(co_await outbox_.append(
      context, transaction,
      {.topic = topic_, .key = key, .type = "Tested", .data = sample_data(number), .user_id = "p1.bench"}));
  auto committed = co_await transaction.commit(context);
  if (committed) ++committed_;
  co_return committed;
}

Task<> ProducingSide::write_when_due(Round& round) {
  Timer timer(worker_.executor());
  while (round.taken < round.total) {
    const auto place = round.taken++;
    timer.expires_at(round.began + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                                       std::chrono::duration<double>(static_cast<double>(place) / round.rate)));
    co_await timer.async_wait(use_task);
    const auto done = co_await transact(next_++);
    if (!done) throw std::runtime_error("a transaction failed: " + done.error().detail);
  }
}

Task<> ProducingSide::write_on(SteadyTime end) {
  while (std::chrono::steady_clock::now() < end) {
    const auto done = co_await transact(next_++);
    if (!done) throw std::runtime_error("a transaction failed: " + done.error().detail);
  }
}

Task<> ProducingSide::run_writers(Round* round, SteadyTime end) {
  std::vector<Task<>> writers;
  for (std::size_t i = 0; i < writers_; ++i) writers.push_back(round ? write_when_due(*round) : write_on(end));
  co_await all(std::move(writers));
}

void ProducingSide::offer(double rate, std::chrono::milliseconds during) {
  Round round{.rate = rate,
              .total = static_cast<std::int64_t>(rate * std::chrono::duration<double>(during).count()),
              .began = std::chrono::steady_clock::now()};
  evc::testing::run_task_on(worker_, run_writers(&round, {}), during + std::chrono::seconds(60));
}

std::int64_t ProducingSide::saturate(std::chrono::milliseconds during) {
  const auto before = committed_.load();
  const auto end = std::chrono::steady_clock::now() + during;
  evc::testing::run_task_on(worker_, run_writers(nullptr, end), during + std::chrono::seconds(60));
  return committed_ - before;
}

std::int64_t ProducingSide::last_pos() const {
  return std::stoll(database_.value("SELECT coalesce(max(pos), 0) FROM outbox"));
}

std::map<std::string, double> ProducingSide::commit_times(std::int64_t after_pos) const {
  return times(database_,
               "SELECT event_id, extract(epoch FROM pg_xact_commit_timestamp(xmin)) FROM outbox WHERE pos > " +
                   std::to_string(after_pos));
}

std::map<std::string, double> times(const postgres::testing::TestDatabase& database, const std::string& query) {
  std::map<std::string, double> found;
  for (const auto& row : database.query(query)) found[row.at(0)] = std::stod(row.at(1));
  return found;
}

}  // namespace evc::bench
