#include "services/integrations/domain/ocpp/messages.hpp"

#include <gtest/gtest.h>

#include "services/integrations/domain/ocpp/meter_reading.hpp"

namespace evc::integrations::ocpp {
namespace {

json::Object object(std::string_view text) {
  return json::parse(text)->as_object();
}

template <class T>
ErrorCode code_of(const Decoded<T>& decoded) {
  EXPECT_FALSE(decoded);
  return decoded ? ErrorCode::kGenericError : decoded.error().code;
}

TEST(Messages, EachViolationHasItsCode) {
  EXPECT_EQ(code_of(decode_authorize(object("{}"))), ErrorCode::kOccurrenceConstraintViolation);
  EXPECT_EQ(code_of(decode_authorize(object(R"({"idTag":5})"))), ErrorCode::kTypeConstraintViolation);
  EXPECT_EQ(code_of(decode_authorize(object(R"({"idTag":"123456789012345678901"})"))),
            ErrorCode::kPropertyConstraintViolation);
  EXPECT_EQ(code_of(decode_authorize(object(R"({"idTag":"a\u0000b"})"))), ErrorCode::kPropertyConstraintViolation);
  EXPECT_EQ(code_of(decode_authorize(object(R"({"idTag":"a","other":1})"))), ErrorCode::kFormationViolation);
  EXPECT_EQ(
      code_of(decode_status_notification(object(R"({"connectorId":1,"status":"Sleeping","errorCode":"NoError"})"))),
      ErrorCode::kPropertyConstraintViolation);
  EXPECT_EQ(
      code_of(decode_status_notification(object(R"({"connectorId":-1,"status":"Available","errorCode":"NoError"})"))),
      ErrorCode::kPropertyConstraintViolation);
  EXPECT_EQ(
      code_of(decode_status_notification(object(R"({"connectorId":"1","status":"Available","errorCode":"NoError"})"))),
      ErrorCode::kTypeConstraintViolation);
  EXPECT_EQ(code_of(decode_heartbeat(object(R"({"x":1})"))), ErrorCode::kFormationViolation);
}

TEST(Messages, TheDetailNamesTheMemberAndNotItsValue) {
  const auto decoded = decode_authorize(object(R"({"idTag":"123456789012345678901"})"));
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().detail, "/idTag: is too long");
}

TEST(Messages, AStartIsReadWithAndWithoutAnOffset) {
  for (const auto* time :
       {"2026-11-23T17:04:05Z", "2026-11-23T17:04:05", "2026-11-23T14:04:05-03:00", "2026-11-23T17:04:05.000+00:00"}) {
    const auto decoded = decode_start_transaction(
        object(std::string(R"({"connectorId":1,"idTag":"T","meterStart":1200.0,"vendorSpecific":true,"timestamp":")") +
               time + "\"}"));
    ASSERT_TRUE(decoded) << time;
    EXPECT_EQ(format_rfc3339(decoded->timestamp), "2026-11-23T17:04:05.000Z");
    EXPECT_EQ(decoded->meter_start_wh, 1200);
  }
}

TEST(Messages, AStopDefaultsToLocalAndTakesTransactionMinusOne) {
  const auto decoded =
      decode_stop_transaction(object(R"({"transactionId":-1,"meterStop":5,"timestamp":"2026-11-23T17:04:05Z"})"));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(decoded->reason, "Local");
  EXPECT_EQ(decoded->transaction_id, -1);
}

TEST(Messages, AnUnknownMeasurandIsAPropertyViolationDeepInside) {
  const auto decoded = decode_meter_values(object(
      R"({"connectorId":1,"meterValue":[{"timestamp":"2026-11-23T17:04:05Z","sampledValue":[{"value":"1","measurand":"Happiness"}]}]})"));
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code, ErrorCode::kPropertyConstraintViolation);
  EXPECT_EQ(decoded.error().detail, "/meterValue/0/sampledValue/0/measurand: is not one of the allowed values");
}

TEST(Messages, MeterValuesNeedAValue) {
  EXPECT_EQ(code_of(decode_meter_values(object(R"({"connectorId":1,"meterValue":[]})"))),
            ErrorCode::kOccurrenceConstraintViolation);
  EXPECT_EQ(
      code_of(decode_meter_values(object(R"({"connectorId":1,"meterValue":[{"timestamp":"2026-11-23T17:04:05Z"}]})"))),
      ErrorCode::kOccurrenceConstraintViolation);
}

MeterReading read(std::string_view sampled) {
  const auto decoded = decode_meter_values(
      object(R"({"connectorId":1,"meterValue":[{"timestamp":"2026-11-23T17:04:05Z","sampledValue":)" +
             std::string(sampled) + "}]}"));
  EXPECT_TRUE(decoded) << sampled;
  return decoded ? reading_of(decoded->values.at(0)) : MeterReading{};
}

TEST(MeterReading, AValueWithoutFieldsIsTheEnergyRegisterInWattHours) {
  EXPECT_EQ(read(R"([{"value":"1254300"}])").energy_wh, 1254300);
}

TEST(MeterReading, KilowattsAndKilowattHoursAreScaled) {
  const auto reading =
      read(R"([{"value":"12.3456","unit":"kWh"},{"value":"49.8","measurand":"Power.Active.Import","unit":"kW"},
    {"value":"49","measurand":"SoC","unit":"Percent","location":"EV"}])");
  EXPECT_EQ(reading.energy_wh, 12346);
  EXPECT_EQ(reading.power_w, 49800);
  EXPECT_DOUBLE_EQ(*reading.soc, 0.49);
}

TEST(MeterReading, PhasesAreSummedOnlyWithoutATotal) {
  EXPECT_EQ(
      read(R"([{"value":"100","phase":"L1"},{"value":"200","phase":"L2"},{"value":"300","phase":"L3"}])").energy_wh,
      600);
  EXPECT_EQ(read(R"([{"value":"100","phase":"L1"},{"value":"650"},{"value":"300","phase":"L3"}])").energy_wh, 650);
}

TEST(MeterReading, TheOutletWinsOverTheInlet) {
  EXPECT_EQ(read(R"([{"value":"100","location":"Outlet"},{"value":"110","location":"Inlet"}])").energy_wh, 100);
  EXPECT_EQ(read(R"([{"value":"110","location":"Inlet"}])").energy_wh, 110);
}

TEST(MeterReading, SignedDataNonsenseAndNegativesAreNotInterpreted) {
  EXPECT_FALSE(read(R"([{"value":"OCMF|{}","format":"SignedData"}])").energy_wh);
  EXPECT_FALSE(read(R"([{"value":"12,5"}])").energy_wh);
  EXPECT_FALSE(read(R"([{"value":"-5"}])").energy_wh);
  EXPECT_FALSE(read(R"([{"value":"nan"}])").energy_wh);
  EXPECT_FALSE(read(R"([{"value":"101","measurand":"SoC"}])").soc);
}

TEST(MeterReading, TheRawJsonIsKept) {
  const auto decoded = decode_meter_values(object(
      R"({"connectorId":1,"meterValue":[{"timestamp":"2026-11-23T17:04:05Z","sampledValue":[{"value":"OCMF|{\"a\":1}","format":"SignedData","vendor":7}]}]})"));
  ASSERT_TRUE(decoded);
  EXPECT_EQ(
      json::serialize(decoded->values[0].raw),
      R"({"timestamp":"2026-11-23T17:04:05Z","sampledValue":[{"value":"OCMF|{\"a\":1}","format":"SignedData","vendor":7}]})");
}

}  // namespace
}  // namespace evc::integrations::ocpp
