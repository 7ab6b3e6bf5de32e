// Money is a count of minor units and an ISO 4217 code; no floating type ever touches it. Sums are checked for
// overflow.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "kit/base/result.hpp"

namespace evc {

class Currency {
 public:
  // Three upper-case letters; anything else is validation-failed.
  static Result<Currency> parse(std::string_view code);
  static constexpr Currency brl() { return Currency{{'B', 'R', 'L'}}; }
  constexpr Currency() = default;
  std::string_view code() const { return {code_.data(), code_.size()}; }
  auto operator<=>(const Currency&) const = default;

 private:
  explicit constexpr Currency(std::array<char, 3> code) : code_(code) {}
  std::array<char, 3> code_{'B', 'R', 'L'};
};

struct Money {
  std::int64_t amount = 0;  // minor units, e.g. centavos
  Currency currency;
  bool operator==(const Money&) const = default;
};

// Different currencies or an overflow: validation-failed.
Result<Money> add(const Money& a, const Money& b);
Result<Money> subtract(const Money& a, const Money& b);

}  // namespace evc
