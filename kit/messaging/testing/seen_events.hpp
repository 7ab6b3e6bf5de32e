// What a topic holds, for tests: the events' order per key by first occurrences, and how many records are repetitions.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "kit/kafka/record.hpp"

namespace evc::messaging::testing {

struct SeenEvents {
  std::map<std::string, std::vector<std::int64_t>> first;  // key → sequences
  std::size_t duplicates = 0;
  std::size_t broken = 0;  // records that are no events
};
SeenEvents seen(const std::vector<kafka::Record>& records);
// 1, 2, … last
std::vector<std::int64_t> count_to(std::int64_t last);

}  // namespace evc::messaging::testing
