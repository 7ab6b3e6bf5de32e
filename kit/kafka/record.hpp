// A Kafka record as a value. Headers keep their order and may repeat, byte for byte.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kit/base/clock.hpp"

namespace evc::kafka {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Record {
  std::string topic;
  std::string key;
  std::string value;
  Headers headers;
  std::int32_t partition = -1;  // -1: by the key (murmur2, as the Java client does)
  std::int64_t offset = -1;
  WallTime timestamp{};

  std::optional<std::string_view> header(std::string_view name) const;  // the last of that name
};

}  // namespace evc::kafka
