// The road network as charging stops see it, for one vehicle and its weather: vertices are sites, and between two of
// them there are a few ways to drive (faster or thriftier), each with its time and its energy profile. Immutable, made
// once per vehicle and weather, shared between trips. TripGraph adds what one trip brings: its start, its vias, its
// destination. Who fills them (a shipped network, a road engine, a generator) knows what `way` means; nothing here
// does.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kit/ev/energy_model.hpp"

namespace evc::routing {

struct Drive {
  double seconds = 0;
  ev::Profile profile;    // Wh
  std::uint32_t way = 0;  // the maker's name for how it is driven
};

// All drives from one vertex to another.
struct Link {
  std::uint32_t to = 0;
  std::uint32_t first = 0, count = 0;
  double least_seconds = 0, least_cost = 0;  // of any of them
};

// Drives of which none is beaten by another in time and in every number of the profile.
std::vector<Drive> best_drives(std::vector<Drive> drives);

class Overlay {
 public:
  struct LinkInto {
    std::uint32_t from = 0;
    std::uint32_t first = 0, count = 0;
    double least_seconds = 0, least_cost = 0;  // of any of its drives
  };

  explicit Overlay(std::size_t sites);
  // Each ordered pair at most once, `to` rising for each `from`; nothing is kept for a pair without drives. Only before
  // the first copy is made.
  void connect(std::uint32_t from, std::uint32_t to, std::span<const Drive> drives);

  // Other drives for a pair that has some; none of them passable: nobody drives there. Copies stay as they are.
  void replace(std::uint32_t from, std::uint32_t to, std::vector<Drive> drives);

  std::size_t sites() const { return leaving_.size(); }
  std::size_t drive_count() const { return built_ + replaced_.size(); }
  std::span<const Link> leaving(std::uint32_t site) const { return *leaving_[site]; }
  // No drives when there is no link.
  std::span<const Drive> between(std::uint32_t from, std::uint32_t to) const;
  std::span<const LinkInto> arriving(std::uint32_t site) const { return *arriving_[site]; }
  template <class AnyLink>
  std::span<const Drive> drives(const AnyLink& link) const {
    return link.first < built_ ? std::span<const Drive>(drives_->data() + link.first, link.count)
                               : std::span<const Drive>(replaced_.data() + (link.first - built_), link.count);
  }

 private:
  // Copies share what was built: an overlay of a country has millions of drives, and a copy replaces a few of them.
  std::shared_ptr<std::vector<Drive>> drives_ = std::make_shared<std::vector<Drive>>();
  std::size_t built_ = 0;        // of drives_
  std::vector<Drive> replaced_;  // numbered after them
  std::vector<Drive> scratch_;
  std::vector<std::shared_ptr<std::vector<Link>>> leaving_;
  std::vector<std::shared_ptr<std::vector<LinkInto>>> arriving_;
};

// Stage k leads from terminal k to terminal k + 1; terminal 0 is the start, the last one the destination. A terminal's
// vertex number is sites() + its own.
class TripGraph {
 public:
  TripGraph(const Overlay& overlay, std::size_t stages);

  // Drives of stage `stage`: from its terminal to a site, from a site to the next terminal, or straight there.
  void leave(std::size_t stage, std::uint32_t site, std::vector<Drive> drives);
  void arrive(std::size_t stage, std::uint32_t site, std::vector<Drive> drives);
  void go_straight(std::size_t stage, std::vector<Drive> drives);

  const Overlay& overlay() const { return *overlay_; }
  std::size_t stages() const { return leaving_.size(); }
  std::uint32_t terminal(std::size_t index) const { return static_cast<std::uint32_t>(overlay_->sites() + index); }
  std::span<const Link> leaving(std::size_t stage) const { return leaving_[stage]; }
  std::span<const Drive> drives(const Link& link) const { return std::span(drives_).subspan(link.first, link.count); }
  std::span<const Drive> to_target(std::size_t stage, std::uint32_t site) const {
    return drives(arriving_[stage][site]);
  }
  std::span<const Drive> from_terminal(std::size_t stage, std::uint32_t site) const;
  std::span<const Drive> straight(std::size_t stage) const { return drives(straight_[stage]); }

 private:
  Link store(std::uint32_t to, std::vector<Drive> drives);

  const Overlay* overlay_;
  std::vector<Drive> drives_;
  std::vector<std::vector<Link>> leaving_;   // per stage
  std::vector<std::vector<Link>> arriving_;  // per stage and site
  std::vector<Link> straight_;               // per stage
};

}  // namespace evc::routing
