#include "tools/synthetic_country/country.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "tools/synthetic_country/map_writer.hpp"
#include "tools/synthetic_country/random.hpp"

namespace evc::synthetic {
namespace {

constexpr double kMetresPerDegree = 111'195;
constexpr double kCellM = 30'000;  // one town per cell
constexpr double kStreetM = 100;   // between crossings
constexpr double kShapeM = 300;    // between points of a country road
constexpr int kLargestTown = 250;  // crossings a side
constexpr double kFallOff = 0.35;  // of a town's side with its rank
constexpr double kNodesPerCrossing = 1.6;
constexpr double kNodesPerRoads = 320;  // of the roads of one town
constexpr std::size_t kMotorwayTowns = 60;

struct Metres {
  double north = 0;
  double east = 0;
};

Degrees degrees(Metres at) {
  // The country lies at the equator, where a degree is as long both ways.
  return {at.north / kMetresPerDegree, at.east / kMetresPerDegree - 60};
}

struct Town {
  Metres centre;
  int side = 0;
  std::vector<std::int64_t> crossings;  // row by row

  std::int64_t& at(int row, int column) { return crossings[static_cast<std::size_t>(row * side + column)]; }
  Metres place(int row, int column) const {
    return {centre.north + (row - side / 2.0) * kStreetM, centre.east + (column - side / 2.0) * kStreetM};
  }
  // The crossing at the edge that looks at a point.
  std::pair<int, int> edge_towards(Metres point) const {
    const double north = point.north - centre.north, east = point.east - centre.east;
    const double scale = (side / 2.0) / std::max({std::abs(north), std::abs(east), 1.0});
    const auto index = [&](double off) { return std::clamp(static_cast<int>(side / 2.0 + off * scale), 0, side - 1); };
    return {index(north), index(east)};
  }
};

class Country {
 public:
  Country(const std::string& path, const CountryOptions& options)
      : options_(options), random_(options.seed), map_(path) {}

  CountrySize write() {
    place_towns();
    for (Town& town : towns_) write_town(town);
    connect_neighbours();
    connect_large_towns();
    write_stations();
    map_.finish();
    return {map_.nodes(), map_.ways(), towns_.size(), options_.stations, map_.restrictions()};
  }

 private:
  void place_towns() {
    std::vector<int> sides;
    const double largest = std::min<double>(kLargestTown, std::sqrt(static_cast<double>(options_.nodes) / 20));
    for (double left = static_cast<double>(options_.nodes); left > 0;) {
      const int side = std::max(6, static_cast<int>(largest * std::pow(sides.size() + 1.0, -kFallOff)));
      sides.push_back(side);
      left -= side * side * kNodesPerCrossing + kNodesPerRoads;
    }
    columns_ = static_cast<int>(std::ceil(std::sqrt(static_cast<double>(sides.size()))));
    std::vector<std::size_t> cells(sides.size());
    std::iota(cells.begin(), cells.end(), std::size_t{0});
    for (std::size_t i = cells.size(); i > 1; --i) std::swap(cells[i - 1], cells[random_.below(i)]);
    towns_.resize(sides.size());
    for (std::size_t rank = 0; rank < sides.size(); ++rank) {
      Town& town = towns_[cells[rank]];
      town.side = sides[rank];
      const double free = kCellM / 2 - town.side * kStreetM / 2 - 500;
      const auto row = static_cast<double>(cells[rank] / static_cast<std::size_t>(columns_)),
                 column = static_cast<double>(cells[rank] % static_cast<std::size_t>(columns_));
      town.centre = {row * kCellM + random_.between(-free, free), column * kCellM + random_.between(-free, free)};
      if (rank < kMotorwayTowns) large_.push_back(cells[rank]);
    }
  }

