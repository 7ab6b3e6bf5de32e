// The shipped network for the planner: places are graph nodes, towns with a site are stands. The trees between them
// are grown once; a request splices its points into the roads they lie on. Immutable, shared by every worker.
#pragma once

#include <memory>

#include "services/routing/domain/network.hpp"
#include "services/routing/domain/place_search.hpp"
#include "services/routing/domain/site_trees.hpp"
#include "services/routing/domain/trip_network.hpp"

namespace evc::routing {

class ShippedNetwork : public TripNetwork {
 public:
  explicit ShippedNetwork(std::shared_ptr<const Network> network);

  const Network& network() const { return *network_; }
  const SiteTrees& trees() const { return trees_; }

  std::span<const Site> sites() const override { return network_->sites(); }
  std::size_t stands() const override { return trees_.size(); }
  Vertex stand_of(std::size_t site) const override { return stand_of_[site]; }
  Result<std::unique_ptr<TripRoads>> roads(const TripRequest& request, const ev::EnergyModel& model) const override;
  std::optional<NodeId> find_place(std::string_view id) const override { return network_->find_place(id); }
  Place place(NodeId node) const override { return network_->places()[node]; }
  std::vector<NodeId> search_places(std::string_view query, std::size_t limit) const override {
    return search_.find(query, limit);
  }
  EndPoint named(const Position& position, std::optional<NodeId> place) const override;
  Result<void> check(const TripRequest& request, const TripLeg& leg) const override;
  DataNotes notes() const override;
  // The shipped network knows none.
  std::vector<TripPoi> pois(const TripRequest&, const TripPlan&) const override { return {}; }

 private:
  std::shared_ptr<const Network> network_;
  SiteTrees trees_;
  PlaceSearch search_;
  std::vector<Vertex> stand_of_;  // by site
};

}  // namespace evc::routing
