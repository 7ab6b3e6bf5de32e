#include "services/integrations/domain/provider_update.hpp"

#include <gtest/gtest.h>

namespace evc::integrations {
namespace {

const Secret<std::string> kSecret(std::string("shared"));
const WallTime kNow = *parse_rfc3339("2026-11-23T17:04:12Z");
const std::string kSeconds = "1795453452";

Code verdict(const SignedCall& call, WallTime now = kNow) {
  const auto result = verify_signature(call, kSecret, now);
  return result ? Code::kInternal : result.error().code;
}
constexpr Code kGood = Code::kInternal;

TEST(ProviderSignature, CoversIdTimeAndBody) {
  SignedCall call{.id = "m1", .timestamp = kSeconds, .body = "{}"};
  const auto signature = sign(call, kSecret);
  call.signature = signature;
  EXPECT_EQ(verdict(call), kGood);
  for (auto changed : {SignedCall{.id = "m2", .timestamp = kSeconds, .signature = signature, .body = "{}"},
                       SignedCall{.id = "m1", .timestamp = "1795453453", .signature = signature, .body = "{}"},
                       SignedCall{.id = "m1", .timestamp = kSeconds, .signature = signature, .body = "{ }"},
                       SignedCall{.id = "", .timestamp = kSeconds, .signature = signature, .body = "{}"},
                       SignedCall{.id = "m1", .timestamp = "soon", .signature = signature, .body = "{}"},
                       SignedCall{.id = "m1", .timestamp = kSeconds, .signature = "", .body = "{}"},
                       SignedCall{.id = "m1", .timestamp = kSeconds, .signature = std::string_view(signature).substr(3), .body = "{}"}}) {
    EXPECT_EQ(verdict(changed), Code::kSignatureInvalid);
  }
}

TEST(ProviderSignature, FiveMinutesEitherWay) {
  SignedCall call{.id = "m1", .timestamp = kSeconds, .body = "{}"};
  const auto signature = sign(call, kSecret);
  call.signature = signature;
  using std::chrono::seconds;
  EXPECT_EQ(verdict(call, kNow + seconds(300)), kGood);
  EXPECT_EQ(verdict(call, kNow - seconds(300)), kGood);
  EXPECT_EQ(verdict(call, kNow + seconds(301)), Code::kSignatureInvalid);
  EXPECT_EQ(verdict(call, kNow - seconds(301)), Code::kSignatureInvalid);
}

TEST(ProviderSignature, OneGoodSignatureOfSeveralIsEnough) {
  SignedCall call{.id = "m1", .timestamp = kSeconds, .body = "{}"};
  const auto signatures = "v1,b2xk " + sign(call, kSecret);
  call.signature = signatures;
  EXPECT_EQ(verdict(call), kGood);
}

std::string pointer(std::string_view text) {
  const auto data = update_data("acme", *json::decode_text<ProviderUpdate>(text));
  return data ? "" : data.error().fields.at(0).pointer;
}

TEST(ProviderUpdate, BecomesTheDataOfAnEvent) {
  const auto update = json::decode_text<ProviderUpdate>(
      R"({"kind":"meterValues","stationId":"S","timestamp":"2026-11-23T17:04:12Z","connectorId":1,"transactionId":"t","meterWh":5,"powerKw":1.5})");
  ASSERT_TRUE(update);
  EXPECT_EQ(json::serialize(*update_data("acme", *update)),
            R"({"kind":"meterValues","provider":"acme","stationId":"S","timestamp":"2026-11-23T17:04:12.000Z","connectorId":1,"transactionId":"t","meterWh":5,"powerW":1500})");
}

TEST(ProviderUpdate, EachKindNeedsItsMembers) {
  const std::string head = R"("stationId":"S","timestamp":"2026-11-23T17:04:12Z")";
  EXPECT_EQ(pointer(R"({"kind":"stationRegistered",)" + head + "}"), "");
  EXPECT_EQ(pointer(R"({"kind":"transactionEnded",)" + head + "}"), "/kind");
  EXPECT_EQ(pointer(R"({"kind":"connectorStatus",)" + head + "}"), "/connectorId");
  EXPECT_EQ(pointer(R"({"kind":"connectorStatus","connectorId":1,)" + head + "}"), "/status");
  EXPECT_EQ(pointer(R"({"kind":"connectorStatus","connectorId":1,"status":"Available",)" + head + "}"), "/status");
  EXPECT_EQ(pointer(R"({"kind":"meterValues","connectorId":1,"transactionId":"t",)" + head + "}"), "/meterWh");
  EXPECT_EQ(pointer(R"({"kind":"meterValues","connectorId":1,"transactionId":"t","meterWh":1,"soc":1.5,)" + head + "}"), "/soc");
}

TEST(ProviderUpdate, ProviderNames) {
  EXPECT_TRUE(is_provider_name("acme-2"));
  for (const auto* name : {"", "Acme", "2a", "a_b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) EXPECT_FALSE(is_provider_name(name)) << name;
}

}  // namespace
}  // namespace evc::integrations
