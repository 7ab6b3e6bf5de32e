#include "kit/postgres/statement.hpp"

#include <gtest/gtest.h>

#include "kit/postgres/connection.hpp"
#include "kit/postgres/sqlstate.hpp"

namespace evc::postgres {
namespace {

TEST(Params, AreWrittenAsPostgresReadsThem) {
  const WallTime time{std::chrono::sys_days{std::chrono::year{2026} / 11 / 23} + std::chrono::hours{17} +
                      std::chrono::microseconds{4'005'006}};
  const Params params(42, true, 0.1, "text", time, std::optional<std::int64_t>{}, json::Value{{"a", 1}});
  std::vector<std::string> texts;
  for (const auto& value : params.values()) texts.push_back(value.null ? "NULL" : value.bytes);
  EXPECT_EQ(texts,
            (std::vector<std::string>{"42", "t", "0.1", "text", "2026-11-23 17:00:04.005006+00", "NULL", "{\"a\":1}"}));
}

TEST(Params, BytesAreBinaryAndMayHoldNul) {
  Params params;
  params.add_bytes(std::string_view("\0x", 2));
  EXPECT_TRUE(params.values().front().binary);
  EXPECT_TRUE(check_params(params));
  params.add(std::string_view("a\0b", 3));
  auto checked = check_params(params);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, Code::kValidationFailed);
}

TEST(Timestamps, AreReadInEveryFormOfTheServer) {
  for (const char* text : {"2026-11-23 17:00:04.005006+00", "2026-11-23 14:00:04.005006-03",
                           "2026-11-23 17:00:04.005006", "2026-11-23 22:30:04.005006+05:30"}) {
    auto time = parse_timestamp(text);
    ASSERT_TRUE(time) << text;
    EXPECT_EQ(format_timestamp(*time), "2026-11-23 17:00:04.005006+00") << text;
  }
  EXPECT_FALSE(parse_timestamp("infinity"));
  EXPECT_FALSE(parse_timestamp(""));
}

TEST(Bytea, IsDecodedFromItsTextForm) {
  EXPECT_EQ(decode_bytea("\\x00ff"), std::string("\0\xff", 2));
  EXPECT_EQ(decode_bytea("\\x"), "");
  EXPECT_EQ(decode_bytea("00ff"), std::nullopt);
  EXPECT_EQ(decode_bytea("\\x0"), std::nullopt);
}

TEST(Sqlstate, MapsToTheCodesOfTheContract) {
  const auto code = [](const char* state, const char* function = "") {
    return to_error({.sqlstate = state, .function = function}, "s").code;
  };
  EXPECT_EQ(code("40001"), Code::kDatabaseConflict);
  EXPECT_EQ(code("40P01"), Code::kDatabaseConflict);
  EXPECT_EQ(code("23505"), Code::kUniqueViolation);
  EXPECT_EQ(code("23514"), Code::kConstraintViolation);
  EXPECT_EQ(code("23503"), Code::kConstraintViolation);
  EXPECT_EQ(code("57P01"), Code::kDatabaseUnavailable);
  EXPECT_EQ(code("57014"), Code::kDatabaseUnavailable);
  EXPECT_EQ(code("53300"), Code::kDatabaseUnavailable);
  EXPECT_EQ(code(""), Code::kDatabaseUnavailable);
  EXPECT_EQ(code("55006"), Code::kConflict);
  EXPECT_EQ(code("42601"), Code::kInternal);
  EXPECT_EQ(code("0A000"), Code::kInternal);
  EXPECT_EQ(code("0A000", "RevalidateCachedQuery"), Code::kDatabaseConflict);
}

TEST(Sqlstate, TheConstraintIsTheDetailAndNoSqlIsEver) {
  EXPECT_EQ(to_error({.sqlstate = "23505", .constraint = "account_pkey", .message = "Key (id)=(4) exists"}, "s").detail,
            "account_pkey");
  EXPECT_EQ(to_error({.sqlstate = "42601", .message = "syntax error at SELEC"}, "find account").detail,
            "find account: SQLSTATE 42601");
}

}  // namespace
}  // namespace evc::postgres
