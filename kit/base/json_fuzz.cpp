// libFuzzer over the JSON parser and the codec: what is accepted and written again reads as the same, and a struct that
// was decoded is encoded to what decodes to it again.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kit/base/clock.hpp"
#include "kit/base/json.hpp"
#include "kit/base/money.hpp"
#include "kit/base/uuid.hpp"

namespace {

using namespace evc;

enum class Plug { kCcs2, kType2 };
BOOST_DESCRIBE_ENUM(Plug, kCcs2, kType2)

struct Inner {
  std::string name;
  std::optional<std::int64_t> count;
};
BOOST_DESCRIBE_STRUCT(Inner, (), (name, count))

struct Outer {
  bool on = false;
  std::int32_t small = 0;
  double ratio = 0;
  std::optional<Uuid> id;
  std::optional<WallTime> at;
  std::optional<Money> price;
  std::vector<Inner> parts;
  std::map<std::string, Plug> plugs;
};
BOOST_DESCRIBE_STRUCT(Outer, (), (on, small, ratio, id, at, price, parts, plugs))

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = json::parse(text);
  if (!value) return 0;
  const std::string written = json::serialize(*value);
  const auto again = json::parse(written);
  require(again.has_value() && json::serialize(*again) == written);
  for (const auto unknown : {json::Unknown::kRefuse, json::Unknown::kIgnore}) {
    const auto decoded = json::decode<Outer>(*value, unknown);
    if (!decoded) {
      require(!decoded.error().detail.empty() || !decoded.error().fields.empty());
      continue;
    }
    const std::string encoded = json::encode_text(*decoded);
    const auto same = json::decode_text<Outer>(encoded);
    require(same.has_value() && json::encode_text(*same) == encoded);
  }
  return 0;
}
