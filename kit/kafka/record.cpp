#include "kit/kafka/record.hpp"

#include <ranges>

namespace evc::kafka {

std::optional<std::string_view> Record::header(std::string_view name) const {
  for (const auto& [each, content] : headers | std::views::reverse)
    if (each == name) return content;
  return std::nullopt;
}

}  // namespace evc::kafka
