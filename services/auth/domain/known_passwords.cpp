#include "services/auth/domain/known_passwords.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace evc::auth_service {
namespace {

constexpr std::size_t kShortestRow = 4;
constexpr std::size_t kMostWords = 2;
constexpr std::size_t kMostDigits = 4;
// Letters that are neighbours, besides those of the alphabet and of numbers.
constexpr std::array<std::string_view, 4> kKeyboard{"1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"};

std::string lower(std::string_view text) {
  std::string lowered(text);
  std::ranges::transform(lowered, lowered.begin(), [](unsigned char c) { return c < 0x80 ? std::tolower(c) : c; });
  return lowered;
}

bool beside_each_other(char a, char b, int step) {
  if (b - a == step && std::isalnum(static_cast<unsigned char>(a)) && std::isalnum(static_cast<unsigned char>(b)))
    return true;
  return std::ranges::any_of(kKeyboard, [a, b, step](std::string_view row) {
    const auto at = row.find(a);
    const auto next = row.find(b);
    return at != std::string_view::npos && next != std::string_view::npos &&
           static_cast<int>(next) - static_cast<int>(at) == step;
  });
}

// How many letters from `at` on are one row.
std::size_t row_at(std::string_view text, std::size_t at) {
  std::size_t longest = 1;
  for (const int step : {0, 1, -1}) {
    std::size_t length = 1;
    while (at + length < text.size() && (step == 0 ? text[at] == text[at + length]
                                                   : beside_each_other(text[at + length - 1], text[at + length], step)))
      ++length;
    longest = std::max(longest, length);
  }
  return longest;
}

// What the part up to here was made of, for one way of making it.
struct Way {
  std::size_t at = 0, digits = 0;
  std::vector<std::string_view> words;
};

}  // namespace

KnownPasswords::KnownPasswords(std::string_view lines) {
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    if (end > 0) words_.emplace(lines.substr(0, end));
    longest_ = std::max(longest_, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
}

bool KnownPasswords::guessable(std::string_view password) const {
  const std::string text = lower(password);
  std::vector<Way> ways{Way{}};
  // Of two ways to the same place with as many words and digits either will do: there are few.
  std::unordered_set<std::string> seen;
  while (!ways.empty()) {
    const Way way = std::move(ways.back());
    ways.pop_back();
    if (way.at == text.size()) return true;
    std::string mark = std::to_string(way.at) + ":" + std::to_string(way.digits);
    for (const auto word : way.words) mark += ":" + std::string(word);
    if (!seen.insert(std::move(mark)).second) continue;
    if (const std::size_t length = row_at(text, way.at); length >= kShortestRow) {
      for (std::size_t part = kShortestRow; part <= length; ++part)
        ways.push_back({.at = way.at + part, .digits = way.digits, .words = way.words});
    }
    if (std::isdigit(static_cast<unsigned char>(text[way.at])) != 0 && way.digits < kMostDigits)
      ways.push_back({.at = way.at + 1, .digits = way.digits + 1, .words = way.words});
    for (std::size_t length = 1; length <= std::min(longest_, text.size() - way.at); ++length) {
      const std::string_view word = std::string_view(text).substr(way.at, length);
      if (!words_.contains(std::string(word))) continue;
      Way next{.at = way.at + length, .digits = way.digits, .words = way.words};
      if (std::ranges::find(next.words, word) == next.words.end()) next.words.push_back(word);
      if (next.words.size() > kMostWords) continue;
      std::ranges::sort(next.words);
      ways.push_back(std::move(next));
    }
  }
  return false;
}

}  // namespace evc::auth_service
