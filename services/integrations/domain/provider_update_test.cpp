#include "services/integrations/domain/provider_update.hpp"

#include <gtest/gtest.h>

namespace evc::integrations {
namespace {

TEST(ProviderUpdate, EachProviderHasItsOwnSecret) {
  const Secret<std::string> base(std::string("shared"));
  EXPECT_EQ(provider_secret(base, "acme").reveal().size(), 64u);
  EXPECT_EQ(provider_secret(base, "acme").reveal(), provider_secret(base, "acme").reveal());
  EXPECT_NE(provider_secret(base, "acme").reveal(), provider_secret(base, "other").reveal());
}

std::string pointer(std::string_view text) {
  const auto data = update_data("acme", *json::decode_text<ProviderUpdate>(text));
  return data ? "" : data.error().fields.at(0).pointer;
}

TEST(ProviderUpdate, BecomesTheDataOfAnEvent) {
  const auto update = json::decode_text<ProviderUpdate>(
      R"({"kind":"meterValues","stationId":"S","timestamp":"2026-11-23T17:04:12Z","connectorId":1,"transactionId":"t","meterWh":5,"powerKw":1.5})");
  ASSERT_TRUE(update);
  EXPECT_EQ(
      json::serialize(*update_data("acme", *update)),
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
  EXPECT_EQ(pointer(R"({"kind":"meterValues","connectorId":1,"transactionId":"t","meterWh":1,"soc":1.5,)" + head + "}"),
            "/soc");
}

TEST(ProviderUpdate, ProviderNames) {
  EXPECT_TRUE(is_provider_name("acme-2"));
  for (const auto* name : {"", "Acme", "2a", "a_b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})
    EXPECT_FALSE(is_provider_name(name)) << name;
}

}  // namespace
}  // namespace evc::integrations
