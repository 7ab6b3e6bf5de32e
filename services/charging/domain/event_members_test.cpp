#include "services/charging/domain/event_members.hpp"

#include <gtest/gtest.h>

namespace evc::charging {
namespace {

const json::Object kData{{"text", "a"},
                         {"count", 7},
                         {"share", 0.5},
                         {"at", "2026-01-02T03:04:05.678Z"},
                         {"held", {{"amount", 12'300}, {"currency", "BRL"}}}};

template <class T>
void expect_named(const Result<T>& result, std::string_view member) {
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Code::kSchemaInvalid);
  EXPECT_EQ(result.error().detail, "data." + std::string(member) + " is missing or of another type");
}

TEST(EventMembers, WhatIsThereIsRead) {
  EXPECT_EQ(text_member(kData, "text"), "a");
  EXPECT_EQ(integer_member(kData, "count"), 7);
  EXPECT_EQ(format_rfc3339(time_member(kData, "at").value()), "2026-01-02T03:04:05.678Z");
  EXPECT_EQ(amount_member(kData, "held"), 12'300);
  EXPECT_EQ(integer_if_any(kData, "count"), 7);
  EXPECT_EQ(number_if_any(kData, "count"), 7.0);
  EXPECT_EQ(number_if_any(kData, "share"), 0.5);
}

TEST(EventMembers, WhatIsNotThereIsNamed) {
  for (const char* name : {"none", "count"}) expect_named(text_member(kData, name), name);
  for (const char* name : {"none", "share", "text"}) expect_named(integer_member(kData, name), name);
  for (const char* name : {"none", "count", "text"}) expect_named(time_member(kData, name), name);
  for (const char* name : {"none", "count"}) expect_named(amount_member(kData, name), name);
  expect_named(amount_member({{"held", {{"currency", "BRL"}}}}, "held"), "held");
}

TEST(EventMembers, WhatMayBeAbsentIsEmpty) {
  for (const char* name : {"none", "share", "text"}) EXPECT_FALSE(integer_if_any(kData, name)) << name;
  for (const char* name : {"none", "text"}) EXPECT_FALSE(number_if_any(kData, name)) << name;
}

}  // namespace
}  // namespace evc::charging
