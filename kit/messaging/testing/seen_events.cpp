#include "kit/messaging/testing/seen_events.hpp"

#include <set>

#include "kit/messaging/event.hpp"

namespace evc::messaging::testing {

SeenEvents seen(const std::vector<kafka::Record>& records) {
  SeenEvents result;
  std::set<std::string> ids;
  for (const auto& record : records) {
    const auto event = from_record(record);
    if (!event)
      ++result.broken;
    else if (ids.insert(to_string(event->event_id)).second)
      result.first[event->key].push_back(event->sequence);
    else
      ++result.duplicates;
  }
  return result;
}

std::vector<std::int64_t> count_to(std::int64_t last) {
  std::vector<std::int64_t> numbers;
  for (std::int64_t n = 1; n <= last; ++n) numbers.push_back(n);
  return numbers;
}

}  // namespace evc::messaging::testing
