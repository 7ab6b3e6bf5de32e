#include "kit/auth/claims.hpp"

#include <gtest/gtest.h>

namespace evc::auth {
namespace {

constexpr std::int64_t kNow = 1'790'000'000;
const WallTime kNowTime{std::chrono::seconds(kNow)};
const ClaimRules kRules{.issuer = "https://localhost:8443", .audience = "evcosta"};

Jws token(json::Object changes = {}, json::Object header = {{"typ", "at+jwt"}}) {
  Jws jws;
  jws.header = std::move(header);
  jws.payload = {{"iss", "https://localhost:8443"},
                 {"aud", "evcosta"},
                 {"sub", "s"},
                 {"client_id", "app"},
                 {"sid", "session"},
                 {"puid", "p1.x"},
                 {"jti", "j"},
                 {"scope", "driver"},
                 {"iat", kNow - 10},
                 {"exp", kNow + 590}};
  for (const auto& [name, value] : changes) {
    if (value.is_null()) {
      jws.payload.erase(name);
    } else {
      jws.payload[name] = value;
    }
  }
  return jws;
}

TEST(Claims, DriverTokenIsAccepted) {
  const auto accepted = check_claims(token(), kRules, kNowTime);
  ASSERT_TRUE(accepted);
  EXPECT_EQ(accepted->principal.kind, Principal::Kind::kDriver);
  EXPECT_EQ(accepted->principal.puid, "p1.x");
  EXPECT_TRUE(accepted->principal.has_scope("driver"));
  EXPECT_EQ(accepted->expires_at, WallTime(std::chrono::seconds(kNow + 590)));
}

TEST(Claims, RoleMakesAnOperatorAndServiceScopeAService) {
  EXPECT_EQ(check_claims(token({{"role", "finance"}}), kRules, kNowTime)->principal.kind, Principal::Kind::kOperator);
  const auto service = token(
      {{"scope", "service"}, {"sub", "charging"}, {"client_id", "charging"}, {"sid", nullptr}, {"puid", nullptr}});
  EXPECT_EQ(check_claims(service, kRules, kNowTime)->principal.kind, Principal::Kind::kService);
}

TEST(Claims, SkewIsThirtySecondsToTheSecond) {
  EXPECT_TRUE(check_claims(token({{"exp", kNow - 29}, {"iat", kNow - 100}}), kRules, kNowTime));
  EXPECT_FALSE(check_claims(token({{"exp", kNow - 30}, {"iat", kNow - 100}}), kRules, kNowTime));
  EXPECT_TRUE(check_claims(token({{"iat", kNow + 30}}), kRules, kNowTime));
  EXPECT_FALSE(check_claims(token({{"iat", kNow + 31}}), kRules, kNowTime));
}

class RefusedClaims : public testing::TestWithParam<json::Object> {};
TEST_P(RefusedClaims, IsTokenInvalid) {
  const auto accepted = check_claims(token(GetParam()), kRules, kNowTime);
  ASSERT_FALSE(accepted) << json::serialize(GetParam());
  EXPECT_EQ(accepted.error().code, Code::kTokenInvalid);
}
INSTANTIATE_TEST_SUITE_P(Claims, RefusedClaims,
                         testing::Values(json::Object{{"iss", "https://evil"}}, json::Object{{"aud", "other"}},
                                         json::Object{{"aud", json::Array{"a", "b"}}}, json::Object{{"aud", nullptr}},
                                         json::Object{{"exp", nullptr}}, json::Object{{"iat", nullptr}},
                                         json::Object{{"exp", "1790000590"}}, json::Object{{"exp", 1790000590.5}},
                                         json::Object{{"exp", -1}}, json::Object{{"exp", 9'999'999'999'999}},
                                         json::Object{{"exp", kNow + 891}},
                                         json::Object{{"exp", kNow - 10}, {"iat", kNow}},
                                         json::Object{{"nbf", kNow + 31}}, json::Object{{"nbf", "x"}},
                                         json::Object{{"sub", nullptr}}, json::Object{{"sub", ""}},
                                         json::Object{{"client_id", nullptr}}, json::Object{{"sid", nullptr}},
                                         json::Object{{"puid", nullptr}}, json::Object{{"jti", nullptr}},
                                         json::Object{{"scope", "service"}}));

TEST(Claims, OnlyAccessTokens) {
  EXPECT_FALSE(check_claims(token({}, {{"typ", "JWT"}}), kRules, kNowTime));
  EXPECT_FALSE(check_claims(token({}, json::Object{}), kRules, kNowTime));
  EXPECT_TRUE(check_claims(token({}, {{"typ", "application/at+jwt"}}), kRules, kNowTime));
}

}  // namespace
}  // namespace evc::auth
