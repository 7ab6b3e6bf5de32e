// An imported network for the planner: the mapped roads with a hierarchy per course, the charging stations of the map
// and of our own as sites, each at a stand of its own, and the ways between them. Built once per network, in seconds to
// minutes by its size; then immutable and shared by every worker. It keeps what it is made of alive, so that a network
// that was replaced serves its last requests.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "services/routing/domain/imported/leg_table.hpp"
#include "services/routing/domain/imported/poi_grid.hpp"
#include "services/routing/domain/place_index.hpp"
#include "services/routing/domain/roads/charging_station.hpp"

namespace evc::routing::imported {

struct Source {
  roads::RoadNetwork network;
  std::vector<roads::ChargingStation> stations;
  std::shared_ptr<const void> keep;  // what the network's arrays lie in
  std::string name;                  // of the map, for the notes of an answer
  std::string elevation;             // what heights come from; empty: the land is flat
  std::function<bool()> give_up;     // asked while the ways are found; empty: never
};

// Of one car: over the known ways, and over those that there might be (ideal_drives).
struct SharedOverlays {
  std::shared_ptr<const Overlay> known, ideal;
};

// One search on the roads at a time; made when all others are in use, and used again.
class QueryPool {
 public:
  QueryPool(const roads::RoadNetwork& network, const roads::Metric& metric) : network_(network), metric_(metric) {}
  class Lease {
   public:
    Lease(QueryPool& pool, std::unique_ptr<roads::RouteQuery> query) : pool_(pool), query_(std::move(query)) {}
    ~Lease();
    Lease(const Lease&) = delete;
    Lease& operator=(const Lease&) = delete;
    roads::RouteQuery& operator*() const { return *query_; }
    roads::RouteQuery* operator->() const { return query_.get(); }

   private:
    QueryPool& pool_;
    std::unique_ptr<roads::RouteQuery> query_;
  };
  Lease lease();

 private:
  const roads::RoadNetwork& network_;
  const roads::Metric& metric_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<roads::RouteQuery>> idle_;
};

class ImportedNetwork : public TripNetwork {
 public:
  // validation-failed when the network has no roads, deadline-exceeded when given up.
  static Result<std::shared_ptr<const ImportedNetwork>> make(Source source);
  explicit ImportedNetwork(Source source);

  std::span<const Site> sites() const override { return sites_; }
  std::size_t stands() const override { return spots_.size(); }
  Vertex stand_of(std::size_t site) const override { return stand_of_[site]; }
  Result<std::unique_ptr<TripRoads>> roads(const TripRequest& request, const ev::EnergyModel& model) const override;
  std::optional<NodeId> find_place(std::string_view id) const override;
  Place place(NodeId node) const override;
  std::vector<NodeId> search_places(std::string_view query, std::size_t limit) const override {
    return index_.find(query, limit);
  }
  EndPoint named(const Position& position, std::optional<NodeId> place) const override;
  Result<void> check(const TripRequest& request, const TripLeg& leg) const override;
  DataNotes notes() const override;
  std::vector<TripPoi> pois(const TripRequest& request, const TripPlan& plan) const override;

  const roads::RoadNetwork& network() const { return source_.network; }
  const roads::Metric& metric(std::uint32_t course) const { return metrics_[course]; }
  const Spot& spot(Vertex stand) const { return spots_[stand]; }
  std::span<const Spot> spots() const { return spots_; }
  const LegTable& legs() const { return *legs_; }
  QueryPool::Lease query() const { return queries_->lease(); }
  // Of a car that was asked for lately they are there already.
  SharedOverlays overlays(const TripRequest& request, const ev::EnergyModel& model) const;

 private:
  void add_sites();

  struct Known {
    ev::Vehicle vehicle;
    ev::Conditions conditions;
    Wind wind;
    double max_speed_kmh;
    SharedOverlays overlays;
  };
  static constexpr std::size_t kKnownCars = 8;

  Source source_;
  std::vector<roads::Metric> metrics_;
  std::vector<Site> sites_;
  std::vector<Vertex> stand_of_;
  std::vector<Spot> spots_;
  std::unique_ptr<const LegTable> legs_;
  PlaceIndex index_;
  PoiGrid poi_grid_;
  std::unordered_map<std::int64_t, NodeId> place_of_id_;
  std::unique_ptr<QueryPool> queries_;
  mutable std::mutex known_mutex_;
  mutable std::list<Known> known_;  // the last one used first
};

}  // namespace evc::routing::imported
