#include "services/routing/command/frvcp_command.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <charconv>
#include <vector>

#include "kit/base/json.hpp"
#include "services/routing/domain/frvcp/solver.hpp"

namespace evc::routing::command {
namespace {

Result<std::vector<std::uint32_t>> nodes(std::string_view text) {
  std::vector<std::uint32_t> route;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    std::uint32_t node = 0;
    const auto [last, error] = std::from_chars(text.data() + at, text.data() + end, node);
    if (error != std::errc() || last != text.data() + end)
      return fail_field("/route/" + std::to_string(route.size()), "must be a node number");
    route.push_back(node);
    at = end + 1;
  }
  return route;
}

// The route with the visits to stations in their places.
json::Value driven(std::span<const std::uint32_t> route, const frvcp::Solution& solution) {
  json::Array visits;
  auto charge = solution.charges.begin();
  for (std::size_t position = 0; position < route.size(); ++position) {
    visits.push_back(json::Object{{"node", route[position]}});
    for (; charge != solution.charges.end() && charge->after == position; ++charge) {
      visits.push_back(json::Object{{"node", charge->node},
                                    {"arrived", charge->arrived},
                                    {"departed", charge->departed},
                                    {"charging", charge->time}});
    }
  }
  return visits;
}

}  // namespace

Outcome frvcp(std::string_view instance_json, std::string_view route_text, const FrvcpOptions& options) {
  const auto instance = frvcp::Instance::read(instance_json);
  if (!instance) return bad_input("instance", instance.error());
  const auto route = nodes(route_text);
  if (!route) return bad_input("route", route.error());
  frvcp::Limits limits;
  limits.start = options.start.value_or(limits.start);
  limits.reserve = options.reserve.value_or(limits.reserve);
  limits.final_reserve = options.final_reserve.value_or(limits.final_reserve);
  const auto answer = frvcp::Solver(*instance).solve(*route, limits);
  if (!answer) return bad_input("route", answer.error());
  json::Object out{{"feasible", answer->solution.has_value()}, {"labels", answer->labels}};
  if (answer->solution) {
    out["duration"] = answer->solution->duration;
    out["arrived"] = answer->solution->arrived;
    out["route"] = driven(*route, *answer->solution);
  }
  return {.status = answer->solution ? 0 : kNoSolution, .out = json::serialize(out) + "\n"};
}

}  // namespace evc::routing::command
