// OverlaySearch: sites passed without charging. Where two drives in a row beat every single drive, a departure may be
// best that is chosen for the stop after the next; such ways are looked for once a good answer is known.
#include <algorithm>

#include "services/routing/domain/overlay/search.hpp"

namespace evc::routing {

void OverlaySearch::pass_sites() {
  std::vector<std::uint32_t> from;
  std::swap(from, expanded_);
  passing_ = true;
  for (const std::uint32_t index : from) {
    if (labels_[index].dead) continue;
    stand_at(index);
    // Who cannot choose a departure has nothing to gain.
    if (standing_.charge == nullptr && standing_.parked == nullptr) continue;
    const std::uint32_t vertex = standing_.label.vertex, stage = standing_.label.stage;
    if (standing_.charge != nullptr) {
      for (const Link& link : graph_.overlay().leaving(vertex)) pass_all(link, graph_.overlay().drives(link));
    } else {
      for (const Link& link : graph_.leaving(stage)) pass_all(link, graph_.drives(link));
    }
    if (stage + 1 == graph_.stages()) continue;
    // Over the via, and sites passed behind it.
    for (const Drive& drive : standing_.charge != nullptr ? graph_.to_target(stage, vertex) : graph_.straight(stage))
      reach_via({.drive = &drive, .seconds = drive.seconds, .profile = drive.profile});
  }
  passing_ = false;
}

void OverlaySearch::pass_all(const Link& link, std::span<const Drive> drives) {
  const double entry = entry_[standing_.label.stage * problem_.options.size() + link.to];
  if (standing_.so_far + entry + least_weight(link) >= best_) return;
  for (const Drive& drive : drives) {
    if (standing_.so_far + potentials_[0].weight(drive, problem_.time_weight) + entry < best_)
      pass({.drive = &drive, .seconds = drive.seconds, .profile = drive.profile}, link.to, 1);
  }
}

// Whether a single drive from where the car stands to `site` (or to the stage's end) is as good as the leg.
bool OverlaySearch::beaten(const Leg& leg, std::uint32_t site) const {
  const std::uint32_t here = standing_.label.vertex, stage = standing_.label.stage;
  const bool at_site = standing_.charge != nullptr;
  std::span<const Drive> direct;
  if (site == kNone) {
    direct = at_site ? graph_.to_target(stage, here) : graph_.straight(stage);
  } else {
    direct = at_site ? graph_.overlay().between(here, site) : graph_.from_terminal(stage, site);
  }
  return std::ranges::any_of(direct, [&](const Drive& drive) {
    return problem_.time_weight * drive.seconds <= problem_.time_weight * leg.seconds + leg.fixed &&
           drive.profile.cost <= leg.profile.cost && drive.profile.in <= leg.profile.in &&
           drive.profile.out >= leg.profile.out;
  });
}

const std::vector<OverlaySearch::Onward>& OverlaySearch::onward(std::uint32_t stage, std::uint32_t site) {
  std::vector<Onward>& list = onward_[stage * problem_.options.size() + site];
  if (!list.empty()) return list;
  for (const Link& link : graph_.overlay().leaving(site)) {
    const double weight = least_weight(link) + entry_[stage * problem_.options.size() + link.to];
    if (weight < std::numeric_limits<double>::infinity()) list.push_back({weight, &link});
  }
  std::ranges::sort(list, {}, &Onward::weight);
  return list;
}

void OverlaySearch::pass(const Leg& leg, std::uint32_t site, int depth) {
  const std::uint32_t stage = standing_.label.stage;
  const Potential& potential = potentials_[0];
  const ev::Profile gate{.in = problem_.reserve_wh, .cost = 0, .out = problem_.capacity_wh};
  const ev::Profile arrived = leg.profile.then(gate);
  if (!arrived.passable()) return;
  const double stop = least_stop_[site];
  const double ahead = standing_.so_far + problem_.time_weight * leg.seconds + leg.fixed + stop +
                       potential.price_per_wh() * leg.profile.cost;
  std::uint32_t here = kNone;
  const auto by = [&](const Drive& drive) {
    if (here == kNone) {
      here = static_cast<std::uint32_t>(passes_.size());
      passes_.push_back({.before = leg.pass, .vertex = site, .drive = leg.drive});
    }
    return Leg{.drive = &drive,
               .seconds = leg.seconds + drive.seconds,
               .profile = arrived.then(drive.profile),
               .fixed = leg.fixed + stop,
               .pass = here};
  };
  const bool last = stage + 1 == graph_.stages();
  for (const Drive& drive : graph_.to_target(stage, site)) {
    const double rest = potential.weight(drive, problem_.time_weight) + potential.from_terminal(stage + 1);
    if (ahead + rest >= best_) continue;
    const Leg there = by(drive);
    if (!there.profile.passable() || beaten(there, kNone)) continue;
    if (last) {
      finish(there);
    } else {
      reach_via(there);
    }
  }
  for (const Onward& next : onward(stage, site)) {
    if (ahead + next.weight >= best_) break;
    const Link& link = *next.link;
    const double entry = entry_[stage * problem_.options.size() + link.to];
    for (const Drive& drive : graph_.overlay().drives(link)) {
      if (ahead + potential.weight(drive, problem_.time_weight) + entry >= best_) continue;
      const Leg there = by(drive);
      if (link.to == standing_.label.vertex || !there.profile.passable() || beaten(there, link.to)) continue;
      const auto& options = problem_.options[link.to];
      for (std::uint32_t option = 0; option < options.size(); ++option)
        visit({.stage = stage, .vertex = link.to, .option = option}, options[option], there);
      if (depth < kMostPassed) pass(there, link.to, depth + 1);
    }
  }
}

}  // namespace evc::routing
