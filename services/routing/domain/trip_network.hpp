// What the planner asks of a road network, so that one engine serves the shipped network and every imported one. A
// TripNetwork is immutable and shared by all; its charging sites stand at stands, the vertices of the overlay.
// TripRoads are the roads of one request: for its car, weather and points (start, vias, destination). A vertex is a
// stand, or stands() + a point's number. Roads are driven in steps; sums over steps are what the search was told, to 1
// Wh and 1 s (else the search is told better, see exact_drives()).
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kit/ev/energy_model.hpp"
#include "services/routing/domain/overlay/overlay.hpp"
#include "services/routing/domain/trip.hpp"

namespace evc::routing {

using Vertex = std::uint32_t;

struct RoadStep {
  Position from, to;
  double from_elevation_m = 0, to_elevation_m = 0;
  double length_m = 0;
  double seconds = 0;
  double battery_wh = 0;
  std::string_view road;                       // its name, as long as the network lives; may be empty
  std::optional<NodeId> from_place, to_place;  // the places that stand there
  std::optional<Vertex> stand;                 // at its end, or as good as there
  std::optional<LanePart> lane;
  std::vector<Position> bends;  // between its ends
};

constexpr std::uint32_t kNobodysWay = 0xffff'ffff;

// Between two neighbouring points of a trip, and between them and the stands.
struct StageDrives {
  std::vector<std::vector<Drive>> leaving, arriving;  // by stand
  std::vector<Drive> straight;
};

class TripRoads {
 public:
  virtual ~TripRoads() = default;
  virtual std::shared_ptr<const Overlay> overlay() const = 0;
  virtual StageDrives stage(std::size_t stage) const = 0;
  // The steps of a drive of the overlay or of a stage; none when one stands there already.
  virtual std::vector<RoadStep> road(Vertex from, Vertex to, std::uint32_t way) const = 0;
  // By the fastest road, whatever the battery says; empty: there is none.
  virtual std::vector<RoadStep> fastest(Vertex from, Vertex to) const = 0;
  // Least driving to a point from every stand and point, by vertex; infinite where there is no road.
  virtual std::vector<double> seconds_to(Vertex point) const = 0;
  virtual EndPoint end_point(Vertex vertex) const = 0;
  // The stand at which a point lies.
  virtual std::optional<Vertex> stand_at(std::size_t point) const = 0;
  // Between two stands, where the overlay was told drives in less detail; empty: it was told exactly.
  virtual std::optional<std::vector<Drive>> exact_drives(Vertex from, Vertex to) const = 0;

  // Where overlay and stages hold a few ways of many: an overlay that no way which they miss can beat, and the same of
  // a stage's drives; drives that need not exist are kNobodysWay. Empty: all that is known of the network is told.
  virtual std::shared_ptr<const Overlay> ideal_overlay() const { return nullptr; }
  virtual std::vector<Drive> ideal(std::span<const Drive> drives) const {
    return std::vector<Drive>(drives.begin(), drives.end());
  }
  // Between two vertices everything that may be worth driving, exactly; empty: that is too much work.
  virtual std::optional<std::vector<Drive>> all_drives(Vertex, Vertex) const { return std::nullopt; }
};

// How much of an answer rests on what; goes into its certificate.
using DataNotes = std::vector<std::pair<std::string, std::string>>;

class TripNetwork {
 public:
  virtual ~TripNetwork() = default;
  virtual std::span<const Site> sites() const = 0;
  virtual std::size_t stands() const = 0;
  virtual Vertex stand_of(std::size_t site) const = 0;
  // location-not-routable with the nearest point that is; the model outlives the roads.
  virtual Result<std::unique_ptr<TripRoads>> roads(const TripRequest& request, const ev::EnergyModel& model) const = 0;

  virtual std::optional<NodeId> find_place(std::string_view id) const = 0;
  virtual Place place(NodeId node) const = 0;
  virtual std::vector<NodeId> search_places(std::string_view query, std::size_t limit) const = 0;
  virtual EndPoint named(const Position& position, std::optional<NodeId> place) const = 0;

  // For the replay: each stretch must be a road of the network, driven no faster than it allows and for what it takes.
  virtual Result<void> check(const TripRequest& request, const TripLeg& leg) const = 0;
  virtual DataNotes notes() const = 0;
  // What the request looks for along its plan, by distance; at most kMostPois.
  virtual std::vector<TripPoi> pois(const TripRequest& request, const TripPlan& plan) const = 0;
  static constexpr std::size_t kMostPois = 50;
};

// Whether a site is open from an arrival to a departure, in seconds since the trip's start; empty: not known.
std::optional<bool> open_at(const TripRequest& request, const Site& site, const TripStop& stop);
// What a place is called in the answers.
std::string full_name(const Place& place);

}  // namespace evc::routing
