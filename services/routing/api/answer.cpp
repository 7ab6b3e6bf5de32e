#include "services/routing/api/answer.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cmath>

#include "services/routing/api/obstacle_texts.hpp"
#include "services/routing/api/polyline.hpp"

namespace evc::routing {
namespace {

// Enough digits for 1 Wh, 1 m, 0.1 s and a ten-thousandth of the battery; a minus zero is none.
double rounded(double value, double unit) {
  return std::round(value / unit) * unit + 0.0;
}
double digits(double value, int count) {
  const double scale = std::pow(10, count);
  return std::round(value * scale) / scale + 0.0;
}
double kilo(double value) {
  return digits(value / 1000, 3);
}
double soc_number(double value) {
  return std::clamp(digits(value, 4), 0.0, 1.0);
}

json::Value position_json(const Position& position) {
  return json::Object{{"lat", digits(position.lat, 6)}, {"lon", digits(position.lon, 6)}};
}

json::Value waypoint_json(const EndPoint& point, Language language) {
  json::Object out{{"position", position_json(point.position)}};
  if (!point.name.empty()) out["name"] = point.beside ? near_text(language, point.name) : point.name;
  if (point.place_id) out["placeId"] = *point.place_id;
  if (point.site_id) out["stationId"] = *point.site_id;
  return out;
}

json::Value leg_json(const TripLeg& leg, Language language) {
  json::Array roads;
  for (const std::string& road : leg.roads) roads.emplace_back(road);
  json::Object out{{"from", waypoint_json(leg.from, language)}, {"to", waypoint_json(leg.to, language)},
                   {"distanceKm", kilo(leg.distance_m)},        {"seconds", digits(leg.seconds, 1)},
                   {"energyKwh", kilo(leg.energy_wh)},          {"departSoc", soc_number(leg.depart_soc)},
                   {"arrivalSoc", soc_number(leg.arrive_soc)},  {"roads", std::move(roads)}};
  // A leg of no length has no speed.
  if (leg.max_speed_kmh > 0) out["maxSpeedKmh"] = digits(leg.max_speed_kmh, 1);
  return out;
}

void add_times(json::Object& out, const TripStop& stop, const Site& site, const AnswerContext& context) {
  if (!context.style.depart_at) return;
  const auto at = [&](double seconds) {
    return format_rfc3339(*context.style.depart_at + std::chrono::milliseconds(std::llround(seconds * 1'000)));
  };
  out["arriveAt"] = at(stop.arrive_seconds);
  out["leaveAt"] = at(stop.leave_seconds);
  out["hours"] = open_at(context.request, site, stop) == true ? "open" : "unknown";
}

json::Value stop_json(const TripStop& stop, const AnswerContext& context) {
  const Site& site = context.network.sites()[stop.site];
  const SiteConnector& connector = site.connectors[stop.connector];
  const StationAdvice advice = context.stations.advice(site.id, connector.id, context.now);
  json::Object out{{"stationId", site.id},
                   {"name", site.name},
                   {"network", site.network},
                   {"position", position_json(site.position)},
                   {"connectorId", connector.id},
                   {"connectorType", connector.type},
                   {"connectorKw", connector.power_kw},
                   {"arriveSoc", soc_number(stop.arrive_soc)},
                   {"departSoc", soc_number(stop.depart_soc)},
                   {"seconds", digits(stop.charge_seconds, 1)},
                   {"overheadSeconds", digits(stop.overhead_seconds, 1)},
                   {"parked", stop.parked},
                   {"energyKwh", kilo(static_cast<double>(stop.plug_wh))},
                   {"peakKw", digits(stop.peak_kw, 2)},
                   {"status", advice.status}};
  if (stop.price) out["price"] = json::encode(*stop.price);
  add_times(out, stop, site, context);
  if (advice.age_seconds) out["statusAgeSeconds"] = *advice.age_seconds;
  if (stop.plan_b) {
    const Site& other = context.network.sites()[*stop.plan_b];
    out["planB"] = json::Object{{"stationId", other.id},
                                {"name", other.name},
                                {"detourKm", kilo(great_circle_m(site.position, other.position))}};
  }
  return out;
}

json::Value totals_json(const TripTotals& totals) {
  json::Object out{{"distanceKm", kilo(totals.distance_m)},
                   {"seconds", digits(totals.seconds, 1)},
                   {"driveSeconds", digits(totals.drive_seconds, 1)},
                   {"chargeSeconds", digits(totals.charge_seconds, 1)},
                   {"overheadSeconds", digits(totals.overhead_seconds, 1)},
                   {"dwellSeconds", digits(totals.dwell_seconds, 1)},
                   {"energyKwh", kilo(totals.energy_wh)},
                   {"chargedKwh", kilo(static_cast<double>(totals.plug_wh))},
                   {"price", json::encode(totals.price)},
                   {"stops", totals.stops},
                   {"arrivalSoc", soc_number(totals.arrive_soc)}};
  if (totals.unpriced_stops > 0) out["unpricedStops"] = totals.unpriced_stops;
  return out;
}

json::Value geometry_json(const TripPlan& plan, const AnswerContext& context) {
  std::vector<Position> line;
  for (const TripLeg& leg : plan.legs) {
    if (leg.line.empty()) {
      for (const PathPoint& point : leg.path) line.push_back(point.position);
    }
    line.insert(line.end(), leg.line.begin(), leg.line.end());
  }
  // A line has two ends even when the trip is none.
  while (line.size() < 2) line.push_back(plan.legs.front().from.position);
  if (context.style.geometry == AnswerStyle::Geometry::kPolyline6)
    return json::Object{{"type", "polyline6"}, {"points", polyline6(line)}};
  json::Array coordinates;
  for (const Position& position : line)
    coordinates.push_back(json::Array{digits(position.lon, 6), digits(position.lat, 6)});
  return json::Object{{"type", "LineString"}, {"coordinates", std::move(coordinates)}};
}

// Mapped roads have a point every few hundred metres: what a drawing cannot show is left out, the ends of legs never.
json::Value series_json(const TripPlan& plan) {
  constexpr double kMostPoints = 1'000;
  const double apart_m = plan.totals.distance_m / kMostPoints;
  json::Array series;
  double next = 0;
  for (const TripLeg& leg : plan.legs) {
    for (std::size_t i = 0; i < leg.path.size(); ++i) {
      const PathPoint& point = leg.path[i];
      const bool end = i == 0 || i + 1 == leg.path.size();
      if (!end && point.distance_m < next) continue;
      next = point.distance_m + apart_m;
      series.push_back(json::Object{{"distanceKm", kilo(point.distance_m)},
                                    {"elevationM", rounded(point.elevation_m, 1)},
                                    {"speedKmh", digits(point.speed_kmh, 1)},
                                    {"soc", soc_number(point.soc)},
                                    {"powerKw", digits(point.power_kw, 2)}});
    }
  }
  return series;
}

// legs, stops, totals, geometry: what a route and an alternative have in common.
json::Object plan_json(const TripPlan& plan, const AnswerContext& context) {
  json::Array legs, stops;
  for (const TripLeg& leg : plan.legs) legs.push_back(leg_json(leg, context.style.language));
  for (const auto& stop : plan.stop_after) {
    if (stop) stops.push_back(stop_json(*stop, context));
  }
  return json::Object{{"legs", std::move(legs)},
                      {"stops", std::move(stops)},
                      {"totals", totals_json(plan.totals)},
                      {"geometry", geometry_json(plan, context)}};
}

json::Value poi_json(const TripPoi& poi, const AnswerContext& context) {
  const char* kind = poi.kind == PoiKind::kFood ? "food" : poi.kind == PoiKind::kToilet ? "toilet" : "rest";
  json::Object out{{"kind", kind}, {"position", position_json(poi.position)}, {"distanceKm", kilo(poi.distance_m)}};
  if (!poi.name.empty()) out["name"] = poi.name;
  if (poi.site) {
    out["stationId"] = context.network.sites()[*poi.site].id;
    out["walkM"] = rounded(poi.walk_m, 1);
  } else {
    out["detourSeconds"] = digits(poi.detour_seconds, 1);
  }
  return out;
}

std::string_view reason_name(Infeasibility::Reason reason) {
  switch (reason) {
    case Infeasibility::Reason::kNoRoad:
      return "noRoad";
    case Infeasibility::Reason::kNoStationInReach:
      return "noStationInReach";
    case Infeasibility::Reason::kArrivalSocTooHigh:
      return "arrivalSocTooHigh";
    case Infeasibility::Reason::kFiltersTooNarrow:
      return "filtersTooNarrow";
    case Infeasibility::Reason::kStationsClosed:
      return "stationsClosed";
  }
  return "noStationInReach";
}

json::Value obstacle_json(const Infeasibility& why, const AnswerContext& context) {
  const Language language = context.style.language;
  json::Object out{{"reason", reason_name(why.reason)}, {"text", obstacle_text(language, why)}};
  if (why.gap_from && why.gap_to) {
    out["gap"] = json::Object{{"from", waypoint_json(*why.gap_from, language)},
                              {"to", waypoint_json(*why.gap_to, language)},
                              {"distanceKm", kilo(why.gap_distance_m)},
                              {"missingKwh", kilo(why.gap_missing_wh)}};
  }
  if (why.furthest) {
    out["furthest"] = waypoint_json(*why.furthest, language);
    out["furthestLeftKm"] = kilo(why.furthest_left_m);
  }
  json::Array relaxations;
  for (const Relaxation& relaxation : why.relaxations) {
    json::Object row{
        {"kind", relaxation.kind}, {"value", digits(relaxation.value, 3)}, {"seconds", digits(relaxation.seconds, 1)}};
    std::string place = relaxation.place_id;
    if (!place.empty()) {
      row["placeId"] = place;
      if (const auto node = context.network.find_place(place)) place = full_name(context.network.place(*node));
    }
    row["text"] = relaxation_text(language, relaxation, place);
    relaxations.push_back(std::move(row));
  }
  out["relaxations"] = std::move(relaxations);
  return out;
}

json::Value certificate_json(const Certificate& certificate, const AnswerContext& context) {
  json::Object data;
  for (const auto& [name, note] : context.network.notes()) data[name] = note;
  data["vehicle"] = "see sources in data/vehicles.json";
  if (certificate.gap_over_all_ways) data["gapOverAllWays"] = digits(*certificate.gap_over_all_ways, 6);
  return json::Object{{"status", certificate.status == Certificate::Status::kExact ? "exact" : "bounded"},
                      {"lowerBoundSeconds", digits(certificate.lower_bound_seconds, 1)},
                      {"gap", digits(certificate.gap, 6)},
                      {"labels", certificate.labels},
                      {"milliseconds", digits(context.milliseconds, 2)},
                      {"data", std::move(data)}};
}

}  // namespace

json::Value answer_json(const TripAnswer& answer, const AnswerContext& context) {
  json::Object out;
  if (answer.plan) {
    out = plan_json(*answer.plan, context);
    out["series"] = series_json(*answer.plan);
    json::Array pois;
    for (const TripPoi& poi : answer.pois) pois.push_back(poi_json(poi, context));
    out["pois"] = std::move(pois);
    out["arrivalConfidence"] = digits(answer.plan->arrival_confidence, 4);
    json::Array alternatives;
    for (const TripPlan& plan : answer.alternatives) {
      json::Object one = plan_json(plan, context);
      one["label"] = plan.label;
      one["arrivalConfidence"] = digits(plan.arrival_confidence, 4);
      alternatives.push_back(std::move(one));
    }
    out["alternatives"] = std::move(alternatives);
  }
  out["feasible"] = answer.plan.has_value();
  out["vehicle"] = context.request.vehicle.id;
  out["certificate"] = certificate_json(answer.certificate, context);
  if (answer.infeasible) out["obstacle"] = obstacle_json(*answer.infeasible, context);
  return out;
}

json::Value place_json(const Place& place) {
  return json::Object{{"id", place.id},
                      {"name", place.name},
                      {"state", place.state},
                      {"kind", place.kind == Place::Kind::kTown ? "town" : "junction"},
                      {"population", place.population},
                      {"position", position_json(place.position)}};
}

json::Value vehicle_json(const ev::Vehicle& vehicle) {
  json::Array connectors;
  for (const std::string& connector : vehicle.connectors) connectors.emplace_back(connector);
  json::Object out{{"id", vehicle.id},
                   {"name", vehicle.maker + " " + vehicle.model},
                   {"maker", vehicle.maker},
                   {"usableKwh", vehicle.usable_kwh},
                   {"connectors", std::move(connectors)},
                   {"maxAcKw", vehicle.ac_kw},
                   {"maxDcKw", vehicle.dc_kw},
                   {"massKg", vehicle.mass_kg}};
  if (vehicle.range_km > 0) out["rangeKm"] = vehicle.range_km;
  return out;
}

}  // namespace evc::routing
