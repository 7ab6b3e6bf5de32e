#include "kit/base/webhook_signature.hpp"

#include <gtest/gtest.h>

namespace evc {
namespace {

const Secret<std::string> kSecret(std::string("whsec"));
constexpr std::string_view kTimestamp = "1790000000";
const WallTime kNow{std::chrono::seconds{1'790'000'000}};

TEST(WebhookSignature, IsThatOfTheContract) {
  // printf 'm1.1790000000.{}' | openssl dgst -sha256 -hmac whsec -binary | base64
  EXPECT_EQ(sign_webhook({"m1", kTimestamp, "{}"}, kSecret), "v1,YExBO5lF7ZKCM8DmqYIn1jRIOpTLk3zNp1QDN0XL17E=");
}

TEST(WebhookSignature, OneGoodSignatureOfSeveralIsEnough) {
  const WebhookCall call{"m1", kTimestamp, "{}"};
  const std::string good = sign_webhook(call, kSecret);
  EXPECT_TRUE(verify_webhook(call, good, kSecret, kNow));
  EXPECT_TRUE(verify_webhook(call, "v1,AAAA " + good, kSecret, kNow));
  EXPECT_FALSE(verify_webhook(call, "v1,AAAA", kSecret, kNow));
  EXPECT_FALSE(verify_webhook(call, "", kSecret, kNow));
}

TEST(WebhookSignature, EveryPartIsCovered) {
  const std::string good = sign_webhook({"m1", kTimestamp, "{}"}, kSecret);
  EXPECT_FALSE(verify_webhook({"m2", kTimestamp, "{}"}, good, kSecret, kNow));
  EXPECT_FALSE(verify_webhook({"m1", "1790000001", "{}"}, good, kSecret, kNow));
  EXPECT_FALSE(verify_webhook({"m1", kTimestamp, "{} "}, good, kSecret, kNow));
  EXPECT_FALSE(verify_webhook({"m1", kTimestamp, "{}"}, good, Secret(std::string("other")), kNow));
  EXPECT_FALSE(verify_webhook({"m1", kTimestamp, "{}"}, good, Secret(std::string()), kNow));
}

TEST(WebhookSignature, AnOldOrStrangeTimestampIsRefused) {
  const WebhookCall call{"m1", kTimestamp, "{}"};
  const std::string good = sign_webhook(call, kSecret);
  EXPECT_TRUE(verify_webhook(call, good, kSecret, kNow + std::chrono::seconds{300}));
  EXPECT_FALSE(verify_webhook(call, good, kSecret, kNow + std::chrono::seconds{301}));
  EXPECT_FALSE(verify_webhook(call, good, kSecret, kNow - std::chrono::seconds{301}));
  for (const char* strange : {"", "now", "1790000000x", "-1", "99999999999999999999"}) {
    const WebhookCall other{"m1", strange, "{}"};
    EXPECT_FALSE(verify_webhook(other, sign_webhook(other, kSecret), kSecret, kNow)) << strange;
  }
}

}  // namespace
}  // namespace evc
