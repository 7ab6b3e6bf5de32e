#include "kit/base/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>

namespace evc::json {
namespace {

enum class Mode { kSimulatedCard, kPix, kPREAUTH_UNKNOWN };
BOOST_DESCRIBE_ENUM(Mode, kSimulatedCard, kPix, kPREAUTH_UNKNOWN)

struct Inner {
  double power_kw = 0;
  std::int16_t small = 0;
};
BOOST_DESCRIBE_STRUCT(Inner, (), (power_kw, small))

struct Outer {
  std::string station_id;
  std::optional<double> energy_limit_kwh;
  std::vector<Inner> items;
  std::map<std::string, std::uint32_t> counts;
  Mode mode = Mode::kPix;
};
BOOST_DESCRIBE_STRUCT(Outer, (), (station_id, energy_limit_kwh, items, counts, mode))

struct Special {
  Uuid id;
  WallTime at;
  Money price;
  bool flag = false;
  Value extra;
  std::uint64_t large = 0;
};
BOOST_DESCRIBE_STRUCT(Special, (), (id, at, price, flag, extra, large))

struct Base {
  int sequence = 0;
};
BOOST_DESCRIBE_STRUCT(Base, (), (sequence))
struct Derived : Base {
  int operator_ = 0;
};
BOOST_DESCRIBE_STRUCT(Derived, (Base), (operator_))

std::string problems(const Result<Outer>& result) {
  if (result) return "accepted";
  std::string text;
  for (const FieldError& field : result.error().fields) text += field.pointer + " " + field.detail + "\n";
  return text;
}

TEST(Json, RoundTrip) {
  const std::string text =
      R"({"stationId":"s/1","energyLimitKwh":12.5,"items":[{"powerKw":22,"small":-7}],"counts":{"a b":3},"mode":"simulatedCard"})";
  const auto outer = decode_text<Outer>(text);
  ASSERT_TRUE(outer) << problems(outer);
  EXPECT_EQ(outer->items.at(0).power_kw, 22);
  EXPECT_EQ(outer->mode, Mode::kSimulatedCard);
  EXPECT_EQ(encode_text(*outer), text);
}

TEST(Json, OptionalIsAbsentOrNullAndLeftOutWhenEmpty) {
  const std::string rest = R"("items":[],"counts":{},"mode":"PREAUTH_UNKNOWN"})";
  const auto absent = decode_text<Outer>(R"({"stationId":"x",)" + rest);
  const auto null = decode_text<Outer>(R"({"stationId":"x","energyLimitKwh":null,)" + rest);
  ASSERT_TRUE(absent && null);
  EXPECT_FALSE(absent->energy_limit_kwh || null->energy_limit_kwh);
  EXPECT_EQ(encode_text(*null), R"({"stationId":"x",)" + rest);
}

TEST(Json, CollectsEveryWrongMemberWithItsPointer) {
  const auto outer = decode_text<Outer>(
      R"({"energyLimitKwh":"12","items":[{"powerKw":1,"small":40000},{"powerKw":true,"small":1.5,"x/y~z":1}],"counts":{"a":-1},"mode":"cash"})");
  ASSERT_FALSE(outer);
  EXPECT_EQ(outer.error().code, Code::kValidationFailed);
  EXPECT_EQ(problems(outer),
            "/stationId is required\n"
            "/energyLimitKwh must be a number\n"
            "/items/0/small must be from -32768 to 32767\n"
            "/items/1/powerKw must be a number\n"
            "/items/1/small must be an integer\n"
            "/items/1/x~1y~0z is not known here\n"
            "/counts/a must be from 0 to 4294967295\n"
            "/mode must be one of simulatedCard, pix, PREAUTH_UNKNOWN\n");
}

TEST(Json, TheListOfErrorsIsBounded) {
  std::string text = "{";
  for (int i = 0; i < 100; ++i) text += "\"u" + std::to_string(i) + "\":1,";
  text.back() = '}';
  EXPECT_EQ(decode_text<Outer>(text).error().fields.size(), 20U);
}

TEST(Json, EventsTolerateUnknownMembers) {
  EXPECT_TRUE(decode_text<Inner>(R"({"powerKw":1,"small":2,"later":{"x":1}})", Unknown::kIgnore));
  EXPECT_FALSE(decode_text<Inner>(R"({"powerKw":1,"small":2,"later":{"x":1}})"));
  EXPECT_FALSE(decode_text<Inner>(R"({"powerKw":1,"small":"2"})", Unknown::kIgnore));
}

TEST(Json, RefusesMalformedText) {
  const std::string deep33 = std::string(33, '[') + std::string(33, ']');
  const std::string deep32 = std::string(32, '[') + std::string(32, ']');
  for (const std::string& bad : {std::string(),
                                 std::string("{"),
                                 std::string("{} x"),
                                 std::string("{}{}"),
                                 std::string("{'a':1}"),
                                 std::string("{\"a\":1,}"),
                                 std::string("[1,]"),
                                 std::string("01"),
                                 std::string("1."),
                                 std::string("+1"),
                                 std::string("NaN"),
                                 std::string("1e999"),
                                 std::string("/* c */ 1"),
                                 std::string("\"\xff\""),
                                 std::string("\"\\ud800\""),
                                 std::string("\"\xed\xa0\x80\""),
                                 std::string("\"\n\""),
                                 std::string("\xEF\xBB\xBF{}"),
                                 std::string("tru"),
                                 deep33}) {
    const auto value = parse(bad);
    ASSERT_FALSE(value) << bad;
    EXPECT_EQ(value.error().code, Code::kMalformedJson);
    EXPECT_THAT(value.error().detail, testing::HasSubstr("byte")) << bad;
  }
  EXPECT_TRUE(parse(deep32));
  EXPECT_TRUE(parse(" [1, 2.5e3, null] \n"));
}

TEST(Json, RefusesDuplicateMembersAtEveryDepth) {
  for (const char* bad : {R"({"a":1,"a":1})", R"([{"b":{"a":1,"c":2,"a":3}}])", R"({"a":1,"\u0061":2})"}) {
    const auto value = parse(bad);
    ASSERT_FALSE(value) << bad;
    EXPECT_THAT(value.error().detail, testing::HasSubstr("twice"));
  }
  EXPECT_TRUE(parse(R"({"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]})"));
}

TEST(Json, RefusesNulInsideText) {
  EXPECT_EQ(decode_text<std::string>(R"("a\u0000b")").error().fields.at(0).detail, "must not contain U+0000");
}

TEST(Json, NumbersKeepTheirValue) {
  EXPECT_EQ(*decode_text<std::uint64_t>("18446744073709551615"), std::numeric_limits<std::uint64_t>::max());
  EXPECT_FALSE(decode_text<std::uint64_t>("18446744073709551616"));
  EXPECT_EQ(*decode_text<std::int64_t>("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  EXPECT_FALSE(decode_text<std::int64_t>("9223372036854775808"));
  EXPECT_FALSE(decode_text<int>("1.0"));
  EXPECT_FALSE(decode_text<int>("true"));
  EXPECT_EQ(*decode_text<double>("0.1"), 0.1);
  EXPECT_EQ(*decode_text<double>("7"), 7.0);
  for (const char* text : {"0.1", "22", "-3.25", "1234567.891", "0.000001", "1e+22", "5e-7", "0", "123456789012345"}) {
    EXPECT_EQ(encode_text(*decode_text<double>(text)), std::string(text).find("5e-7") == 0 ? "5e-07" : text);
  }
  EXPECT_EQ(serialize(*parse("-0.0")), "0");
}

TEST(Json, WhatIsNotFiniteBecomesNull) {
  EXPECT_EQ(encode_text(std::numeric_limits<double>::infinity()), "null");
}

TEST(Json, PlatformTypes) {
  const std::string text =
      R"({"id":"0198a0b1-c2d3-7e4f-8a5b-6c7d8e9f0a1b","at":"2026-11-23T17:04:05.123Z","price":{"amount":1234,"currency":"BRL"},"flag":true,"extra":[1,{"x":null}],"large":18446744073709551615})";
  const auto special = decode_text<Special>(text);
  ASSERT_TRUE(special);
  EXPECT_EQ(special->price, (Money{.amount = 1234}));
  EXPECT_EQ(encode_text(*special), text);
  const auto bad = decode_text<Special>(
      R"({"id":"x","at":"today","price":{"amount":1.5,"currency":"real"},"flag":1,"extra":0,"large":0})");
  ASSERT_FALSE(bad);
  std::vector<std::string> pointers;
  for (const auto& field : bad.error().fields) pointers.push_back(field.pointer);
  EXPECT_THAT(pointers, testing::ElementsAre("/id", "/at", "/price/amount", "/price/currency", "/flag"));
}

TEST(Json, InheritedMembersAndKeywordNames) {
  EXPECT_EQ(encode_text(Derived{{.sequence = 1}, 2}), R"({"sequence":1,"operator":2})");
}

TEST(Json, TextIsEscaped) {
  EXPECT_EQ(serialize(Value("a\"b\\c\n\x01/é")), "\"a\\\"b\\\\c\\n\\u0001/é\"");
}

TEST(Json, Names) {
  EXPECT_EQ(camel_case("energy_limit_kwh"), "energyLimitKwh");
  EXPECT_EQ(camel_case("id"), "id");
  EXPECT_EQ(camel_case("default_"), "default");
  EXPECT_EQ(enumerator_text("kAccepted"), "accepted");
  EXPECT_EQ(enumerator_text("kLATE_STARTED"), "LATE_STARTED");
  EXPECT_EQ(enumerator_text("known"), "known");
}

}  // namespace
}  // namespace evc::json
