#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>

#include "bench/messaging/carrying_side.hpp"
#include "bench/messaging/consuming_side.hpp"
#include "bench/messaging/measurements.hpp"
#include "bench/messaging/producing_side.hpp"
#include "bench/messaging/spread.hpp"
#include "kit/kafka/testing/broker.hpp"

namespace evc::bench {

namespace {

using namespace std::chrono_literals;

// What a commit cannot be faster than: 8 KiB appended and synced, 20 times a second as a commit now and then would.
std::vector<double> sync_ms(int count) {
  const auto file = std::filesystem::temp_directory_path() / fmt::format("evcosta-sync-{}", ::getpid());
  const int descriptor = ::open(file.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
  std::array<char, 8192> block{};
  std::vector<double> ms;
  for (int i = 0; i < count; ++i) {
    const auto began = std::chrono::steady_clock::now();
    if (::write(descriptor, block.data(), block.size()) != static_cast<ssize_t>(block.size())) break;
    ::fdatasync(descriptor);
    ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - began).count());
  }
  ::close(descriptor);
  std::filesystem::remove(file);
  return ms;
}

}  // namespace

json::Object latency(const std::vector<double>& rates, std::chrono::seconds during) {
  ProducingSide producer(kafka::testing::fresh_topic("latency", 6), 16);
  CarryingSide relay(
      {.conninfo = producer.database().conninfo(), .slot = producer.database().name(), .topic = producer.topic()});
  ConsumingSide consumer({.topics = {producer.topic()}, .group = kafka::testing::fresh_name("latency")});
  // The broker compiles its hot paths in the first seconds.
  producer.offer(100, 10s);
  consumer.await_effects(producer.committed(), 60s);
  json::Array steps;
  for (const double rate : rates) {
    const auto pos = producer.last_pos();
    const auto id = consumer.last_id();
    const auto floor = spread(sync_ms(200));
    producer.offer(rate, during);
    consumer.await_effects(producer.committed(), 120s);
    auto delays = spread(delays_ms(producer.commit_times(pos), consumer.effect_times(id)));
    std::fprintf(stderr, "  %4.0f/s %s; fdatasync of 8 KiB p50 %.2f ms, p99 %.2f\n", rate, one_line(delays).c_str(),
                 floor.at("p50").to_number<double>(), floor.at("p99").to_number<double>());
    steps.push_back(json::Object{{"rate", rate}, {"commitToEffectMs", std::move(delays)}, {"fdatasyncMs", floor}});
  }
  return {{"seconds", during.count()}, {"steps", std::move(steps)}};
}

}  // namespace evc::bench
