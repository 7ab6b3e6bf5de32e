// The bytes of Kafka's two requests about client quotas (DescribeClientQuotas, key 48, and AlterClientQuotas, key 49,
// both in version 0), which librdkafka 2.0.2 does not have. Pure: a request is what is written to the broker, an answer
// is what came without its length. Formats: Kafka's protocol guide; strings are a 16-bit length (-1: null) and bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kit/base/result.hpp"

namespace evc::kafka {

// What stands for every user or client that has no quota of its own.
inline constexpr std::string_view kDefaultEntity = "<default>";

struct Quota {
  std::string user;       // principal's name without "User:"; empty: the quota does not depend on the user
  std::string client_id;  // empty: it does not depend on the client
  std::string name;       // producer_byte_rate …
  double value = 0;
  auto operator<=>(const Quota&) const = default;
};

struct QuotaChange {
  std::string user, client_id, name;
  std::optional<double> value;  // absent: removed
  bool operator==(const QuotaChange&) const = default;
};

std::string describe_quotas_request(std::string_view client_id);
// Sorted. Quotas on addresses are left out: nobody sets them here.
Result<std::vector<Quota>> parse_described_quotas(std::string_view answer);

std::string alter_quotas_request(std::string_view client_id, const std::vector<QuotaChange>& changes);
Result<void> parse_altered_quotas(std::string_view answer);

}  // namespace evc::kafka
