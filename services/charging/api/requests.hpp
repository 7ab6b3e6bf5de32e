// Reads what clients send: bodies and query parameters of contracts/http/charging.yaml, with a pointer for everything
// that is wrong.
#pragma once

#include <optional>
#include <string>

#include "kit/http/message.hpp"
#include "services/charging/domain/session.hpp"
#include "services/charging/domain/station.hpp"
#include "services/charging/store/sessions.hpp"

namespace evc::charging {

struct StartRequest {
  std::string station_id;
  std::int64_t connector_id = 0;
  std::optional<Uuid> vehicle_id;
  std::optional<double> target_soc;
  std::optional<double> energy_limit_kwh;
  json::Value payment_method;
};
BOOST_DESCRIBE_STRUCT(StartRequest, (),
                      (station_id, connector_id, vehicle_id, target_soc, energy_limit_kwh, payment_method))

struct CheckedStart {
  std::string station_id;
  std::int64_t connector_id = 0;
  StartOrder order;
  json::Value payment_method;
};
Result<CheckedStart> read_start(const http::Request& request, const std::string& puid);

struct StationQuery {
  std::optional<Box> box;
  std::optional<std::pair<double, double>> near;  // lat, lon
  StationFilter filter;
  std::int64_t limit = 50;
  std::string after;  // station id, or distance and id, of the last one of the page before
};
Result<StationQuery> read_station_query(const http::Query& query);
Result<Box> read_box(std::string_view text);
Result<SessionPage> read_session_page(const http::Query& query, const std::string& puid);
std::string session_cursor(const Session& session);
Result<std::int64_t> read_integer(const http::Query& query, std::string_view name, std::int64_t minimum,
                                  std::int64_t maximum, std::int64_t absent);

}  // namespace evc::charging
