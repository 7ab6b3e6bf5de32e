// What a client asks for, from the query of GET /routing or the body of its POST twin, and its translation into a
// TripRequest. Every wrong value is reported with its pointer: `?name` for the query, `/name` for the body.
#pragma once

#include <boost/describe.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kit/base/clock.hpp"
#include "kit/http/message.hpp"
#include "services/routing/api/obstacle_texts.hpp"
#include "services/routing/networks/live_network.hpp"

namespace evc::routing {

struct TripParameters {
  std::string from, to;
  std::optional<std::vector<std::string>> via;
  std::optional<std::string> vehicle;
  std::optional<double> soc, min_stop_soc, min_arrival_soc, max_charge_soc;
  std::optional<std::string> objective;
  std::optional<std::vector<std::string>> connectors, networks, avoid_networks, exclude;
  std::optional<double> min_power_kw, overhead_seconds, temperature_c, wind_mps, wind_from_deg, payload_kg,
      max_speed_kmh, consumption_factor;
  std::optional<std::string> depart_at;
  std::optional<double> alternatives;
  std::optional<std::vector<std::string>> pois;
  std::optional<double> poi_detour_seconds;
  std::optional<std::string> locale, geometry_format;
};
BOOST_DESCRIBE_STRUCT(TripParameters, (),
                      (from, to, via, vehicle, soc, min_stop_soc, min_arrival_soc, max_charge_soc, objective,
                       connectors, networks, avoid_networks, exclude, min_power_kw, overhead_seconds, temperature_c,
                       wind_mps, wind_from_deg, payload_kg, max_speed_kmh, consumption_factor, depart_at, alternatives,
                       pois, poi_detour_seconds, locale, geometry_format))

// validation-failed for unknown, repeated or malformed parameters. `via` may repeat; lists are comma separated.
Result<TripParameters> parameters_of_query(const http::Query& query);

enum class Source { kQuery, kBody };

// How the answer is written.
struct AnswerStyle {
  Language language = Language::kPortuguese;
  enum class Geometry { kGeoJson, kPolyline6 } geometry = Geometry::kGeoJson;
  std::optional<WallTime> depart_at;
};

struct AskedTrip {
  TripRequest trip;
  AnswerStyle style;
};

// validation-failed, place-not-found or vehicle-not-found.
Result<AskedTrip> trip_request(const TripParameters& parameters, Source source, const LoadedNetwork& loaded);

inline constexpr std::string_view kDefaultVehicle = "byd-dolphin-gs";

}  // namespace evc::routing
