#include "kit/ocpp/frame.hpp"

#include <gtest/gtest.h>

namespace evc::ocpp {
namespace {

TEST(Frame, ReadsACall) {
  const auto frame = parse_frame(R"([2,"19223201","Heartbeat",{}])");
  ASSERT_TRUE(std::holds_alternative<Call>(frame));
  EXPECT_EQ(std::get<Call>(frame).id, "19223201");
  EXPECT_EQ(std::get<Call>(frame).action, "Heartbeat");
  EXPECT_TRUE(std::get<Call>(frame).payload.empty());
}

TEST(Frame, ReadsAResultAndAnError) {
  const auto result = parse_frame(R"([3,"a",{"status":"Accepted"}])");
  ASSERT_TRUE(std::holds_alternative<CallResult>(result));
  EXPECT_EQ(std::get<CallResult>(result).payload.at("status").as_string(), "Accepted");
  const auto error = parse_frame(R"([4,"a","NotSupported","no",{"x":1}])");
  ASSERT_TRUE(std::holds_alternative<CallError>(error));
  EXPECT_EQ(std::get<CallError>(error).code, "NotSupported");
  EXPECT_EQ(std::get<CallError>(error).description, "no");
}

TEST(Frame, AnErrorWithoutDetailsStillEndsTheCall) {
  const auto error = parse_frame(R"([4,"a","GenericError"])");
  ASSERT_TRUE(std::holds_alternative<CallError>(error));
  EXPECT_EQ(std::get<CallError>(error).code, "GenericError");
}

TEST(Frame, WhatNamesNoCallIsIgnored) {
  for (const auto* text :
       {"", "x", "{}", "[]", "[2]", R"([2,"a"])", R"([2,5,"Heartbeat",{}])", R"(["2","a","Heartbeat",{}])",
        R"([2,"","Heartbeat",{}])", R"([2,"0123456789012345678901234567890123456","Heartbeat",{}])",
        R"([7,"a","Heartbeat",{}])", R"([3,"a",[]])", R"([3,"a",{},{}])", R"([4,"a",5])", R"([2,"a","b",{},1,2])",
        "[2,\"a\",\"Heartbeat\",{}"}) {
    const auto frame = parse_frame(text);
    ASSERT_TRUE(std::holds_alternative<BadFrame>(frame)) << text;
    EXPECT_FALSE(std::get<BadFrame>(frame).answer) << text;
  }
}

TEST(Frame, ABrokenCallIsAnsweredWithFormationViolation) {
  for (const auto* text : {R"([2,"a",7,{}])", R"([2,"a","",{}])", R"([2,"a","Heartbeat",[]])", R"([2,"a","Heartbeat"])",
                           R"([2,"a","Heartbeat",{},{}])"}) {
    const auto frame = parse_frame(text);
    ASSERT_TRUE(std::holds_alternative<BadFrame>(frame)) << text;
    const auto& answer = std::get<BadFrame>(frame).answer;
    ASSERT_TRUE(answer) << text;
    EXPECT_EQ(answer->id, "a");
    EXPECT_EQ(answer->code, "FormationViolation");
  }
}

TEST(Frame, DepthIsLimited) {
  const std::string deep = R"([2,"a","DataTransfer",{"x":)" + std::string(100, '[') + std::string(100, ']') + "}]";
  EXPECT_TRUE(std::holds_alternative<BadFrame>(parse_frame(deep)));
}

TEST(Frame, WritesWhatItReads) {
  EXPECT_EQ(serialize(Call{"1", "Reset", {{"type", "Soft"}}}), R"([2,"1","Reset",{"type":"Soft"}])");
  EXPECT_EQ(serialize(CallResult{"1", {{"a", 1}}}), R"([3,"1",{"a":1}])");
  EXPECT_EQ(serialize(make_error("1", ErrorCode::kOccurrenceConstraintViolation, "idTag")),
            R"([4,"1","OccurenceConstraintViolation","idTag",{}])");
}

TEST(Frame, AnEmptyPayloadIsAnObject) {
  EXPECT_EQ(serialize(CallResult{"1", {}}), R"([3,"1",{}])");
}

}  // namespace
}  // namespace evc::ocpp
