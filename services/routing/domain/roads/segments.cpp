#include "services/routing/domain/roads/segments.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "services/routing/domain/roads/speed_slope.hpp"

namespace evc::routing::roads {
namespace {

constexpr double kStraightWithinM = 2.5;
constexpr double kSampleEveryM = 200;  // a straight road is sampled at least this often

// The road from a point of the shape to the next one.
struct Stretch {
  Point point;  // where it begins
  double length_m = 0;
  double elevation_m = 0;  // where it begins
  std::uint32_t way = 0;
  std::uint8_t speed_along = 0;
  std::uint8_t speed_against = 0;
  bool off_ground = false;
  bool ferry = false;
};

struct Profile {
  std::vector<double> at_m;  // distance from the start, one more than stretches
  std::vector<double> elevation_m;
};

Point part_way(Point a, Point b, double share) {
  const auto mix = [&](std::int32_t from, std::int32_t to) {
    return static_cast<std::int32_t>(std::lround(from + (double{static_cast<double>(to)} - from) * share));
  };
  return {mix(a.lat_e7, b.lat_e7), mix(a.lon_e7, b.lon_e7)};
}

// Heights between two kept points lie on the line between them (Ramer, Douglas and Peucker, over distance and height).
void straighten(Profile& profile) {
  std::vector<std::pair<std::size_t, std::size_t>> spans = {{0, profile.at_m.size() - 1}};
  while (!spans.empty()) {
    const auto [first, last] = spans.back();
    spans.pop_back();
    const double run = profile.at_m[last] - profile.at_m[first];
    const double slope = run > 0 ? (profile.elevation_m[last] - profile.elevation_m[first]) / run : 0;
    const auto line = [&](std::size_t i) {
      return profile.elevation_m[first] + slope * (profile.at_m[i] - profile.at_m[first]);
    };
    std::size_t furthest = first;
    double most = kStraightWithinM;
    for (std::size_t i = first + 1; i < last; ++i) {
      if (const double off = std::abs(profile.elevation_m[i] - line(i)); off > most) {
        furthest = i;
        most = off;
      }
    }
    if (furthest == first) {
      for (std::size_t i = first + 1; i < last; ++i) profile.elevation_m[i] = line(i);
    } else {
      spans.emplace_back(first, furthest);
      spans.emplace_back(furthest, last);
    }
  }
}

class SegmentMaker {
 public:
  SegmentMaker(const RawRoads& roads, const Chains& chains, const Elevation* elevation, RoadNetworkData& network)
      : roads_(roads), chains_(chains), elevation_(elevation), network_(network) {}

  void run() {
    for (std::uint32_t chain = 0; chain < chains_.chains.size(); ++chain) add(chain);
    network_.segments.push_back({.first_point = static_cast<std::uint32_t>(network_.points.size())});
    network_.lanes.push_back({.first_bin = static_cast<std::uint32_t>(network_.bins.size())});
    network_.names = roads_.names;
  }

 private:
  void add(std::uint32_t chain) {
    const std::vector<Stretch> stretches = stretches_of(chain);
    const Point end = roads_.nodes[chains_.chains[chain].last_node].point;
    const Profile profile = profile_of(stretches, end);
    add_segment(stretches);
    for (std::size_t i = 0; i <= stretches.size(); ++i) {
      const bool last = i == stretches.size();
      const double quarters = std::clamp(std::round(profile.elevation_m[i] * 4), -32'000.0, 32'000.0);
      network_.points.push_back({.point = last ? end : stretches[i].point,
                                 .elevation = static_cast<std::int16_t>(quarters),
                                 .speed_along = last ? std::uint8_t{0} : stretches[i].speed_along,
                                 .speed_against = last ? std::uint8_t{0} : stretches[i].speed_against});
    }
    add_lane(chain, stretches, profile, Direction::kAlong);
    add_lane(chain, stretches, profile, Direction::kAgainst);
  }

  std::vector<Stretch> stretches_of(std::uint32_t chain) const {
    std::vector<Stretch> stretches;
    const std::uint32_t end = chains_.pieces_end(chain);
    for (std::uint32_t i = chains_.chains[chain].first_piece; i < end; ++i) {
      const ChainPiece& piece = chains_.pieces[i];
      const RawWay& way = roads_.ways[piece.way];
      const Point from = roads_.nodes[piece.node].point;
      const Point to = roads_.nodes[i + 1 < end ? chains_.pieces[i + 1].node : chains_.chains[chain].last_node].point;
      const double length = great_circle_m(position_of(from), position_of(to));
      const bool sampled = elevation_ != nullptr && (way.flags & (kRawFerry | kRawOffGround)) == 0;
      const int parts = sampled ? std::max(1, static_cast<int>(std::ceil(length / kSampleEveryM))) : 1;
      for (int part = 0; part < parts; ++part) {
        stretches.push_back({.point = part_way(from, to, double{static_cast<double>(part)} / parts),
                             .length_m = length / parts,
                             .way = piece.way,
                             .speed_along = piece.against ? way.speed_against : way.speed_along,
                             .speed_against = piece.against ? way.speed_along : way.speed_against,
                             .off_ground = (way.flags & kRawOffGround) != 0,
                             .ferry = (way.flags & kRawFerry) != 0});
      }
    }
    return stretches;
  }

