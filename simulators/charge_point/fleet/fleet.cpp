#include "simulators/charge_point/fleet/fleet.hpp"

#include "kit/base/bytes.hpp"

namespace evc::charge_point {

using std::chrono::milliseconds;

namespace {

// The scheme of services/integrations/README.md, "Passwords".
Secret<std::string> station_password(const Secret<std::string>& fleet_secret, const std::string& station_id) {
  constexpr std::size_t kPasswordLength = 40;
  return Secret<std::string>(
      hex_encode(view(hmac_sha256(fleet_secret.reveal(), station_id))).substr(0, kPasswordLength));
}

json::Object describe(const ChargePoint& station) {
  const auto view = station.view();
  json::Array connectors;
  for (const auto& connector : station.connectors()) {
    json::Object entry{{"connectorId", connector.plan.id},
                       {"status", text_of(connector.status)},
                       {"meterWh", connector.meter_wh()},
                       {"powerW", connector.power_w()}};
    if (connector.car) entry["soc"] = connector.car->soc();
    if (connector.transaction && connector.transaction->id) entry["transactionId"] = *connector.transaction->id;
    connectors.push_back(std::move(entry));
  }
  return {{"stationId", station.plan().station_id},
          {"online", view.online},
          {"accepted", view.accepted},
          {"queued", view.queued},
          {"started", view.transactions_started},
          {"stopped", view.transactions_stopped},
          {"changedIds", view.changed_ids},
          {"connectors", std::move(connectors)}};
}

Result<void> apply(ChargePoint& station, const FaultRequest& request) {
  constexpr std::int64_t kLongestMs = 86'400'000;
  const auto duration_ms = request.duration_ms.value_or(10'000);
  if (duration_ms < 1 || duration_ms > kLongestMs) return fail_field("/durationMs", "is out of range");
  if (request.fault == "offline") {
    station.go_offline(milliseconds(duration_ms));
  } else if (request.fault == "reboot") {
    station.reboot();
  } else if (request.fault == "repeatStart") {
    station.repeat_next_start();
  } else if (request.fault == "repeatStop") {
    station.repeat_next_stop();
  } else if (request.fault == "rejectStart") {
    station.reject_next_start();
  } else if (request.fault == "connectorFault" || request.fault == "connectorRepaired") {
    const bool is_repair = request.fault == "connectorRepaired";
    const auto code = is_repair ? std::string{} : request.error_code.value_or("GroundFailure");
    if (!request.connector_id || !station.set_fault(*request.connector_id, code))
      return fail_field("/connectorId", "is missing or unknown");
  } else if (request.fault == "largeBattery") {
    const auto times = request.times.value_or(10);
    if (times < 1 || times > 100) return fail_field("/times", "is out of range");
    if (!request.connector_id || !station.expect_large_battery(*request.connector_id, static_cast<double>(times)))
      return fail_field("/connectorId", "is missing or unknown");
  } else {
    return fail_field("/fault", "is not one of the known faults");
  }
  return {};
}

}  // namespace

Fleet::Fleet(Worker& worker, CentralSystem central_system, const Behaviour& behaviour,
             const std::vector<StationPlan>& plans, const Secret<std::string>& fleet_secret)
    : worker_(&worker), central_system_(std::move(central_system)), behaviour_(behaviour) {
  for (const auto& plan : plans) {
    links_[plan.station_id] = std::make_unique<StationLink>(
        worker, central_system_, station_password(fleet_secret, plan.station_id), plan, behaviour_);
  }
}

void Fleet::start(std::int64_t per_second) {
  std::int64_t number = 0;
  for (auto& [station_id, link] : links_) {
    const milliseconds delay{number++ * 1000 / per_second};
    worker_->tasks().spawn("station", link->run(delay));
  }
}

void Fleet::add_routes(http::Router& router) {
  const http::RouteOptions open{.access = http::Access::kPublic};  // the listener demands a certificate
  router.add(
      "GET", "/stations", [this](RequestContext& context, http::Request& request) { return list(context, request); },
      open);
  router.add(
      "GET", "/stations/{stationId}",
      [this](RequestContext& context, http::Request& request) { return show(context, request); }, open);
  router.add(
      "POST", "/stations/{stationId}/faults",
      [this](RequestContext& context, http::Request& request) { return disturb(context, request); }, open);
}

StationLink* Fleet::find(const http::Request& request) {
  const auto station_id = request.path_parameter("stationId");
  if (!station_id) return nullptr;
  const auto found = links_.find(std::string(*station_id));
  return found == links_.end() ? nullptr : found->second.get();
}

Task<http::Response> Fleet::list(RequestContext&, http::Request&) {
  json::Array stations;
  for (const auto& [station_id, link] : links_) stations.push_back(describe(link->station()));
  co_return http::Response::json(200, json::Object{{"stations", std::move(stations)}});
}

Task<http::Response> Fleet::show(RequestContext& context, http::Request& request) {
  auto* link = find(request);
  if (link == nullptr) co_return http::problem({.code = Code::kStationNotFound}, context, request.path);
  co_return http::Response::json(200, describe(link->station()));
}

Task<http::Response> Fleet::disturb(RequestContext& context, http::Request& request) {
  auto* link = find(request);
  if (link == nullptr) co_return http::problem({.code = Code::kStationNotFound}, context, request.path);
  const auto fault = http::body_as<FaultRequest>(request);
  if (!fault) co_return http::problem(fault.error(), context, request.path);
  const auto applied = apply(link->station(), *fault);
  link->settle();
  if (!applied) co_return http::problem(applied.error(), context, request.path);
  co_return http::Response::json(202, describe(link->station()));
}

}  // namespace evc::charge_point
