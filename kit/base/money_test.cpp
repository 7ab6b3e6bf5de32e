#include "kit/base/money.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace evc {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();

TEST(Money, AddsAndSubtracts) {
  EXPECT_EQ(add({.amount = 150}, {.amount = 50})->amount, 200);
  EXPECT_EQ(subtract({.amount = 150}, {.amount = 200})->amount, -50);
  EXPECT_EQ(add({.amount = 1}, {.amount = 1})->currency, Currency::brl());
}

TEST(Money, RefusesOverflow) {
  EXPECT_EQ(add({.amount = kMost}, {.amount = 1}).error().code, Code::kValidationFailed);
  EXPECT_EQ(add({.amount = kLeast}, {.amount = -1}).error().code, Code::kValidationFailed);
  EXPECT_EQ(subtract({.amount = kLeast}, {.amount = 1}).error().code, Code::kValidationFailed);
  EXPECT_EQ(subtract({.amount = 0}, {.amount = kLeast}).error().code, Code::kValidationFailed);
}

TEST(Money, RefusesMixedCurrencies) {
  const Money euro{.amount = 1, .currency = *Currency::parse("EUR")};
  EXPECT_FALSE(add({.amount = 1}, euro));
  EXPECT_FALSE(subtract({.amount = 1}, euro));
}

TEST(Money, CurrencyCodes) {
  EXPECT_EQ(Currency::parse("USD")->code(), "USD");
  for (const char* bad : {"", "BR", "brl", "BRLX", "B1L"}) EXPECT_FALSE(Currency::parse(bad)) << bad;
}

}  // namespace
}  // namespace evc
