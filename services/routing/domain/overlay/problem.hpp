// What the overlay search is asked and what it answers. Costs are in one unit: seconds, or seconds and money weighed
// together. Values only; a Problem refers to a graph that must outlive it.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "services/routing/domain/charging/charge_function.hpp"
#include "services/routing/domain/overlay/overlay.hpp"

namespace evc::routing {

// One way to charge at a site.
struct ChargeOption {
  ChargeFunction cost;   // over Wh in the battery: time and price weighed
  double fixed = 0;      // of stopping at all: overhead and start fee weighed
  std::uint32_t id = 0;  // the maker's name for it
};

// Charging while the car stands at a via anyway: free of time until the stay is over.
struct ParkedOption {
  ChargeFunction seconds;   // over Wh in the battery, time alone
  double price_per_wh = 0;  // weighed
  double fixed_price = 0;   // weighed
  double ready_after = 0;   // seconds of the stay that plugging in takes
  std::uint32_t id = 0;
};

struct Stay {
  static constexpr std::uint32_t kMostOptions = 8;
  double seconds = 0;
  std::vector<ParkedOption> options;
};

struct Problem {
  const TripGraph* graph = nullptr;
  std::vector<std::vector<ChargeOption>> options;  // per site; none: nobody stops there
  std::vector<Stay> stays;                         // per via: stages − 1
  double capacity_wh = 0;
  double start_wh = 0;
  double reserve_wh = 0;  // on arrival at stops and vias, except where one stands already
  double most_wh = 0;     // charging ends here at the latest
  double arrival_wh = 0;  // at the destination
  double time_weight = 1;
  std::size_t label_limit = 1'000'000;
  std::function<bool()> give_up;  // asked now and then; empty: never
};

// A drive, and what was charged before it.
struct OverlayStep {
  std::uint32_t from = 0, to = 0;  // vertices
  std::uint32_t way = 0;
  std::size_t stage = 0;
  double arrived_wh = 0;                // at `from`
  double departed_wh = 0;               // from there
  double reached_wh = 0;                // at `to`
  std::optional<std::uint32_t> option;  // id of the option that was used at `from`
};

struct OverlayOutcome {
  enum class Status { kFound, kInfeasible, kLimit, kCancelled } status = Status::kInfeasible;
  std::vector<OverlayStep> steps;
  double value = 0;
  double lower_bound = 0;  // no answer is below; equal to value: it is the best
  std::size_t labels = 0;
};

}  // namespace evc::routing
