#include "services/routing/networks/load_network.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "services/routing/domain/imported/imported_network.hpp"
#include "services/routing/domain/overlay_planner.hpp"
#include "services/routing/domain/shipped_network.hpp"
#include "services/routing/store/road_files.hpp"

namespace evc::routing {
namespace {

Result<std::string> text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return fail(Code::kValidationFailed, "cannot read " + path);
  return text.str();
}

// One line that says all.
std::unexpected<Error> named(const std::string& what, Error error) {
  if (!error.fields.empty()) error.detail += " " + error.fields[0].pointer + " " + error.fields[0].detail;
  error.detail = what + ": " + error.detail;
  return std::unexpected(std::move(error));
}

std::shared_ptr<const LoadedNetwork> loaded(std::shared_ptr<const TripNetwork> network,
                                            const std::vector<ev::Vehicle>& vehicles) {
  auto planner = std::make_shared<const OverlayPlanner>(network);
  return std::make_shared<const LoadedNetwork>(LoadedNetwork{std::move(network), std::move(planner), vehicles});
}

}  // namespace

const ev::Vehicle* LoadedNetwork::find_vehicle(std::string_view id) const {
  const auto found = std::ranges::find(vehicles, id, &ev::Vehicle::id);
  return found == vehicles.end() ? nullptr : &*found;
}

Result<std::vector<ev::Vehicle>> load_vehicles(const std::string& file) {
  EVC_TRY(text, text_of(file));
  auto vehicles = ev::read_vehicles(text);
  if (!vehicles) return named(file, std::move(vehicles).error());
  return vehicles;
}

Result<std::shared_ptr<const LoadedNetwork>> load_shipped(const std::string& folder,
                                                          const std::vector<ev::Vehicle>& vehicles) {
  EVC_TRY(places, text_of(folder + "/places.csv"));
  EVC_TRY(arcs, text_of(folder + "/arcs.csv"));
  EVC_TRY(sites, text_of(folder + "/sites.json"));
  auto network = Network::load({.places = places, .arcs = arcs, .sites = sites});
  if (!network) return named(folder, std::move(network).error());
  return loaded(std::make_shared<const ShippedNetwork>(std::make_shared<const Network>(std::move(*network))), vehicles);
}

Result<std::shared_ptr<const LoadedNetwork>> load_imported(const std::string& folder,
                                                           const std::vector<ev::Vehicle>& vehicles,
                                                           std::function<bool()> give_up) {
  auto opened = RoadFiles::open(folder);
  if (!opened) return std::unexpected(std::move(opened).error());
  const auto files = std::make_shared<const RoadFiles>(std::move(*opened));
  auto network = imported::ImportedNetwork::make({.network = files->network(),
                                                  .stations = files->stations(),
                                                  .keep = files,
                                                  .name = files->source().name + " " + files->source().timestamp,
                                                  .elevation = files->source().elevation,
                                                  .give_up = std::move(give_up)});
  if (!network) return named(folder, std::move(network).error());
  return loaded(std::move(*network), vehicles);
}

}  // namespace evc::routing
