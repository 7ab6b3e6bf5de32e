// Passwords that are tried first by whoever guesses: those of published leaks, and what people make of them to reach a
// length. Pure; store/known_password_list.hpp reads the list.
#pragma once

#include <string>
#include <string_view>
#include <unordered_set>

namespace evc::auth_service {

class KnownPasswords {
 public:
  // One password a line, lower-case.
  explicit KnownPasswords(std::string_view lines);
  // Whether nothing of it is new: it falls apart into at most two words of the list, each once or several times in
  // succession, rows of one letter or of neighbours ("aaaa", "4321", "abcd", "qwert"), and at most four digits.
  // Capitals do not count.
  bool guessable(std::string_view password) const;

 private:
  std::unordered_set<std::string> words_;
  std::size_t longest_ = 0;
};

}  // namespace evc::auth_service