  Profile profile_of(const std::vector<Stretch>& stretches, Point end) const {
    Profile profile{.at_m = {0}, .elevation_m = {}};
    for (const Stretch& stretch : stretches) profile.at_m.push_back(profile.at_m.back() + stretch.length_m);
    profile.elevation_m.assign(profile.at_m.size(), 0);
    if (elevation_ == nullptr) return profile;
    std::vector<std::optional<double>> heights;
    for (std::size_t i = 0; i < profile.at_m.size(); ++i)
      heights.push_back(elevation_->metres_at(position_of(i < stretches.size() ? stretches[i].point : end)));
    // What is unknown is as high as what came before, at the beginning as what comes after.
    const auto known = std::ranges::find_if(heights, [](const auto& height) { return height.has_value(); });
    double before = known == heights.end() ? 0 : **known;
    for (std::size_t i = 0; i < heights.size(); ++i) before = profile.elevation_m[i] = heights[i].value_or(before);
    bridge_gaps(stretches, profile);
    straighten(profile);
    return profile;
  }

  // Between the ends of a run off the ground heights lie on a line.
  static void bridge_gaps(const std::vector<Stretch>& stretches, Profile& profile) {
    for (std::size_t first = 0; first < stretches.size(); ++first) {
      if (!stretches[first].off_ground) continue;
      std::size_t last = first;
      while (last < stretches.size() && stretches[last].off_ground) ++last;
      const double run = profile.at_m[last] - profile.at_m[first];
      for (std::size_t i = first + 1; i < last; ++i) {
        const double share = run > 0 ? (profile.at_m[i] - profile.at_m[first]) / run : 0;
        profile.elevation_m[i] = std::lerp(profile.elevation_m[first], profile.elevation_m[last], share);
      }
      first = last;
    }
  }

  void add_segment(const std::vector<Stretch>& stretches) {
    Segment segment{.first_point = static_cast<std::uint32_t>(network_.points.size())};
    double longest = -1;
    for (std::size_t first = 0; first < stretches.size();) {
      const RawWay& way = roads_.ways[stretches[first].way];
      double length = 0;
      std::size_t i = first;
      for (; i < stretches.size() && stretches[i].way == stretches[first].way; ++i) length += stretches[i].length_m;
      first = i;
      if ((way.flags & kRawToll) != 0) segment.flags |= kToll;
      if ((way.flags & kRawFerry) != 0) segment.flags |= kHasFerry;
      if (length <= longest) continue;
      longest = length;
      segment.name = way.name;
      segment.road_class = way.road_class;
    }
    network_.segments.push_back(segment);
  }

  enum class Direction { kAlong, kAgainst };

  void add_lane(std::uint32_t chain, const std::vector<Stretch>& stretches, const Profile& profile,
                Direction direction) {
    const bool along = direction == Direction::kAlong;
    const auto speed = [along](const Stretch& stretch) { return along ? stretch.speed_along : stretch.speed_against; };
    Lane lane{.first_bin = static_cast<std::uint32_t>(network_.bins.size())};
    const bool open = std::ranges::all_of(stretches, [&](const Stretch& stretch) { return speed(stretch) > 0; });
    lane.length_dm = static_cast<std::uint32_t>(std::lround(profile.at_m.back() * 10));
    double seconds = delay_seconds(chain), climb = 0, descent = 0;
    SpeedSlopeHistogram histogram;
    for (std::size_t i = 0; open && i < stretches.size(); ++i) {
      const Stretch& stretch = stretches[i];
      if (stretch.ferry) {
        seconds += ferry_seconds(stretch);
        histogram.add_ferry(stretch.length_m);
        continue;
      }
      const double rise = (profile.elevation_m[i + 1] - profile.elevation_m[i]) * (along ? 1 : -1);
      climb += std::max(0.0, rise);
      descent += std::max(0.0, -rise);
      seconds += stretch.length_m * 3.6 / kmh_of_class(speed(stretch));
      histogram.add(speed(stretch), stretch.length_m > 0 ? rise / stretch.length_m : 0, stretch.length_m);
    }
    if (open) {
      lane.milliseconds = static_cast<std::uint32_t>(std::max(1L, std::lround(seconds * 1'000)));
      lane.climb_dm = static_cast<std::uint32_t>(std::lround(climb * 10));
      lane.descent_dm = static_cast<std::uint32_t>(std::lround(descent * 10));
      const auto packed = histogram.packed();
      network_.bins.insert(network_.bins.end(), packed.begin(), packed.end());
    }
    network_.lanes.push_back(lane);
  }

  // What stands inside the chain counts whole, what stands at an end half here and half on the next road.
  double delay_seconds(std::uint32_t chain) const {
    const std::uint32_t first = chains_.chains[chain].first_piece, end = chains_.pieces_end(chain);
    double milliseconds = roads_.nodes[chains_.chains[chain].last_node].delay_ms / 2.0;
    for (std::uint32_t i = first; i < end; ++i)
      milliseconds += roads_.nodes[chains_.pieces[i].node].delay_ms / (i == first ? 2.0 : 1.0);
    return milliseconds / 1'000;
  }

  double ferry_seconds(const Stretch& stretch) const {
    double whole = 0;
    for (std::uint32_t ref = roads_.ways[stretch.way].first_ref; ref + 1 < roads_.refs_end(stretch.way); ++ref)
      whole += great_circle_m(position_of(roads_.nodes[roads_.refs[ref]].point),
                              position_of(roads_.nodes[roads_.refs[ref + 1]].point));
    return whole > 0 ? roads_.ways[stretch.way].ferry_ms / 1'000.0 * stretch.length_m / whole : 0;
  }

  const RawRoads& roads_;
  const Chains& chains_;
  const Elevation* elevation_;
  RoadNetworkData& network_;
};

}  // namespace

void add_segments(const RawRoads& roads, const Chains& chains, const Elevation* elevation, RoadNetworkData& network) {
  SegmentMaker(roads, chains, elevation, network).run();
}

}  // namespace evc::routing::roads
