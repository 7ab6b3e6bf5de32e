// What a lane says of itself against the road that it was made from, and its energy against the model driven stretch
// by stretch.
#include "services/routing/domain/roads/segments.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "services/routing/domain/roads/energy_rates.hpp"
#include "services/routing/domain/roads/town_fixture_test.hpp"

namespace evc::routing::roads {
namespace {

ev::Vehicle a_car() {
  return {.usable_kwh = 50, .mass_kg = 1'700, .cda_m2 = 0.65, .crr = 0.01};
}

class Slope : public Elevation {
 public:
  explicit Slope(double metres_per_degree) : rise_(metres_per_degree) {}
  std::optional<double> metres_at(Position position) const override { return 800 + (position.lat + 22) * rise_; }

 private:
  double rise_;
};

// One road to the north, 0.1° long (11.1 km), at 80 km/h there and 60 km/h back.
RawRoads northward() {
  RawRoads roads;
  for (int i = 0; i <= 10; ++i) roads.nodes.push_back({.point = {-220'000'000 + i * 100'000, -460'000'000}});
  for (std::uint32_t i = 0; i <= 10; ++i) roads.refs.push_back(i);
  roads.ways.push_back({.osm_id = 1, .name = roads.add_name("BR-101"), .speed_along = 16, .speed_against = 12});
  return roads;
}

RoadNetworkData segments_of(const RawRoads& roads, const Elevation* elevation) {
  RoadNetworkData network;
  add_segments(roads, make_chains(roads), elevation, network);
  return network;
}

TEST(Segments, LengthTimeClimbAndDescentOfBothDirections) {
  const Slope slope(3'000);  // 300 m over the road: 2.7 %
  RawRoads roads = northward();
  roads.nodes[5].delay_ms = 10'000;
  roads.nodes[10].delay_ms = 4'000;
  const RoadNetworkData network = segments_of(roads, &slope);
  ASSERT_EQ(network.segment_count(), 1U);
  EXPECT_EQ(network.name(network.segments[0].name), "BR-101");
  const Lane &there = network.lanes[0], &back = network.lanes[1];
  EXPECT_NEAR(there.length_dm, 111'195, 2);
  EXPECT_NEAR(there.milliseconds, 11'119.5 * 3.6 / 80 * 1'000 + 12'000, 2) << "an end counts half";
  EXPECT_NEAR(back.milliseconds, 11'119.5 * 3.6 / 60 * 1'000 + 12'000, 2);
  EXPECT_NEAR(there.climb_dm, 3'000, 2);
  EXPECT_EQ(there.descent_dm, 0U);
  EXPECT_EQ(back.climb_dm, there.descent_dm);
  EXPECT_EQ(back.descent_dm, there.climb_dm);
  EXPECT_NEAR(network.shape(0).back().elevation - network.shape(0).front().elevation, 1'200, 1);
}

TEST(Segments, NoiseIsNoHillAndABridgeRunsStraight) {
  class Noise : public Elevation {
   public:
    std::optional<double> metres_at(Position position) const override {
      return std::llround(position.lat * 1e7) / 18'000 % 2 == 0 ? 500 : 502;
    }
  } noise;
  EXPECT_LT(segments_of(northward(), &noise).lanes[0].climb_dm, 25U);

  class Gorge : public Elevation {
   public:
    std::optional<double> metres_at(Position position) const override {
      return position.lat > -21.98 && position.lat < -21.93 ? 100 : 400;
    }
  } gorge;
  EXPECT_NEAR(segments_of(northward(), &gorge).lanes[0].climb_dm, 3'000, 10);
  RawRoads bridge = northward();
  bridge.ways[0].flags = kRawOffGround;
  EXPECT_EQ(segments_of(bridge, &gorge).lanes[0].climb_dm, 0U);
}

TEST(Segments, AFerryTakesItsTimeAndNoEnergyButWhatTheCarUsesStanding) {
  RawRoads roads = northward();
  roads.ways[0].flags = kRawFerry;
  roads.ways[0].ferry_ms = 3'600'000;
  const RoadNetworkData data = segments_of(roads, nullptr);
  const RoadNetwork network = view_of(data);
  EXPECT_EQ(network.lanes[0].milliseconds, 3'600'000U);
  const LaneCost cost = lane_cost(network, energy_rates({a_car(), {}}, {}), 0);
  EXPECT_NEAR(cost.seconds, 3'600, 0.01);
  EXPECT_NEAR(cost.battery_wh, ev::Vehicle{}.auxiliary_w + ev::EnergyModel(a_car(), {}).climate_w(), 1);
}

TEST(EnergyRates, ADotProductIsTheModelDrivenStretchByStretch) {
  const ev::EnergyModel model(a_car(), {});
  for (const double metres_per_degree : {-12'000.0, -8'000.0, -3'000.0, 0.0, 2'000.0, 9'000.0}) {
    SCOPED_TRACE(metres_per_degree);
    const Slope slope(metres_per_degree);
    const RoadNetworkData data = segments_of(northward(), &slope);
    const RoadNetwork network = view_of(data);
    for (const std::optional<double> cap : {std::optional<double>(), std::optional<double>(50)}) {
      const LaneCost cost = lane_cost(network, energy_rates(model, {.speed_cap_kmh = cap, .elevation_m = 800}), 0);
      const double rise = metres_per_degree * 0.1, kmh = cap.value_or(80);
      const double expected = model.battery_wh({.length_m = 11'119.5,
                                                .speed_mps = kmh / 3.6,
                                                .climb_m = std::max(0.0, rise),
                                                .descent_m = std::max(0.0, -rise),
                                                .elevation_m = 800});
      EXPECT_NEAR(cost.battery_wh, expected, std::max(25.0, std::abs(expected) * 0.02));
      EXPECT_NEAR(cost.seconds, 11'119.5 * 3.6 / kmh, 1);
    }
  }
}

TEST(EnergyRates, NoRoundTripGainsEnergyHoweverSteep) {
  const EnergyRates rates = energy_rates({a_car(), {}}, {});
  for (const double slope : {0.01, 0.1, 0.34, 0.5, 2.0}) {
    SpeedSlopeHistogram up, down;
    up.add(6, slope, 100);
    down.add(20, -slope, 100);
    double height = 0, wh = 0;
    for (const auto& histogram : {up, down}) {
      for (const std::uint32_t packed : histogram.packed()) {
        height += metres_in(packed) * slope_of_bin(bin_in(packed));
        wh += metres_in(packed) * rates.wh_per_m[bin_in(packed)];
      }
    }
    EXPECT_NEAR(height, 0, 0.02);
    EXPECT_GT(wh, 0);
  }
}

TEST(SpeedSlope, ClassesAreFiveKilometresAnHourWideAndBounded) {
  EXPECT_EQ(speed_class(0.1), 1);
  EXPECT_EQ(speed_class(52.4), 10);
  EXPECT_EQ(speed_class(52.6), 11);
  EXPECT_EQ(speed_class(400), kSpeedClasses);
  EXPECT_EQ(speed_class_of_bin(bin_of(11, 3)), 11);
  EXPECT_EQ(slope_of_bin(bin_of(11, 3)), kSlopeCentres[3]);
  SpeedSlopeHistogram far;
  far.add(20, 0, 400'000);
  double metres = 0;
  for (const std::uint32_t packed : far.packed()) metres += metres_in(packed);
  EXPECT_NEAR(metres, 400'000, 0.01);
}

}  // namespace
}  // namespace evc::routing::roads
