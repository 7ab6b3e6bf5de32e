#include "kit/http/quality_list.hpp"

#include <algorithm>
#include <cctype>

namespace evc::http {
namespace {

std::string cleaned(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ' && c != '\t') out.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  }
  return out;
}

// "0.8" → 0.8; anything that is not a quality counts as zero.
double quality_of(std::string_view text) {
  const bool shaped =
      !text.empty() && text.size() <= 5 && (text[0] == '0' || text[0] == '1') && (text.size() == 1 || text[1] == '.');
  if (!shaped) return 0;
  double value = text[0] - '0';
  double digit = 0.1;
  for (const char c : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (c < '0' || c > '9') return 0;
    value += digit * (c - '0');
    digit /= 10;
  }
  return std::min(value, 1.0);
}

}  // namespace

std::vector<Choice> choices_of(std::string_view header) {
  constexpr std::size_t kChoices = 20;
  std::vector<Choice> choices;
  while (!header.empty() && choices.size() < kChoices) {
    const std::size_t comma = header.find(',');
    const std::string entry = cleaned(header.substr(0, comma));
    header.remove_prefix(comma == std::string_view::npos ? header.size() : comma + 1);
    const std::size_t parameter = entry.find(";q=");
    Choice choice{.name = entry.substr(0, entry.find(';'))};
    if (parameter != std::string::npos) choice.quality = quality_of(std::string_view(entry).substr(parameter + 3));
    if (choice.name.empty() || choice.quality <= 0) continue;
    const auto place =
        std::ranges::find_if(choices, [&](const Choice& other) { return other.quality < choice.quality; });
    choices.insert(place, std::move(choice));
  }
  return choices;
}

}  // namespace evc::http
