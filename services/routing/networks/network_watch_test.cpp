// A running service's network is exchanged under it: a good one is taken while trips are planned, a bad one is refused
// and told of once, and a folder that is gone means the shipped network again.
#include "services/routing/networks/network_watch.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "kit/telemetry/metrics.hpp"
#include "kit/testing/run_task.hpp"
#include "kit/testing/temporary_folder.hpp"
#include "services/routing/domain/imported/country_fixture_test.hpp"
#include "services/routing/networks/load_network.hpp"
#include "services/routing/store/road_files.hpp"

namespace evc::routing {
namespace {

class NetworkWatchTest : public ::testing::Test {
 protected:
  NetworkWatchTest()
      : folders({.shipped = "data/network", .roads = folder.path("roads")}),
        vehicles(load_vehicles("data/vehicles.json").value()),
        live(std::make_shared<LiveNetwork>(first_network(folders, vehicles).value())),
        watch(worker, live, folders, mark_of(folders.roads)) {}

  void import(std::uint64_t seed, int stations) {
    imported::Country country({.seed = seed, .stations = stations});
    ASSERT_TRUE(
        write_roads(folders.roads, country.data(), country.stations(), {.name = "map-" + std::to_string(seed)}));
  }
  std::string planned_on() const {
    for (const auto& [name, note] : live->current()->network->notes())
      if (name == "distances") return note;
    return "";
  }
  static double loads(const std::string& outcome) {
    const std::string text = telemetry::metrics().render(),
                      line = "routing_network_loads_total{outcome=\"" + outcome + "\"} ";
    const std::size_t at = text.find(line);
    return at == std::string::npos ? 0 : std::stod(text.substr(at + line.size()));
  }
  void look() { testing::run_task(worker, watch.look()); }

  testing::TemporaryFolder folder;
  NetworkFolders folders;
  std::vector<ev::Vehicle> vehicles;
  Worker worker;
  std::shared_ptr<LiveNetwork> live;
  NetworkWatch watch;
};

TEST_F(NetworkWatchTest, ANewNetworkIsTakenWhileTripsArePlanned) {
  EXPECT_NE(planned_on().find("estimated"), std::string::npos) << "the shipped one";
  const double before = loads("taken");
  std::atomic<bool> done = false;
  std::atomic<int> planned = 0, failed = 0;
  std::vector<std::jthread> drivers;
  imported::Country country({.seed = 1});
  for (int i = 0; i < 2; ++i) {
    drivers.emplace_back([&, request = country.trip()] {
      while (!done) {
        const auto loaded = live->current();
        TripRequest trip = request;
        trip.vehicle = loaded->vehicles.front();
        if (loaded->network->find_place("sp-sao-paulo")) {
          trip.from = {.place = loaded->network->find_place("sp-sao-paulo")};
          trip.to = {.place = loaded->network->find_place("sp-santos")};
        }
        const auto answer = loaded->planner->plan(trip);
        ++(answer && answer->plan ? planned : failed);
        worker.post([] {});  // wakes whoever waits for it
      }
    });
  }
  for (const int turn : {1, 2, 3}) {
    import(1, 10 * turn);
    look();
    EXPECT_EQ(live->current()->network->sites().size(), static_cast<std::size_t>(10 * turn));
    const int now = planned;
    ASSERT_TRUE(testing::run_until(worker, [&] { return planned > now + 5; }));
  }
  done = true;
  drivers.clear();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(planned_on(), "as mapped: map-1 ");
  EXPECT_EQ(loads("taken"), before + 3);
  look();
  EXPECT_EQ(loads("taken"), before + 3) << "the same one is not taken twice";
}

TEST_F(NetworkWatchTest, ABrokenACutAndAForeignOneAreRefusedOnceAndTheOldOneStays) {
  import(1, 10);
  look();
  const auto old = live->current();
  const auto refused = [&](auto&& damage, const std::string& why) {
    const double before = loads("refused");
    import(2, 5);
    damage();
    look();
    look();
    EXPECT_EQ(loads("refused"), before + 1) << why;
    EXPECT_EQ(live->current(), old) << why;
  };
  refused([&] { folder.write("roads/points.bin", folder.read("roads/points.bin").substr(1)); }, "cut off");
  refused(
      [&] {
        std::string bytes = folder.read("roads/bins.bin");
        bytes[bytes.size() / 2] ^= 1;
        folder.write("roads/bins.bin", bytes);
      },
      "one wrong bit");
  refused([&] { folder.write("roads/manifest.json", R"({"format": "photos"})"); }, "foreign");
  refused([&] { std::filesystem::remove(folder.path("roads/lanes.bin")); }, "a file is missing");
  import(3, 7);
  look();
  EXPECT_EQ(live->current()->network->sites().size(), 7U) << "the next good one is taken";
}

TEST_F(NetworkWatchTest, AFolderThatIsGoneMeansTheShippedNetwork) {
  import(1, 10);
  look();
  std::filesystem::remove_all(folders.roads);
  look();
  EXPECT_EQ(live->current()->network->sites().size(), 10U) << "perhaps another one takes its place just now";
  look();
  look();
  EXPECT_NE(planned_on().find("estimated"), std::string::npos);
}

TEST_F(NetworkWatchTest, AtTheStartABrokenOneDoesNotKeepTheServiceFromStarting) {
  import(1, 10);
  EXPECT_EQ(first_network(folders, vehicles).value()->network->sites().size(), 10U);
  folder.write("roads/points.bin", "x");
  EXPECT_GT(first_network(folders, vehicles).value()->network->sites().size(), 100U);
  EXPECT_FALSE(first_network({.shipped = folder.path("nothing"), .roads = ""}, vehicles));
}

TEST_F(NetworkWatchTest, AStopGivesUpWhatIsBeingLoaded) {
  import(1, 10);
  testing::run_task(worker, watch.stop());
  look();
  EXPECT_GT(live->current()->network->sites().size(), 100U);
  const auto given_up = load_imported(folders.roads, vehicles, [] { return true; });
  ASSERT_FALSE(given_up);
  EXPECT_EQ(given_up.error().code, Code::kDeadlineExceeded);
}

}  // namespace
}  // namespace evc::routing
