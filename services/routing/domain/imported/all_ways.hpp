// Every way from one spot to another that may be worth driving, for one car at one speed cap: a search with function
// labels (time and energy profile) on the whole graph, led by what is left at least in time and in energy. It is asked
// for the few pairs on which an answer turns; on long ways through dense roads it gives up at its limit of labels.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "services/routing/domain/imported/driving.hpp"
#include "services/routing/domain/roads/target_weights.hpp"

namespace evc::routing::imported {

struct WayQuestion {
  const roads::RoadNetwork& network;
  const roads::Metric& fastest;
  const ev::EnergyModel& model;
  const Driving& driving;
  const Spot &from, &to;
  roads::TargetWeights& seconds_left;  // of the fastest course, milliseconds
  roads::TargetWeights& energy_left;   // of the thriftiest course
  // By time, those of this cap that can be driven: what is slower than one of them and takes more than it is beaten,
  // and what is slower than the last one.
  std::span<const Drive> known;
  double wh_per_unit = 0;  // of the thriftiest course, about; 0: not known
};

class AllWays {
 public:
  // The question must outlive it.
  explicit AllWays(const WayQuestion& question) : question_(question) {}
  // Among them all that no other beats. Empty: more than `labels` labels would be needed. Those used are taken off.
  std::optional<std::vector<roads::Route>> find(std::size_t& labels);

 private:
  struct Label {
    double seconds = 0;
    ev::Profile profile;
    roads::Node node = 0;
    roads::LaneId lane = 0;
    std::uint32_t before = roads::kNone;
    std::uint32_t next = roads::kNone;  // kept at the same node
  };
  void start();
  bool search(std::size_t labels);
  Label after(const Label& label, roads::LaneId lane, double share) const;
  void open(const Label& label);
  bool beaten(double seconds, double wh) const;
  bool keep(std::uint32_t index);
  roads::Route route_of(std::uint32_t label, roads::LaneId last) const;

  const WayQuestion& question_;
  std::vector<Label> labels_;
  std::unordered_map<roads::Node, std::uint32_t> heads_;
  std::vector<std::pair<double, std::uint32_t>> open_;
  std::vector<roads::Route> routes_;
};

}  // namespace evc::routing::imported
