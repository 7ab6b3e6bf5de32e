// libFuzzer over what the importer reads without libosmium: archives of elevation tiles, lists of sites, and the values
// of tags. What is accepted is within its limits; what is written down of a site reads as the same again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "kit/base/json.hpp"
#include "services/routing/domain/place_index.hpp"
#include "services/routing/import/car_rules.hpp"
#include "services/routing/import/charging_tags.hpp"
#include "services/routing/import/point_tags.hpp"
#include "services/routing/import/site_list.hpp"
#include "services/routing/import/zip_entry.hpp"

namespace {

using namespace evc;
using namespace evc::routing;

void require(bool holds) {
  if (!holds) std::abort();
}

void try_values(std::string_view text) {
  if (const auto kmh = speed_limit_kmh(text)) require(*kmh > 0 && *kmh < 500);
  if (const auto seconds = duration_seconds(text)) require(*seconds >= 0);
  if (const auto kw = power_kw(text)) require(*kw >= 1 && *kw <= 1'000);
  car_way({{"highway", "primary"}, {"maxspeed", text}, {"oneway", text}, {"access", text}});
  car_way({{"route", "ferry"}, {"duration", text}});
  charging_station({{"amenity", "charging_station"}, {"socket:type2", text}, {"socket:type2:output", text}});
  place_tags({{"place", "town"}, {"name", text}, {"population", text}});
  require(fold(fold(text)) == fold(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (const auto entry = zip_entry(bytes, ".hgt", "tile.zip"); !entry) require(!entry.error().detail.empty());
  const auto stations = read_site_list(bytes);
  if (stations) {
    const std::string written = json::encode_text(*stations);
    const auto again = json::decode_text<std::vector<roads::ChargingStation>>(written);
    require(again.has_value() && json::encode_text(*again) == written);
  }
  try_values(bytes);
  return 0;
}
