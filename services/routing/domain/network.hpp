// The loaded road network and its charging sites: immutable after loading, shared by every worker. Places are graph
// nodes, arcs are directed and sorted by their start; sites stand at places. Loading checks every reference and range
// and says which line is wrong.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kit/base/result.hpp"
#include "kit/tariff/tariff.hpp"
#include "services/routing/domain/geo.hpp"

namespace evc::routing {

using NodeId = std::uint32_t;

struct Place {
  std::string id;
  std::string name;
  std::string state;
  Position position;
  double elevation_m = 0;
  std::int64_t population = 0;
  enum class Kind { kTown, kJunction } kind = Kind::kTown;
};

struct Arc {
  NodeId from = 0;
  NodeId to = 0;
  double length_m = 0;
  double speed_mps = 0;  // free flow of a car
  double climb_m = 0;
  double descent_m = 0;
  std::uint32_t road = 0;  // index into roads()
};

struct SiteConnector {
  std::int64_t id = 0;
  std::string type;
  double power_kw = 0;
  std::string current;  // AC or DC
};
BOOST_DESCRIBE_STRUCT(SiteConnector, (), (id, type, power_kw, current))

struct Site {
  std::string id;
  std::string name;
  std::string network;  // the operator's name
  Position position;
  NodeId node = 0;
  std::vector<SiteConnector> connectors;
  tariff::Tariff tariff;
  bool price_known = true;                   // else the tariff says nothing
  std::optional<std::string> opening_hours;  // as the map has it
};

// The texts of data/network/{places.csv, arcs.csv, sites.json}.
struct NetworkTexts {
  std::string_view places, arcs, sites;
};

class Network {
 public:
  static Result<Network> load(const NetworkTexts& texts);
  // For tests and for other sources; the same checks.
  static Result<Network> build(std::vector<Place> places, std::vector<Arc> arcs, std::vector<std::string> roads,
                               std::vector<Site> sites);

  std::span<const Place> places() const { return places_; }
  std::span<const Arc> arcs() const { return arcs_; }
  std::span<const Arc> arcs_from(NodeId node) const {
    return std::span(arcs_).subspan(first_arc_[node], first_arc_[node + 1] - first_arc_[node]);
  }
  std::span<const Site> sites() const { return sites_; }
  std::span<const std::string> roads() const { return roads_; }
  std::optional<NodeId> find_place(std::string_view id) const;

  // The nearest point of any road, as the arc it lies on.
  struct RoadPoint {
    std::size_t arc = 0;
    double fraction = 0;
    double distance_m = 0;
    Position position;
  };
  RoadPoint nearest_road(const Position& position) const;
  NodeId nearest_place(const Position& position) const;

 private:
  std::vector<Place> places_;
  std::vector<Arc> arcs_;
  std::vector<std::size_t> first_arc_;
  std::vector<std::string> roads_;
  std::vector<Site> sites_;
  std::unordered_map<std::string, NodeId> by_id_;
};

}  // namespace evc::routing
