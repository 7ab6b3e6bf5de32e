#include "services/payment/provider/provider_client.hpp"

#include <gtest/gtest.h>

namespace evc::payment {
namespace {

std::string body(const std::string& status) {
  return R"({"id":"au-1","reference":"pa-1","status":")" + status +
         R"(","amount":{"amount":1000,"currency":"BRL"},"captured":{"amount":700,"currency":"BRL"},"expiresAt":"2026-11-23T23:04:06.000Z","more":1})";
}

TEST(ProviderAnswer, AHoldIsAYesToItsOwnQuestionOnly) {
  const Finding held = read_answer(Step::kAuthorise, body("authorised"));
  EXPECT_EQ(held.outcome, Outcome::kAuthorised);
  EXPECT_EQ(held.amount, 1'000);
  EXPECT_EQ(held.provider_id, "au-1");
  EXPECT_EQ(read_answer(Step::kCapture, body("authorised")).outcome, Outcome::kNotYet);
  EXPECT_EQ(read_answer(Step::kVoid, body("authorised")).outcome, Outcome::kNotYet);
}

TEST(ProviderAnswer, ACaptureSaysHowMuchWasTaken) {
  const Finding captured = read_answer(Step::kCapture, body("captured"));
  EXPECT_EQ(captured.outcome, Outcome::kCaptured);
  EXPECT_EQ(captured.amount, 700);
}

TEST(ProviderAnswer, WhatIsNotUnderstoodIsUnknown) {
  for (const std::string& strange :
       {std::string(), std::string("{\"id\":\"au-"), std::string("null"), std::string("<html>"), body("pending")}) {
    EXPECT_EQ(read_answer(Step::kAuthorise, strange).outcome, Outcome::kUnknown) << strange;
  }
}

}  // namespace
}  // namespace evc::payment
