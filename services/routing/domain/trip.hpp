// A trip request and its answer as plain values, independent of HTTP and of the engine that finds the route.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "kit/ev/energy_model.hpp"
#include "kit/ev/vehicle.hpp"
#include "services/routing/domain/network.hpp"

namespace evc::routing {

// A place of the network when `place` is set, else a position.
struct Location {
  std::optional<NodeId> place;
  Position position;
};

struct Via {
  Location location;
  double dwell_seconds = 0;
};

// Minimised: time_weight · seconds + money_weight · minor units.
struct Objective {
  double time_weight = 1;
  double money_weight = 0;
};

struct Wind {
  double speed_mps = 0;
  double from_deg = 0;  // where it comes from, clockwise from north
  bool operator==(const Wind&) const = default;
};

struct SiteFilter {
  std::vector<std::string> connectors;  // empty: those of the vehicle
  std::vector<std::string> networks;    // empty: all
  std::vector<std::string> avoid_networks;
  std::vector<std::string> exclude;  // site ids
  double min_power_kw = 0;
};

enum class PoiKind { kFood, kToilet, kRest };

// What to look for along a trip, and how long the way there and back may take.
struct PoiWish {
  std::vector<PoiKind> kinds;
  double detour_seconds = 300;
};

struct TripRequest {
  Location from, to;
  std::vector<Via> via;
  ev::Vehicle vehicle;
  ev::Conditions conditions;
  Wind wind;
  double soc = 0.8;               // at departure
  double min_stop_soc = 0.1;      // on arrival at a charging stop or a via
  double min_arrival_soc = 0.15;  // at the destination
  double max_charge_soc = 0.8;    // charging ends here at the latest
  Objective objective;
  SiteFilter filter;
  double overhead_seconds = 300;    // leaving the road, plugging in, starting
  double stop_penalty_seconds = 0;  // what a stop counts beyond its time when plans are compared
  double max_speed_kmh = 130;
  int alternatives = 0;
  // Local time at the start, in seconds since Monday's midnight; empty: hours of stations are not looked at.
  std::optional<double> depart_week_second;
  PoiWish pois;
  // Work limits: past the label limit the answer is bounded, after giving up there is none.
  std::size_t label_limit = 100'000;
  std::function<bool()> give_up;             // asked now and then; empty: never
  std::function<bool()> give_up_explaining;  // the same for the ways out of an impossible trip; empty: as give_up
};

// A part of one direction of a road of an imported network.
struct LanePart {
  std::uint32_t lane = 0;
  double from = 0, to = 1;  // shares of its length, in driving direction
  double cap_kmh = 0;       // driven no faster
};

struct PathPoint {
  Position position;
  double distance_m = 0;  // since the trip's start
  double elevation_m = 0;
  double seconds = 0;    // since the trip's start
  double speed_kmh = 0;  // on the stretch that ends here
  double power_kw = 0;   // mean battery power on that stretch
  double soc = 0;
  std::optional<NodeId> place;
  std::optional<LanePart> lane;  // the road that ends here
};

struct EndPoint {
  std::string name;
  Position position;
  std::optional<std::string> place_id;
  std::optional<std::string> site_id;
  double elevation_m = 0;
  bool beside = false;  // near what is named, not there
};

struct TripLeg {
  EndPoint from, to;
  double distance_m = 0;
  double seconds = 0;
  double energy_wh = 0;  // out of the battery
  double depart_soc = 0;
  double arrive_soc = 0;
  double max_speed_kmh = 0;  // the speed this leg is planned for
  std::vector<std::string> roads;
  std::vector<PathPoint> path;
  std::vector<Position> line;  // where the roads lie, when they bend between the points of the path
};

struct TripStop {
  std::size_t site = 0;  // index into TripNetwork::sites()
  std::size_t connector = 0;
  double arrive_soc = 0;
  double depart_soc = 0;
  double charge_seconds = 0;
  double overhead_seconds = 0;
  std::int64_t plug_wh = 0;
  double peak_kw = 0;
  std::optional<Money> price;  // empty: not known
  double arrive_seconds = 0;   // since the trip's start
  double leave_seconds = 0;
  bool parked = false;                // during the stay at a via
  double beyond_stay_seconds = 0;     // parked: how much longer than the stay it takes
  std::optional<std::size_t> plan_b;  // another site that can be reached from here with what is left
};

struct TripTotals {
  double distance_m = 0;
  double seconds = 0;
  double drive_seconds = 0;
  double charge_seconds = 0;
  double overhead_seconds = 0;
  double dwell_seconds = 0;
  double energy_wh = 0;
  std::int64_t plug_wh = 0;
  Money price;  // of the stops whose price is known
  std::size_t unpriced_stops = 0;
  std::size_t stops = 0;
  double arrive_soc = 0;
};

// legs and stops alternate in driving order: after legs[i] the car stops at stop_after[i] (none: a via or the
// destination).
struct TripPlan {
  std::string label;
  std::vector<TripLeg> legs;
  std::vector<std::optional<TripStop>> stop_after;
  std::vector<double> dwell_after;  // seconds at a via
  TripTotals totals;
  double arrival_confidence = 0;
};

struct Certificate {
  enum class Status { kExact, kBounded } status = Status::kExact;
  double lower_bound_seconds = 0;  // of the objective; seconds when it is time
  double gap = 0;                  // (found − bound) / found
  // The same against a bound over every way of the network; empty: not known.
  std::optional<double> gap_over_all_ways;
  std::size_t labels = 0;
};

struct Relaxation {
  std::string kind;      // startSoc, batteryKwh, maxSpeedKmh, minArrivalSoc, minStopSoc, station
  double value = 0;      // the least change that helps, in the unit of the kind
  std::string place_id;  // kind station: where one more fast site would do
  double seconds = 0;    // of the trip that it makes possible
};

struct Infeasibility {
  enum class Reason {
    kNoRoad,
    kNoStationInReach,
    kArrivalSocTooHigh,
    kFiltersTooNarrow,
    kStationsClosed
  } reason = Reason::kNoStationInReach;
  std::optional<EndPoint> gap_from, gap_to;
  double gap_distance_m = 0;
  double gap_missing_wh = 0;  // beyond what the battery may hold on leaving
  std::optional<EndPoint> furthest;
  double furthest_left_m = 0;  // road left from there
  std::vector<Relaxation> relaxations;
};

// Beside a stop (its site), or a detour from the route.
struct TripPoi {
  PoiKind kind = PoiKind::kFood;
  std::string name;
  Position position;
  double distance_m = 0;  // along the route
  double detour_seconds = 0;
  std::optional<std::size_t> site;
  double walk_m = 0;
};

struct TripAnswer {
  std::optional<TripPlan> plan;  // empty: infeasible
  std::vector<TripPoi> pois;
  std::vector<TripPlan> alternatives;
  std::optional<Infeasibility> infeasible;
  Certificate certificate;
};

// The engine behind GET /routing. Errors: location-not-routable, deadline-exceeded (given up, or the label limit was
// reached without any route).
class Planner {
 public:
  virtual ~Planner() = default;
  virtual Result<TripAnswer> plan(const TripRequest& request) const = 0;
};

}  // namespace evc::routing
