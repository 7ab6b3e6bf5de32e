// The ways between stands, found once per network and for every car: for each pair within reach of any car the way of
// each course, as what it asks of a car (metres per heading, speed and slope). A way is cut where it turns from giving
// to taking energy, so that a car's profile of it is a sum per piece; less swing than 30 Wh of a usual car is not seen,
// in the car's favour, and corrected when an answer rests on it (TripRoads::exact_drives). Immutable; about 1 kB per
// pair on hilly roads.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "services/routing/domain/imported/courses.hpp"
#include "services/routing/domain/imported/driving.hpp"

namespace evc::routing::imported {

class LegTable {
 public:
  // Network and metrics outlive it.
  LegTable(const roads::RoadNetwork& network, const std::vector<roads::Metric>& metrics,
           const std::vector<Spot>& stands, const std::function<bool()>& give_up);
  bool complete() const { return complete_; }  // not given up

  struct Leg {
    Vertex to = 0;
    std::uint32_t course = 0;
    float access_from_m = 0, access_to_m = 0;
    std::uint32_t first_piece = 0;  // up to the next leg's
  };
  std::span<const Leg> from(Vertex stand) const {
    return std::span(legs_).subspan(first_leg_[stand], first_leg_[stand + 1] - first_leg_[stand]);
  }
  std::size_t size() const { return legs_.size() - 1; }
  std::size_t bytes() const;
  struct Overlays {
    Overlay known;
    Overlay ideal;  // see ideal_drives
  };
  // All legs at these speed caps.
  Overlays overlays(const ev::EnergyModel& model, const Wind& wind, double max_speed_kmh) const;

 private:
  static constexpr double kFurthestM = 600'000;
  struct Piece {
    std::uint32_t first_entry = 0;  // up to the next piece's
    float free_seconds = 0, still_seconds = 0;
  };
  void add(Vertex to, std::uint32_t course, const Way& way, const Driving& usual);
  void add_pieces(const roads::Route& route, const std::vector<std::size_t>& cuts);
  Drive drive(const Leg& leg, const Driving& driving, const ev::EnergyModel& model) const;

  const roads::RoadNetwork& network_;
  bool complete_ = true;
  std::vector<std::size_t> first_leg_;  // by stand, and one more
  std::vector<Leg> legs_;               // and one more
  std::vector<Piece> pieces_;           // and one more
  std::vector<std::uint16_t> keys_;     // heading · kBinCount + bin
  std::vector<float> metres_;
};

}  // namespace evc::routing::imported
