#include <sys/resource.h>

#include <cstdio>
#include <stdexcept>
#include <thread>

#include "bench/messaging/carrying_side.hpp"
#include "bench/messaging/measurements.hpp"
#include "bench/messaging/producing_side.hpp"
#include "kit/kafka/testing/broker.hpp"

namespace evc::bench {

namespace {

using namespace std::chrono_literals;

// One event as a service writes it, `events` times over 1,000 keys, in the order of their positions.
void fill(ProducingSide& producer, std::int64_t events) {
  producer.offer(1, 1s);
  producer.database().query(
      "INSERT INTO outbox (event_id, topic, key, seq, subject, headers, payload) SELECT gen_random_uuid(), o.topic, "
      "'key-' || n % 1000, n / 1000 + 1, 'key-' || n % 1000, o.headers, o.payload FROM generate_series(1, " +
      std::to_string(events - 1) + ") AS n, (SELECT * FROM outbox LIMIT 1) AS o ORDER BY n");
  producer.database().query("VACUUM ANALYZE outbox");
  producer.database().query("CHECKPOINT");
}

double own_cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

json::Object reemission(std::int64_t events) {
  ProducingSide producer(kafka::testing::fresh_topic("reemission", 6), 1);
  const auto& database = producer.database();
  fill(producer, events);
  const auto bytes = std::stoll(database.value("SELECT sum(length(headers) + length(payload)) FROM outbox"));
  const auto due = "SELECT count(*) FROM relay_state WHERE reemit_from IS NOT NULL";
  const auto cpu = own_cpu_seconds();
  const auto began = std::chrono::steady_clock::now();
  CarryingSide relay({.conninfo = database.conninfo(), .slot = database.name(), .topic = producer.topic()});
  const auto deadline = began + 600s;
  while (database.value(due) != "0") {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("the outbox is not through");
    std::this_thread::sleep_for(50ms);
  }
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  const auto relay_cpu = own_cpu_seconds() - cpu;
  std::fprintf(stderr, "  %lld events (%.0f MB) in %.1f s: %.0f/s; the relay itself %.1f s of CPU\n",
               static_cast<long long>(events), static_cast<double>(bytes) / 1e6, seconds,
               static_cast<double>(events) / seconds, relay_cpu);
  return {{"events", events}, {"bytes", bytes}, {"seconds", seconds}, {"relayCpuSeconds", relay_cpu}};
}

}  // namespace evc::bench
