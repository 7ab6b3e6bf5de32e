// The tags of one object of the map, looked at where they lie. Lives as long as what it was made from.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace evc::routing {

class Tags {
 public:
  Tags() = default;
  Tags(std::initializer_list<std::pair<std::string_view, std::string_view>> list) : list_(list) {}
  void add(std::string_view key, std::string_view value) { list_.emplace_back(key, value); }

  // Empty when the tag is not there.
  std::string_view operator[](std::string_view key) const {
    for (const auto& [known, value] : list_)
      if (known == key) return value;
    return {};
  }
  const std::vector<std::pair<std::string_view, std::string_view>>& all() const { return list_; }

 private:
  std::vector<std::pair<std::string_view, std::string_view>> list_;
};

}  // namespace evc::routing
