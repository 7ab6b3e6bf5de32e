#include "services/charging/api/requests.hpp"

#include <array>
#include <charconv>
#include <cmath>

#include "kit/base/bytes.hpp"

namespace evc::charging {
namespace {

constexpr double kMaxLimitKwh = 500;
constexpr std::size_t kTokenLimit = 64;

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

// "a,b,…" with exactly N numbers.
template <std::size_t N>
std::optional<std::array<double, N>> numbers(std::string_view text) {
  std::array<double, N> values{};
  for (std::size_t i = 0; i < N; ++i) {
    const auto comma = text.find(',');
    if ((comma == std::string_view::npos) != (i + 1 == N)) return std::nullopt;
    const auto value = number(text.substr(0, comma));
    if (!value) return std::nullopt;
    values[i] = *value;
    if (comma != std::string_view::npos) text.remove_prefix(comma + 1);
  }
  return values;
}

Result<void> check_payment_method(const json::Value& method) {
  if (!method.is_object()) return fail_field("/paymentMethod", "an object with `type`");
  const auto& object = method.get_object();
  const auto* type = object.if_contains("type");
  const auto* token = object.if_contains("token");
  if (type == nullptr || !type->is_string())
    return fail_field("/paymentMethod/type", "simulated-card or simulated-pix");
  for (const auto& member : object) {
    if (member.key() != "type" && member.key() != "token")
      return fail_field("/paymentMethod/" + std::string(member.key()), "unknown member");
  }
  if (type->get_string() == "simulated-pix") {
    return token == nullptr ? Result<void>{} : fail_field("/paymentMethod/token", "simulated-pix has no token");
  }
  if (type->get_string() != "simulated-card")
    return fail_field("/paymentMethod/type", "simulated-card or simulated-pix");
  const bool good = token != nullptr && token->is_string() && !token->get_string().empty() &&
                    token->get_string().size() <= kTokenLimit;
  return good ? Result<void>{} : fail_field("/paymentMethod/token", "1 to 64 characters");
}

// Wh, when the number has at most three digits after the point.
Result<std::int64_t> limit_wh(double kwh) {
  const double wh = kwh * 1000.0;
  const auto rounded = std::llround(wh);
  const bool exact = std::abs(wh - static_cast<double>(rounded)) < 1e-6;
  if (!(kwh > 0) || kwh > kMaxLimitKwh || !exact || rounded < 1)
    return fail_field("/energyLimitKwh", "more than 0, at most 500, at most three digits after the point");
  return rounded;
}

}  // namespace

Result<CheckedStart> read_start(const http::Request& request, const std::string& puid) {
  EVC_TRY(body, http::body_as<StartRequest>(request));
  if (body.connector_id < 1 || body.connector_id > 255) return fail_field("/connectorId", "1 to 255");
  if (body.target_soc && (*body.target_soc < 0 || *body.target_soc > 1))
    return fail_field("/targetSoc", "a fraction from 0 to 1");
  EVC_CHECK(check_payment_method(body.payment_method));
  CheckedStart checked{.station_id = body.station_id,
                       .connector_id = body.connector_id,
                       .order = {.puid = puid, .vehicle_id = body.vehicle_id, .target_soc = body.target_soc},
                       .payment_method = std::move(body.payment_method)};
  if (body.energy_limit_kwh) {
    EVC_TRY(wh, limit_wh(*body.energy_limit_kwh));
    checked.order.energy_limit_wh = wh;
  }
  return checked;
}

Result<Box> read_box(std::string_view text) {
  const auto values = numbers<4>(text);
  if (!values) return fail_field("?bbox", "minLon,minLat,maxLon,maxLat");
  const Box box{(*values)[0], (*values)[1], (*values)[2], (*values)[3]};
  const bool sensible = box.min_lon >= -180 && box.max_lon <= 180 && box.min_lat >= -90 && box.max_lat <= 90 &&
                        box.min_lon <= box.max_lon && box.min_lat <= box.max_lat;
  if (!sensible) return fail_field("?bbox", "the minimum comes first, in degrees of WGS 84");
  return box;
}

Result<std::int64_t> read_integer(const http::Query& query, std::string_view name, std::int64_t minimum,
                                  std::int64_t maximum, std::int64_t absent) {
  const auto text = query.get(name);
  if (!text) return absent;
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text->data() + text->size() || value < minimum || value > maximum) {
    return fail_field("?" + std::string(name),
                      "an integer from " + std::to_string(minimum) + " to " + std::to_string(maximum));
  }
  return value;
}

Result<StationQuery> read_station_query(const http::Query& query) {
  StationQuery wanted;
  if (const auto text = query.get("bbox")) {
    EVC_TRY(box, read_box(*text));
    wanted.box = box;
  }
  if (const auto text = query.get("near")) {
    const auto values = numbers<2>(*text);
    if (!values || std::abs((*values)[0]) > 90 || std::abs((*values)[1]) > 180)
      return fail_field("?near", "lat,lon in degrees of WGS 84");
    wanted.near = {(*values)[0], (*values)[1]};
  }
  if (const auto text = query.get("minPowerKw")) {
    const auto value = number(*text);
    if (!value || *value < 0 || *value > 1000) return fail_field("?minPowerKw", "0 to 1000");
    wanted.filter.min_power_kw = *value;
  }
  if (const auto text = query.get("connector")) wanted.filter.connector_type = std::string(*text);
  if (const auto text = query.get("available")) {
    if (*text != "true" && *text != "false") return fail_field("?available", "true or false");
    wanted.filter.only_available = *text == "true";
  }
  EVC_TRY(limit, read_integer(query, "limit", 1, 200, 50));
  wanted.limit = limit;
  if (const auto text = query.get("cursor")) {
    const auto decoded = base64url_decode(*text);
    if (!decoded) return fail_field("?cursor", "not a cursor of this list");
    wanted.after = *decoded;
  }
  return wanted;
}

std::string session_cursor(const Session& session) {
  return base64url_encode(std::to_string(session.created_at.time_since_epoch().count()) + ":" + to_string(session.id));
}

Result<SessionPage> read_session_page(const http::Query& query, const std::string& puid) {
  SessionPage page{.puid = puid};
  EVC_TRY(limit, read_integer(query, "limit", 1, 200, 50));
  page.limit = limit;
  if (const auto state = query.get("state")) {
    if (!state_from_name(*state)) return fail_field("?state", "not a state of a session");
    page.state = std::string(*state);
  }
  if (const auto cursor = query.get("cursor")) {
    const auto decoded = base64url_decode(*cursor).value_or("");
    const auto colon = decoded.find(':');
    std::int64_t micros = 0;
    const auto parsed = std::from_chars(decoded.data(), decoded.data() + std::min(colon, decoded.size()), micros);
    const auto id = colon == std::string::npos ? Result<Uuid>(fail(Code::kValidationFailed))
                                               : parse_uuid(std::string_view(decoded).substr(colon + 1));
    if (parsed.ec != std::errc() || !id) return fail_field("?cursor", "not a cursor of this list");
    page.before = WallTime(std::chrono::microseconds(micros));
    page.before_id = *id;
  }
  return page;
}

}  // namespace evc::charging
