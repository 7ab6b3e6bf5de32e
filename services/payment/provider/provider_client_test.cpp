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

TEST(ProviderAnswer, AnIncrementIsGrantedRefusedOrUnknown) {
  const auto said = [](int status, const std::string& text) { return increment_said(2, Reply{status, text}); };
  const Finding grown = said(200, body("authorised"));
  EXPECT_EQ(grown.outcome, Outcome::kAuthorised);
  EXPECT_EQ(grown.amount, 1'000) << "all that is held";
  EXPECT_EQ(grown.number, 2) << "which one was asked for";
  EXPECT_EQ(said(409, "{}").outcome, Outcome::kDeclined);
  EXPECT_EQ(said(409, "{}").number, 2);
  EXPECT_EQ(said(200, body("captured")).outcome, Outcome::kCaptured);
  for (const int trouble : {401, 429, 500, 503}) EXPECT_EQ(said(trouble, "{}").outcome, Outcome::kUnknown) << trouble;
  EXPECT_EQ(increment_said(2, std::nullopt).outcome, Outcome::kUnknown);
}

TEST(ProviderAnswer, ARefundIsMadeRefusedOrUnknown) {
  const auto said = [](int status, const std::string& text) { return refund_said(1, Reply{status, text}); };
  EXPECT_EQ(said(200, body("captured")).outcome, Outcome::kRefunded);
  EXPECT_EQ(said(200, body("captured")).number, 1);
  EXPECT_EQ(said(422, "{}").outcome, Outcome::kRefused);
  EXPECT_EQ(said(500, "{}").outcome, Outcome::kUnknown);
  EXPECT_EQ(said(200, "{\"id\":\"au-").outcome, Outcome::kUnknown);
  EXPECT_EQ(refund_said(1, std::nullopt).outcome, Outcome::kUnknown);
}

TEST(ProviderAnswer, WhatIsNotUnderstoodIsUnknown) {
  for (const std::string& strange :
       {std::string(), std::string("{\"id\":\"au-"), std::string("null"), std::string("<html>"), body("pending")}) {
    EXPECT_EQ(read_answer(Step::kAuthorise, strange).outcome, Outcome::kUnknown) << strange;
  }
}

}  // namespace
}  // namespace evc::payment
