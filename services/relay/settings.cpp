#include "services/relay/settings.hpp"

#include <algorithm>
#include <stdexcept>

#include "contracts/events.hpp"
#include "kit/service/dependencies.hpp"

namespace evc::relay {

namespace {

const contracts::Topic& topic_of(const std::string& source) {
  const auto topics = contracts::topics();
  const auto found = std::ranges::find(topics, source, &contracts::Topic::producer);
  if (found == topics.end())
    throw std::runtime_error("source: \"" + source + "\" writes no topic of contracts/topics.yaml");
  return *found;
}

}  // namespace

void RelaySection::check(SettingLimits& limits) const {
  // The outbox rebuilds the topics, so it keeps rows at least as long as the longest topic keeps records.
  limits.range<std::int64_t>("retention_days", retention_days, 1, 3'650);
  limits.range<std::int64_t>("batch_records", batch_records, 1, 10'000);
  limits.range<std::int64_t>("heartbeat_ms", heartbeat_ms, 100, 60'000);
}

std::string relay_conninfo(const service::CommonSettings& common, const std::string& source) {
  auto as_relay = common;
  as_relay.postgres.user = source + "_relay";
  return service::postgres_conninfo(as_relay, source);
}

messaging::RelayOptions relay_options(const service::CommonSettings& common, const RelaySection& relay,
                                      const std::string& source) {
  const auto& topic = topic_of(source);
  std::vector<std::string> topics{std::string(topic.name)};
  for (const auto& dead : contracts::dead_letter_topics())
    if (dead.group == source) topics.emplace_back(dead.name);
  return {.conninfo = relay_conninfo(common, source),
          .slot = source + "_outbox",
          .producer = {.connect = {.bootstrap = common.kafka.bootstrap,
                                   // The broker knows the service, not its relay: the records are the service's word.
                                   .identity = std::make_shared<net::Identity>(net::tls_files(common.tls.dir, source)),
                                   .client_id = "relay-" + source},
                       .delivery_timeout = std::chrono::milliseconds(topic.delivery_timeout_ms),
                       .linger = std::chrono::milliseconds(topic.linger_ms),
                       .batch_bytes = topic.batch_bytes,
                       .topics = std::move(topics)},
          .batch_records = static_cast<std::size_t>(relay.batch_records),
          .retention = std::chrono::hours(24 * relay.retention_days),
          .heartbeat = std::chrono::milliseconds(relay.heartbeat_ms)};
}

}  // namespace evc::relay
