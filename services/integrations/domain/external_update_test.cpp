#include "services/integrations/domain/external_update.hpp"

#include <gtest/gtest.h>

#include "services/integrations/domain/site_list.hpp"

namespace evc::integrations {
namespace {

const WallTime kAt = *parse_rfc3339("2026-11-23T17:04:12Z");
const Uuid kSession = *parse_uuid("0198c1d2-79ff-7abc-9def-000000005e55");

TEST(ExternalUpdate, TheSubjectIsTheConnectorOrTheStation) {
  EXPECT_EQ(subject_of("BR-PRT-0001", 2), "BR-PRT-0001/2");
  EXPECT_EQ(subject_of("BR-PRT-0001", 0), "BR-PRT-0001");
}

TEST(ExternalUpdate, AStatusSpeaksTheContractsWords) {
  EXPECT_EQ(
      json::serialize(connector_status("S", 1, kAt, "SuspendedEVSE", "NoError", std::nullopt)),
      R"({"kind":"connectorStatus","provider":"ocpp","stationId":"S","timestamp":"2026-11-23T17:04:12.000Z","connectorId":1,"status":"suspendedEvse"})");
  EXPECT_EQ(connector_status("S", 1, kAt, "Offline", "ConnectionLost", kSession).at("errorCode").as_string(),
            "ConnectionLost");
  EXPECT_EQ(status_word("Sleeping"), "unknown");
}

TEST(ExternalUpdate, ATransactionsLifeIsTold) {
  const TransactionRef transaction{
      .station_id = "S", .connector_id = 1, .transaction_id = 1001, .session_id = kSession};
  EXPECT_EQ(
      json::serialize(transaction_started(transaction, kAt, 1254300, Reported::kLive)),
      R"({"kind":"transactionStarted","provider":"ocpp","stationId":"S","timestamp":"2026-11-23T17:04:12.000Z","connectorId":1,)"
      R"("sessionId":"0198c1d2-79ff-7abc-9def-000000005e55","transactionId":"1001","meterWh":1254300})");
  EXPECT_EQ(
      json::serialize(meter_values(transaction, {.timestamp = kAt, .energy_wh = 5, .power_w = 49800, .soc = 0.5})),
      R"({"kind":"meterValues","provider":"ocpp","stationId":"S","timestamp":"2026-11-23T17:04:12.000Z","connectorId":1,)"
      R"("sessionId":"0198c1d2-79ff-7abc-9def-000000005e55","transactionId":"1001","meterWh":5,"powerW":49800,"soc":0.5})");
  const auto ended = transaction_ended(
      transaction,
      {.at = kAt, .meter_start_wh = 1, .meter_wh = 2, .reason = "DeAuthorized", .reported = Reported::kLater});
  EXPECT_EQ(ended.at("reason").as_string(), "deauthorised");
  EXPECT_TRUE(ended.at("offline").as_bool());
}

TEST(ExternalUpdate, NonsenseIsClampedToTheSchema) {
  const TransactionRef orphan{.station_id = "S", .connector_id = 1, .transaction_id = 7};
  const auto data = transaction_started(orphan, kAt, -50, Reported::kLive);
  EXPECT_EQ(data.at("meterWh").as_int64(), 0);
  EXPECT_FALSE(data.contains("sessionId"));
}

TEST(ExternalUpdate, ARegistrationListsTheConnectorsOfTheSite) {
  const auto data =
      station_registered("S", kAt, {.vendor = "V", .model = "M"}, {{.id = 1, .type = "CCS2", .max_power_w = 60'000}});
  EXPECT_EQ(json::serialize(data.at("connectors")), R"([{"connectorId":1,"type":"CCS2","maxPowerW":60000}])");
  EXPECT_FALSE(data.contains("firmwareVersion"));
}

TEST(SiteList, ReadsTheShippedForm) {
  const auto sites =
      parse_sites(R"({"status":"example","sites":[{"id":"BR-AL-0001","name":"Arapiraca","operator":"x","connectors":[
    {"id":1,"type":"CCS2","powerKw":90,"current":"DC"},{"id":2,"type":"CHAdeMO","powerKw":50.5,"current":"DC"}]}]})");
  ASSERT_TRUE(sites) << sites.error().detail;
  ASSERT_EQ(sites->size(), 1u);
  EXPECT_EQ(sites->at(0).connectors.at(1).type, "CHAdeMO");
  EXPECT_EQ(sites->at(0).connectors.at(1).max_power_w, 50'500);
}

TEST(SiteList, RefusesABrokenStationId) {
  EXPECT_FALSE(parse_sites(R"({"sites":[{"id":"a b","name":"x","connectors":[]}]})"));
}

TEST(SiteList, NumbersTheLoadFleet) {
  const auto fleet = load_fleet(1500);
  EXPECT_EQ(fleet.front().station_id, "LOAD-00001");
  EXPECT_EQ(fleet.back().station_id, "LOAD-01500");
  EXPECT_EQ(fleet.front().connectors.size(), 2u);
}

}  // namespace
}  // namespace evc::integrations
