#include <cmath>
#include <cstdio>
#include <memory>
#include <thread>

#include "bench/messaging/carrying_side.hpp"
#include "bench/messaging/measurements.hpp"
#include "bench/messaging/producing_side.hpp"
#include "bench/messaging/spread.hpp"
#include "kit/kafka/testing/broker.hpp"

namespace evc::bench {

namespace {

// The outbox as it was before, and no slot: nothing is decoded while the writers run alone.
void forget(ProducingSide& producer) {
  const auto& database = producer.database();
  // The server misses a relay that has gone a moment later.
  const auto active =
      "SELECT count(*) FROM pg_replication_slots WHERE active AND slot_name = '" + database.name() + "'";
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (database.value(active) != "0" && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  database.query("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '" +
                 database.name() + "'");
  database.query("TRUNCATE outbox, relay_state");
  database.query("CHECKPOINT");
}

}  // namespace

json::Object overhead(int pairs, std::chrono::seconds during) {
  ProducingSide producer(kafka::testing::fresh_topic("overhead", 6));
  const auto& database = producer.database();
  producer.saturate(std::chrono::seconds(3));
  json::Array rows;
  std::vector<double> ratios;
  for (int pair = 0; pair < pairs; ++pair) {
    forget(producer);
    const auto alone = static_cast<double>(producer.saturate(during)) / static_cast<double>(during.count());
    forget(producer);
    double carried = 0;
    std::int64_t behind_bytes = 0;
    {
      CarryingSide relay({.conninfo = database.conninfo(), .slot = database.name(), .topic = producer.topic()});
      carried = static_cast<double>(producer.saturate(during)) / static_cast<double>(during.count());
      behind_bytes = std::stoll(
          database.value("SELECT (pg_current_wal_lsn() - confirmed_flush_lsn)::bigint FROM pg_replication_slots WHERE "
                         "slot_name = '" +
                         database.name() + "'"));
    }
    ratios.push_back(1 - carried / alone);
    std::fprintf(stderr,
                 "  pair %2d: %.0f/s alone, %.0f/s with the relay: %.1f %% less; %.1f MB of WAL behind at the end\n",
                 pair + 1, alone, carried, 100 * ratios.back(), static_cast<double>(behind_bytes) / 1e6);
    rows.push_back(
        json::Object{{"alonePerSecond", alone}, {"withRelayPerSecond", carried}, {"behindBytes", behind_bytes}});
  }
  const double median = percentile(ratios, 0.5);
  std::fprintf(stderr, "  the relay costs %.1f %% of the write throughput (median of %d pairs)\n", 100 * median, pairs);
  return {{"seconds", during.count()}, {"writers", 8}, {"pairs", std::move(rows)}, {"medianCost", median}};
}

}  // namespace evc::bench
