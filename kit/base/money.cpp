#include "kit/base/money.hpp"

#include <algorithm>

namespace evc {

Result<Currency> Currency::parse(std::string_view code) {
  const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (code.size() != 3 || !std::all_of(code.begin(), code.end(), upper)) {
    return fail(Code::kValidationFailed, "a currency is three upper-case letters (ISO 4217)");
  }
  return Currency{{code[0], code[1], code[2]}};
}

Result<Money> add(const Money& a, const Money& b) {
  if (a.currency != b.currency) return fail(Code::kValidationFailed, "amounts in different currencies");
  Money sum{.amount = 0, .currency = a.currency};
  if (__builtin_add_overflow(a.amount, b.amount, &sum.amount))
    return fail(Code::kValidationFailed, "the sum is too large");
  return sum;
}

Result<Money> subtract(const Money& a, const Money& b) {
  if (a.currency != b.currency) return fail(Code::kValidationFailed, "amounts in different currencies");
  Money rest{.amount = 0, .currency = a.currency};
  if (__builtin_sub_overflow(a.amount, b.amount, &rest.amount)) {
    return fail(Code::kValidationFailed, "the difference is too large");
  }
  return rest;
}

}  // namespace evc
