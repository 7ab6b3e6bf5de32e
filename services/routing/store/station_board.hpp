// What charging last said about each station: advice that the answer shows with its age, never a constraint of the
// search. One per worker, fed by StationFeed; not thread-safe. Empty (all unknown) until the first pull, which is a
// normal state.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "kit/base/clock.hpp"
#include "kit/base/json.hpp"

namespace evc::routing {

struct StationAdvice {
  std::string status = "unknown";  // available, occupied, unavailable, offline, unknown
  std::optional<std::int64_t> age_seconds;
};

class StationBoard {
 public:
  // One page of GET /internal/stations. Returns whether charging has more at once; members that are not known here are
  // ignored.
  Result<bool> apply(const json::Value& page, WallTime received);
  std::int64_t version() const { return version_; }
  StationAdvice advice(const std::string& station, std::int64_t connector, WallTime now) const;

 private:
  struct Connector {
    std::string status;
    std::int64_t age_seconds = 0;
  };
  struct Entry {
    std::string status;
    std::map<std::int64_t, Connector> connectors;
    std::int64_t age_seconds = 0;
    WallTime received;
  };
  std::unordered_map<std::string, Entry> stations_;
  std::int64_t version_ = 0;
};

}  // namespace evc::routing
