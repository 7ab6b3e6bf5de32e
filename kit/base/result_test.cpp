#include "kit/base/result.hpp"

#include <gtest/gtest.h>

namespace evc {
namespace {

Result<int> half(int value) {
  if (value % 2 != 0) return fail(Code::kBadRequest, "odd");
  return value / 2;
}

Result<int> quarter(int value) {
  EVC_TRY(once, half(value));
  EVC_TRY(twice, half(once));
  return twice;
}

Result<void> check(int value) {
  EVC_CHECK(quarter(value));
  return {};
}

TEST(Result, ErrorsArePassedOn) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().detail, "odd");
  EXPECT_TRUE(check(4));
  EXPECT_EQ(check(2).error().code, Code::kBadRequest);
}

TEST(Result, AFieldErrorIsAValidationFailure) {
  const Result<int> result = fail_field("/port", "is required");
  EXPECT_EQ(result.error().code, Code::kValidationFailed);
  EXPECT_EQ(result.error().fields.at(0).pointer, "/port");
}

TEST(Result, EveryCodeIsFoundByItsName) {
  for (const CodeInfo& row : all_codes()) {
    EXPECT_EQ(code_from_name(row.name), row.code);
    EXPECT_EQ(info(row.code).name, row.name);
  }
  EXPECT_FALSE(code_from_name("no-such-code"));
}

}  // namespace
}  // namespace evc
