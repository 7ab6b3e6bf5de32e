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
  constexpr std::size_t kTooMany = kMostWords + 1;
  // By position and digits so far: the fewest words that lead there. The work grows with the length alone.
  std::vector<std::array<std::size_t, kMostDigits + 1>> words(text.size() + 1);
  for (auto& row : words) row.fill(kTooMany);
  words[0][0] = 0;
  const auto lead = [&words](std::size_t from, std::size_t to, std::size_t more_digits, std::size_t more_words) {
    for (std::size_t digits = 0; digits + more_digits <= kMostDigits; ++digits) {
      auto& fewest = words[to][digits + more_digits];
      fewest = std::min(fewest, words[from][digits] + more_words);
    }
  };
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (std::ranges::min(words[at]) > kMostWords) continue;
    for (std::size_t row = row_at(text, at); row >= kShortestRow; --row) lead(at, at + row, 0, 0);
    if (std::isdigit(static_cast<unsigned char>(text[at])) != 0) lead(at, at + 1, 1, 0);
    for (std::size_t length = 1; length <= std::min(longest_, text.size() - at); ++length) {
      const std::string word = text.substr(at, length);
      if (!words_.contains(word)) continue;
      for (std::size_t end = at + length; end <= text.size(); end += length) {
        lead(at, end, 0, 1);
        if (text.compare(end, length, word) != 0) break;
      }
    }
  }
  return std::ranges::min(words[text.size()]) <= kMostWords;
}

}  // namespace evc::auth_service
