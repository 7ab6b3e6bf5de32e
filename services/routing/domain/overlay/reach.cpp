#include "services/routing/domain/overlay/reach.hpp"

#include <algorithm>
#include <cstdint>

#include "services/routing/domain/overlay/energy_map.hpp"

namespace evc::routing {
namespace {

class Spread {
 public:
  explicit Spread(const Problem& problem) : problem_(problem), graph_(*problem.graph) {
    reach_.sites.assign(graph_.stages(), std::vector<double>(problem.options.size(), -1));
    reach_.terminals.assign(graph_.stages() + 1, -1);
  }

  Reach run() {
    reach_.terminals[0] = problem_.start_wh;
    for (std::size_t stage = 0; stage < graph_.stages() && reach_.terminals[stage] >= 0; ++stage) run(stage);
    return std::move(reach_);
  }

 private:
  // With what the car leaves a via: its stay and, beyond it, any charging there.
  double leaving_terminal(std::size_t stage) const {
    const double arrived = reach_.terminals[stage];
    const bool plug = stage > 0 && !problem_.stays[stage - 1].options.empty();
    return plug ? std::max(arrived, problem_.most_wh) : arrived;
  }

  void run(std::size_t stage) {
    const double leaving = leaving_terminal(stage);
    for (const Drive& drive : graph_.straight(stage)) arrive(stage, drive, leaving);
    for (const Link& link : graph_.leaving(stage)) {
      for (const Drive& drive : graph_.drives(link)) visit(stage, link.to, drive, leaving);
    }
    while (!work_.empty()) {
      const std::uint32_t site = work_.back();
      work_.pop_back();
      const double most = std::max(problem_.most_wh, reach_.sites[stage][site]);
      for (const Drive& drive : graph_.to_target(stage, site)) arrive(stage, drive, most);
      for (const Link& link : graph_.overlay().leaving(site)) {
        if (reach_.sites[stage][link.to] >= problem_.most_wh) continue;
        for (const Drive& drive : graph_.overlay().drives(link)) visit(stage, link.to, drive, most);
      }
    }
  }

  double arrival(const Drive& drive, double leaving, double needed) const {
    if (leaving < drive.profile.in) return -1;
    const double arrived = std::min(drive.profile.out, leaving - drive.profile.cost);
    return arrived >= needed ? arrived : -1;
  }

  void arrive(std::size_t stage, const Drive& drive, double leaving) {
    const bool last = stage + 1 == graph_.stages();
    const double needed = last ? problem_.arrival_wh : drive.seconds > 0 ? problem_.reserve_wh : 0;
    double& best = reach_.terminals[stage + 1];
    best = std::max(best, arrival(drive, leaving, needed));
  }

  void visit(std::size_t stage, std::uint32_t site, const Drive& drive, double leaving) {
    if (problem_.options[site].empty()) return;
    const double arrived = arrival(drive, leaving, drive.seconds > 0 ? problem_.reserve_wh : 0);
    double& best = reach_.sites[stage][site];
    if (arrived <= best) return;
    // Once reached, a site lets the car leave with the same energy however it came, unless it came with more.
    const bool news = best < 0 || arrived > problem_.most_wh;
    best = arrived;
    if (news) work_.push_back(site);
  }

  const Problem& problem_;
  const TripGraph& graph_;
  Reach reach_;
  std::vector<std::uint32_t> work_;
};

}  // namespace

Reach reach(const Problem& problem) {
  return Spread(problem).run();
}

}  // namespace evc::routing