  std::string name() {
    static constexpr const char* kSyllables[] = {"ba", "cá",  "di", "gua", "ita", "ja", "lu", "ma", "nó", "pa",
                                                 "ri", "são", "ta", "uru", "va",  "xi", "ze", "bo", "ca", "tu"};
    std::string word;
    for (std::uint64_t i = 0, count = 2 + random_.below(3); i < count; ++i) word += kSyllables[random_.below(20)];
    return word;
  }

  void write_town(Town& town) {
    const double people = town.side * town.side * 60.0;
    map_.node(degrees(town.centre), {{"place", people > 200'000  ? "city"
                                               : people > 20'000 ? "town"
                                                                 : "village"},
                                     {"name", name()},
                                     {"population", std::to_string(static_cast<int>(people))}});
    town.crossings.resize(static_cast<std::size_t>(town.side * town.side));
    for (int row = 0; row < town.side; ++row) {
      for (int column = 0; column < town.side; ++column) {
        Metres at = town.place(row, column);
        at.north += random_.between(-25, 25);
        at.east += random_.between(-25, 25);
        town.at(row, column) =
            map_.node(degrees(at), random_.chance(0.05) ? TagList{{"highway", "traffic_signals"}} : TagList{});
      }
    }
    for (int line = 0; line < town.side; ++line) {
      write_street(town, line, Along::kRow);
      write_street(town, line, Along::kColumn);
    }
    for (int i = 0; i < town.side * town.side / 7; ++i) write_dead_end(town);
  }

  enum class Along { kRow, kColumn };

  // A whole line of the grid, in ways of a few crossings, with gaps.
  void write_street(Town& town, int line, Along along) {
    const auto crossing = [&](int i) { return along == Along::kRow ? town.at(line, i) : town.at(i, line); };
    const bool avenue = line % 8 == 0;
    TagList tags = {{"highway", avenue ? "secondary" : "residential"}};
    if (avenue) tags.emplace_back("maxspeed", "60");
    if (!avenue && random_.chance(0.25)) tags.emplace_back("oneway", random_.chance(0.5) ? "yes" : "-1");
    std::vector<std::int64_t> nodes = {crossing(0)};
    std::int64_t before = 0;
    for (int i = 1; i < town.side; ++i) {
      const bool gap = !avenue && random_.chance(0.12);
      if (!gap) {
        if (random_.chance(0.3)) nodes.push_back(bend(town, line, i, along));
        nodes.push_back(crossing(i));
      }
      const bool ends = gap || i + 1 == town.side || random_.chance(0.15);
      if (!ends) continue;
      std::int64_t way = 0;
      if (nodes.size() > 1) {
        way = map_.way(nodes, tags);
        if (before != 0 && random_.chance(0.02)) map_.restriction(before, nodes.front(), way, "no_straight_on");
      }
      before = gap ? 0 : way;
      nodes = {crossing(i)};
    }
  }

  std::int64_t bend(const Town& town, int line, int i, Along along) {
    Metres at = along == Along::kRow ? town.place(line, i) : town.place(i, line);
    (along == Along::kRow ? at.east : at.north) -= kStreetM / 2;
    at.north += random_.between(-20, 20);
    at.east += random_.between(-20, 20);
    return map_.node(degrees(at));
  }

  void write_dead_end(Town& town) {
    const int row = static_cast<int>(random_.below(static_cast<std::uint64_t>(town.side))),
              column = static_cast<int>(random_.below(static_cast<std::uint64_t>(town.side)));
    Metres at = town.place(row, column);
    at.north += random_.between(20, 60);
    at.east += random_.between(20, 60);
    map_.way({town.at(row, column), map_.node(degrees(at))}, {{"highway", "service"}});
  }

  void connect_neighbours() {
    for (std::size_t cell = 0; cell < towns_.size(); ++cell) {
      const bool last_column = (cell + 1) % static_cast<std::size_t>(columns_) == 0;
      const std::size_t below = cell + static_cast<std::size_t>(columns_);
      if (!last_column && cell + 1 < towns_.size()) connect(cell, cell + 1, 0.9);
      if (below < towns_.size()) connect(cell, below, 0.9);
      if (!last_column && below + 1 < towns_.size()) connect(cell, below + 1, 0.4);
    }
  }

