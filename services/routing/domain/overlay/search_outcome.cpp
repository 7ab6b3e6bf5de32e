// The found labels as drives with what was charged before each.
#include <algorithm>

#include "services/routing/domain/overlay/search.hpp"

namespace evc::routing {

// The drives from label `from` to vertex `to`, over the vias of the chain.
void OverlaySearch::add_steps(std::vector<OverlayStep>& steps, std::uint32_t from, const End& end,
                              std::uint32_t to) const {
  const Label& label = labels_[from];
  std::vector<const Pass*> passes;
  for (std::uint32_t pass = end.pass; pass != kNone; pass = passes_[pass].before) passes.push_back(&passes_[pass]);
  std::ranges::reverse(passes);
  OverlayStep step{.from = label.vertex, .stage = label.stage, .arrived_wh = label.energy, .departed_wh = end.departed};
  if (end.departed > label.energy && label.option != kNone) {
    const bool site = label.vertex < graph_.overlay().sites();
    step.option = site ? problem_.options[label.vertex][label.option].id
                       : problem_.stays[label.stage - 1].options[label.option].id;
  }
  const auto drive = [&](const Drive& by, std::uint32_t there) {
    step.to = there;
    step.way = by.way;
    step.reached_wh = std::min(by.profile.out, step.departed_wh - by.profile.cost);
    steps.push_back(step);
  };
  for (const Pass* pass : passes) {
    drive(*pass->drive, pass->vertex);
    const bool site = pass->vertex < graph_.overlay().sites();
    const std::size_t stage = site ? step.stage : step.stage + 1;
    const double reached = step.reached_wh;
    step = {.from = pass->vertex, .stage = stage, .arrived_wh = reached, .departed_wh = reached};
    if (pass->parked == kNone) continue;
    const Stay& stay = problem_.stays[stage - 1];
    step.departed_wh = after_stay(stay.options[pass->parked], stay.seconds, problem_.most_wh, reached);
    if (step.departed_wh > reached) step.option = stay.options[pass->parked].id;
  }
  drive(*end.drive, to);
}

OverlayOutcome OverlaySearch::outcome() const {
  OverlayOutcome found{.status = OverlayOutcome::Status::kFound, .value = best_};
  std::vector<std::uint32_t> chain;
  for (std::uint32_t at = best_end_.parent; at != kNone; at = labels_[at].parent) chain.push_back(at);
  std::ranges::reverse(chain);
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    const Label& next = labels_[chain[i + 1]];
    add_steps(found.steps, chain[i],
              {.parent = next.parent, .pass = next.pass, .drive = next.drive, .departed = next.departed}, next.vertex);
  }
  add_steps(found.steps, best_end_.parent, best_end_, graph_.terminal(graph_.stages()));
  return found;
}

}  // namespace evc::routing
