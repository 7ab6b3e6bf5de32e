// The roads of one request on an imported network: its points as spots on roads, and the ways between them and the
// stands, found when they are asked for. One per request; refers to the network and the energy model.
#pragma once

#include <memory>

#include "services/routing/domain/imported/imported_network.hpp"

namespace evc::routing::imported {

class ImportedRoads : public TripRoads {
 public:
  // How far beside a road a trip may begin or end.
  static constexpr double kAccessLimitM = 5'000;
  // A point this near to a station is at it.
  static constexpr double kAtStationM = 60;
  // What one request, and one pair of it, may spend on ways of its own.
  static constexpr std::size_t kMostWayLabels = 250'000, kMostPairLabels = 100'000;

  static Result<std::unique_ptr<TripRoads>> make(const ImportedNetwork& network, const TripRequest& request,
                                                 const ev::EnergyModel& model);

  std::shared_ptr<const Overlay> overlay() const override { return overlays_.known; }
  std::shared_ptr<const Overlay> ideal_overlay() const override { return overlays_.ideal; }
  std::vector<Drive> ideal(std::span<const Drive> drives) const override;
  StageDrives stage(std::size_t stage) const override;
  std::vector<RoadStep> road(Vertex from, Vertex to, std::uint32_t way) const override;
  std::vector<RoadStep> fastest(Vertex from, Vertex to) const override;
  std::vector<double> seconds_to(Vertex point) const override;
  EndPoint end_point(Vertex vertex) const override;
  std::optional<Vertex> stand_at(std::size_t point) const override { return points_[point].stand; }
  std::optional<std::vector<Drive>> exact_drives(Vertex from, Vertex to) const override;
  std::optional<std::vector<Drive>> all_drives(Vertex from, Vertex to) const override;

 private:
  struct TripPoint {
    Spot spot;
    std::optional<NodeId> place;
    std::optional<Vertex> stand;
  };
  ImportedRoads(const ImportedNetwork& network, const TripRequest& request, const ev::EnergyModel& model);
  Result<void> add_point(const Location& location, const std::string& pointer);
  const Spot& spot(Vertex vertex) const;
  // The drives of every course and cap.
  std::vector<Drive> drives(roads::RouteQuery& query, const Spot& from, const Spot& to) const;
  const Driving& driving(std::uint32_t cap) const;
  // The ways at one speed cap that the known ones leave room for; false: too much work.
  struct Search;
  bool add_ways(Search& search, std::uint32_t cap, std::vector<Drive>& drives) const;
  std::vector<char> stands_within(const Spot& spot) const;
  void mark_beside(std::vector<RoadStep>& steps) const;

  const ImportedNetwork& network_;
  const ev::EnergyModel& model_;
  std::vector<std::uint32_t> caps_;
  std::vector<Driving> drivings_;  // by caps_
  std::vector<TripPoint> points_;
  std::vector<char> usable_;  // stands with a plug for this car
  SharedOverlays overlays_;
  // Ways that this request found for itself, kFirstFoundWay the first of them. One thread searches for a request.
  struct FoundWay {
    roads::Route route;
    std::uint32_t cap = 0;
  };
  mutable std::vector<FoundWay> found_;
  mutable std::size_t labels_left_ = kMostWayLabels;
};

}  // namespace evc::routing::imported
