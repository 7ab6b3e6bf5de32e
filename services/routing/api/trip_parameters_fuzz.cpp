// What a client may write as a query or a body, up to the trip that is asked for: refused with pointers or understood,
// never anything else.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kit/base/assert.hpp"
#include "kit/base/json.hpp"
#include "services/routing/api/trip_parameters.hpp"
#include "services/routing/domain/shipped_network.hpp"

namespace {

using namespace evc;
using namespace evc::routing;

const LoadedNetwork& network() {
  static const LoadedNetwork loaded{
      .network = std::make_shared<const ShippedNetwork>(std::make_shared<const Network>(
          Network::build({{.id = "sp-santos", .position = {-24, -46}}, {.id = "rj-paraty", .position = {-23, -44}}}, {},
                         {}, {})
              .value())),
      .vehicles = {{.id = std::string(kDefaultVehicle)}}};
  return loaded;
}

void expect_sound(const Result<AskedTrip>& asked) {
  if (!asked) {
    for (const FieldError& field : asked.error().fields)
      EVC_ASSERT(field.pointer.starts_with('?') || field.pointer.starts_with('/'));
    return;
  }
  const TripRequest& trip = asked->trip;
  EVC_ASSERT(trip.soc >= 0 && trip.soc <= 1 && trip.max_charge_soc > trip.min_stop_soc && trip.via.size() <= 10);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto query = http::Query::parse(text)) {
    if (const auto parameters = parameters_of_query(*query))
      expect_sound(trip_request(*parameters, Source::kQuery, network()));
  }
  if (const auto body = json::decode_text<TripParameters>(text))
    expect_sound(trip_request(*body, Source::kBody, network()));
  return 0;
}
