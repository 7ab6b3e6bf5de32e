// The relay's own settings and what follows from the service whose outbox it carries: database, role, certificate,
// topics.
#pragma once

#include <cstdint>
#include <string>

#include "kit/base/config.hpp"
#include "kit/messaging/relay.hpp"
#include "kit/service/settings.hpp"

namespace evc::relay {

struct RelaySection {
  std::int64_t retention_days = 91;
  std::int64_t batch_records = 1'000;
  std::int64_t heartbeat_ms = 10'000;
  void check(SettingLimits& limits) const;
};
BOOST_DESCRIBE_STRUCT(RelaySection, (), (retention_days, batch_records, heartbeat_ms))

// `source` is charging, payment or integrations: the name of the service, its database and its Kafka principal. Throws
// std::runtime_error for any other.
messaging::RelayOptions relay_options(const service::CommonSettings& common, const RelaySection& relay,
                                      const std::string& source);
// For the state in the service's database, as role <source>_relay.
std::string relay_conninfo(const service::CommonSettings& common, const std::string& source);

}  // namespace evc::relay
