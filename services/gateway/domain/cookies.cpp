#include "services/gateway/domain/cookies.hpp"

namespace evc::gateway {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The next pair, taken off `header`.
std::string_view next_pair(std::string_view& header) {
  const std::size_t end = header.find(';');
  const std::string_view pair = trimmed(header.substr(0, end));
  header.remove_prefix(end == std::string_view::npos ? header.size() : end + 1);
  return pair;
}

std::string_view name_of(std::string_view pair) {
  return trimmed(pair.substr(0, pair.find('=')));
}

}  // namespace

std::vector<std::string_view> cookie_values(std::string_view header, std::string_view name) {
  std::vector<std::string_view> values;
  while (!header.empty()) {
    const std::string_view pair = next_pair(header);
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && name_of(pair) == name) values.push_back(trimmed(pair.substr(equals + 1)));
  }
  return values;
}

std::string cookies_where(std::string_view header, const std::function<bool(std::string_view name)>& keep) {
  std::string kept;
  while (!header.empty()) {
    const std::string_view pair = next_pair(header);
    if (pair.empty() || !keep(name_of(pair))) continue;
    if (!kept.empty()) kept += "; ";
    kept += pair;
  }
  return kept;
}

}  // namespace evc::gateway
