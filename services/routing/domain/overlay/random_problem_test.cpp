#include "services/routing/domain/overlay/random_problem_test.hpp"

#include <random>

namespace evc::routing {
namespace {

constexpr double kCapacity = 20'000;

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}
  double uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(random_); }
  std::size_t below(std::size_t count) { return random_() % count; }

  ChargeFunction charging(double least_kw, double most_kw) {
    std::vector<ChargeFunction::Point> points{{0, 0}};
    const std::size_t pieces = 1 + below(4);
    for (std::size_t i = 1; i <= pieces; ++i) {
      const double wh = kCapacity / static_cast<double>(pieces);
      points.push_back({kCapacity * static_cast<double>(i) / static_cast<double>(pieces),
                        points.back().cost + wh / uniform(least_kw, most_kw) * 3.6});
    }
    return ChargeFunction::make(points).value();
  }

  // One to three ways: the slower, the thriftier.
  std::vector<Drive> drives(double reach_wh) {
    std::vector<Drive> list;
    const double wh = uniform(-0.08, 1) * reach_wh, seconds = std::abs(wh) / uniform(8, 16) + uniform(200, 900);
    for (std::size_t i = 0; i <= below(3); ++i) {
      const double slower = 1 + 0.25 * static_cast<double>(i);
      // A hill in between takes more than the whole way, a valley fills the battery on the way.
      const double cost = wh > 0 ? wh / slower : wh;
      ev::Profile profile{.in = std::max(0.0, cost) + uniform(0, 900), .cost = cost};
      profile.out = std::min(kCapacity, kCapacity - cost) - uniform(0, 900);
      list.push_back({.seconds = seconds * slower, .profile = profile, .way = static_cast<std::uint32_t>(i)});
    }
    return list;
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace

RandomProblem random_problem(std::uint64_t seed, Aim aim, Stays stays) {
  Maker make(seed);
  RandomProblem made;
  const std::size_t sites = 3 + make.below(4), stages = stays == Stays::kNone ? 1 : 2 + make.below(2);
  made.overlay = std::make_unique<Overlay>(sites);
  const double reach_wh = make.uniform(6'000, 16'000);
  for (std::uint32_t from = 0; from < sites; ++from) {
    for (std::uint32_t to = 0; to < sites; ++to) {
      if (from != to && make.below(3) != 0) made.overlay->connect(from, to, make.drives(reach_wh));
    }
  }
  made.graph = std::make_unique<TripGraph>(*made.overlay, stages);
  for (std::size_t stage = 0; stage < stages; ++stage) {
    for (std::uint32_t site = 0; site < sites; ++site) {
      if (make.below(3) != 0) made.graph->leave(stage, site, make.drives(reach_wh));
      if (make.below(3) == 0) made.graph->arrive(stage, site, make.drives(reach_wh));
    }
    if (stages > 1 || make.below(6) == 0) made.graph->go_straight(stage, make.drives(stages > 1 ? 17'000 : 24'000));
  }
  Problem& problem = made.problem;
  problem.graph = made.graph.get();
  const double money = aim == Aim::kMixed ? make.uniform(0.5, 2) : 0;
  for (std::uint32_t site = 0; site < sites; ++site) {
    auto& here = problem.options.emplace_back();
    for (std::size_t i = 0; i < 1 + (aim == Aim::kMixed ? make.below(2) : 0); ++i) {
      here.push_back({.cost = make.charging(10, 60).with_price(1, money * make.uniform(0.05, 0.3)),
                      .fixed = 300 + money * make.uniform(0, 400),
                      .id = static_cast<std::uint32_t>(i)});
    }
  }
  for (std::size_t via = 1; via < stages; ++via) {
    Stay stay{.seconds = make.uniform(0, 3'000)};
    if (stays == Stays::kPlugged) {
      stay.options.push_back({.seconds = make.charging(4, 30),
                              .price_per_wh = money * make.uniform(0, 0.2),
                              .fixed_price = money * make.uniform(0, 300),
                              .ready_after = 200});
    }
    problem.stays.push_back(std::move(stay));
  }
  problem.capacity_wh = kCapacity;
  problem.start_wh = kCapacity * make.uniform(0.2, 1);
  problem.reserve_wh = kCapacity * make.uniform(0, 0.15);
  problem.most_wh = kCapacity * make.uniform(0.7, 1);
  problem.arrival_wh = kCapacity * make.uniform(0, 0.3);
  return made;
}

}  // namespace evc::routing
