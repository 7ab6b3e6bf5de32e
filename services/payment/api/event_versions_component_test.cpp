// Versions of ChargingSessionEnded at its consumer: what an old producer wrote, what this one's writes, and what a
// later one may add. The examples of the contract's schemas are the events.
#include "contracts/event_schemas.hpp"
#include "services/payment/api/payment_fixture_test.hpp"

namespace evc::payment {
namespace {

constexpr std::string_view kSubject = "charging.events-ChargingSessionEnded";

json::Object example_of(std::uint32_t version) {
  for (const auto& schema : contracts::schema_versions()) {
    if (schema.subject == kSubject && schema.version == version)
      return json::parse(schema.text)->at("examples").at(0).at("data").as_object();
  }
  throw std::logic_error("no such version");
}

// What payment read when version 1 was the newest.
struct EndedAsOfVersion1 {
  Uuid session_id;
  std::string preauthorisation_reference;
  std::string station_id;
  std::string station_name;
  std::int64_t connector_id = 0;
  WallTime started_at{};
  WallTime ended_at{};
  std::int64_t duration_s = 0;
  std::int64_t energy_wh = 0;
  Money final_price;
  json::Value price_lines;
};
BOOST_DESCRIBE_STRUCT(EndedAsOfVersion1, (),
                      (session_id, preauthorisation_reference, station_id, station_name, connector_id, started_at,
                       ended_at, duration_s, energy_wh, final_price, price_lines))

class EventVersionsTest : public PaymentTest {
 protected:
  // Takes the data as that of this test's session, and returns the receipt.
  json::Value receipt_after(json::Object data) {
    data["sessionId"] = to_string(session_);
    data["preauthorisationReference"] = reference_;
    EXPECT_EQ(hold("approved", 10'000).status, 201);
    const auto taken = run(apply({.event_id = uuid_v7(), .event_type = "ChargingSessionEnded", .data = data}));
    EXPECT_TRUE(taken) << taken.error().detail;
    EXPECT_TRUE(reaches("captured")) << state();
    const auto page = json::parse(get("/payments?sessionId=" + to_string(session_), kDriver).body);
    return page->at("payments").at(0).at("receipt");
  }
};

TEST_F(EventVersionsTest, AnEventOfVersion1IsBilledAsBefore) {
  const json::Value receipt = receipt_after(example_of(1));
  EXPECT_EQ(receipt.at("total").at("amount"), 4'886);
  EXPECT_FALSE(receipt.as_object().contains("endSoc"));
  expect_books_closed();
}

TEST_F(EventVersionsTest, AnEventOfVersion2TellsTheBatteryOnTheReceipt) {
  const json::Value receipt = receipt_after(example_of(2));
  EXPECT_EQ(receipt.at("total").at("amount"), 4'886);
  EXPECT_EQ(receipt.at("endSoc"), 0.62);
  expect_books_closed();
}

TEST_F(EventVersionsTest, AMemberOfALaterVersionIsIgnored) {
  json::Object data = example_of(2);
  data["aLaterMember"] = {{"nested", json::Array{1, "two", nullptr}}};
  const json::Value receipt = receipt_after(std::move(data));
  EXPECT_EQ(receipt.at("total").at("amount"), 4'886);
  EXPECT_FALSE(receipt.as_object().contains("aLaterMember"));
}

TEST(OldConsumer, ReadsTheNewEvent) {
  const auto read = json::decode<EndedAsOfVersion1>(json::Value(example_of(2)), json::Unknown::kIgnore);
  ASSERT_TRUE(read) << read.error().fields.at(0).pointer;
  EXPECT_EQ(read->final_price.amount, 4'886);
  EXPECT_EQ(read->energy_wh, 22'312);
}

}  // namespace
}  // namespace evc::payment