  void connect(std::size_t from, std::size_t to, double share) {
    if (!random_.chance(share)) return;
    const int smaller = std::min(towns_[from].side, towns_[to].side);
    if (smaller > 40) {
      write_road(from, to, {{"highway", "primary"}, {"maxspeed", "90"}, {"ref", ref("BR-")}});
    } else {
      write_road(from, to,
                 {{"highway", smaller > 20 ? "secondary" : "tertiary"}, {"maxspeed", smaller > 20 ? "80" : "60"}});
    }
  }

  std::string ref(const std::string& prefix) { return prefix + std::to_string(100 + random_.below(400)); }

  void connect_large_towns() {
    for (const std::size_t from : large_) {
      std::vector<std::size_t> others = large_;
      const Metres here = towns_[from].centre;
      const auto distance = [&](std::size_t other) {
        return std::hypot(towns_[other].centre.north - here.north, towns_[other].centre.east - here.east);
      };
      std::ranges::sort(others, {}, [&](std::size_t other) { return std::pair(distance(other), other); });
      for (std::size_t i = 1; i < std::min<std::size_t>(4, others.size()); ++i) {
        if (others[i] < from) continue;
        const TagList tags = {{"highway", "motorway"}, {"maxspeed", "120"}, {"toll", "yes"}, {"ref", ref("SP-")}};
        write_road(from, others[i], tags);
        write_road(others[i], from, tags);
      }
    }
  }

  // From the edge of one town to the edge of the other, winding.
  void write_road(std::size_t from, std::size_t to, const TagList& tags) {
    Town &one = towns_[from], &other = towns_[to];
    const auto [row, column] = one.edge_towards(other.centre);
    const auto [other_row, other_column] = other.edge_towards(one.centre);
    const Metres a = one.place(row, column), b = other.place(other_row, other_column);
    const double length = std::hypot(b.north - a.north, b.east - a.east);
    const int pieces = std::max(1, static_cast<int>(length / kShapeM));
    const double sway = random_.between(0.02, 0.08) * length, phase = random_.between(1, 4);
    std::vector<std::int64_t> nodes = {one.at(row, column)};
    for (int i = 1; i < pieces; ++i) {
      const double share = static_cast<double>(i) / pieces;
      const double off = sway * std::sin(share * 3.14159265 * std::round(phase)) + random_.between(-20, 20);
      nodes.push_back(map_.node(degrees({a.north + (b.north - a.north) * share - (b.east - a.east) / length * off,
                                         a.east + (b.east - a.east) * share + (b.north - a.north) / length * off})));
    }
    nodes.push_back(other.at(other_row, other_column));
    map_.way(std::move(nodes), tags);
  }

  // In towns, more of them in larger ones.
  void write_stations() {
    for (std::uint64_t i = 0; i < options_.stations; ++i) {
      const Town& town =
          random_.chance(0.5) ? towns_[large_[random_.below(large_.size())]] : towns_[random_.below(towns_.size())];
      const double half = town.side * kStreetM / 2;
      const Metres at{town.centre.north + random_.between(-half, half),
                      town.centre.east + random_.between(-half, half)};
      static constexpr const char* kPowers[] = {"50 kW", "60 kW", "90 kW", "120 kW", "150 kW"};
      map_.node(degrees(at), {{"amenity", "charging_station"},
                              {"name", "Station " + std::to_string(i + 1)},
                              {"socket:type2_combo", std::to_string(1 + random_.below(6))},
                              {"socket:type2_combo:output", kPowers[random_.below(5)]}});
    }
  }

  CountryOptions options_;
  Random random_;
  MapWriter map_;
  int columns_ = 0;
  std::vector<Town> towns_;
  std::vector<std::size_t> large_;
};

}  // namespace

CountrySize write_country(const std::string& path, const CountryOptions& options) {
  return Country(path, options).write();
}

}  // namespace evc::synthetic
