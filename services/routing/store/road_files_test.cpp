// Networks on disk: what is opened is what was written; nothing that is broken, foreign or of another version is
// opened; what cannot be written leaves what is there.
#include "services/routing/store/road_files.hpp"

#include <gtest/gtest.h>
#include <sys/file.h>

#include <fcntl.h>
#include <unistd.h>

#include "kit/testing/temporary_folder.hpp"
#include "services/routing/domain/roads/town_fixture_test.hpp"

namespace evc::routing {
namespace {

using testing::TemporaryFolder;

roads::RoadNetworkData town_network(std::uint64_t seed) {
  return roads::build_network(roads::Town({.seed = seed}).roads, {}).data;
}

TEST(RoadFiles, WhatIsOpenedIsWhatWasWritten) {
  const TemporaryFolder folder;
  const roads::RoadNetworkData data = town_network(1);
  const std::vector<roads::ChargingStation> stations = {
      {.id = "S1", .name = "Um", .lat = -22, .lon = -46, .fee = true}};
  ASSERT_TRUE(
      write_roads(folder.path("roads"), data, stations, {.name = "town.osm", .bytes = 12, .timestamp = "then"}));
  const auto files = RoadFiles::open(folder.path("roads"));
  ASSERT_TRUE(files) << files.error().detail;
  EXPECT_EQ(files->source().name, "town.osm");
  EXPECT_EQ(files->source().timestamp, "then");
  ASSERT_EQ(files->stations().size(), 1U);
  EXPECT_EQ(files->stations()[0].fee, true);
  roads::for_each_array(
      [](const char* name, const auto& written, const auto& opened) {
        ASSERT_EQ(written.size(), opened.size()) << name;
        if (!written.empty())
          EXPECT_EQ(std::memcmp(written.data(), opened.data(), written.size() * sizeof(written[0])), 0) << name;
      },
      data, files->network());
}

TEST(RoadFiles, AWrongByteAShortFileAMissingFileAndAnotherVersionAreRefused) {
  const TemporaryFolder folder;
  const std::string path = folder.path("roads");
  const auto refused = [&](const std::string& name, const std::string& why) {
    const auto files = RoadFiles::open(path);
    ASSERT_FALSE(files) << why;
    EXPECT_NE(files.error().detail.find(name), std::string::npos) << files.error().detail;
    ASSERT_TRUE(write_roads(path, town_network(1), {}, {}));
    ASSERT_TRUE(RoadFiles::open(path));
  };
  refused("manifest.json", "nothing there");
  for (const std::string name : {"points.bin", "up_head.bin", "names.bin", "stations.json"}) {
    std::string bytes = folder.read("roads/" + name);
    bytes[bytes.size() / 2] ^= 1;
    folder.write("roads/" + name, bytes);
    refused(name, "one wrong bit");
    folder.write("roads/" + name, folder.read("roads/" + name).substr(1));
    refused(name, "one byte less");
    std::filesystem::remove(folder.path("roads/" + name));
    refused(name, "no file");
  }
  std::string manifest = folder.read("roads/manifest.json");
  folder.write("roads/manifest.json", manifest.replace(manifest.find("\"version\":1"), 11, "\"version\":9"));
  refused("manifest.json", "another version");
  folder.write("roads/manifest.json", "{\"format\": \"something else\"}");
  refused("manifest.json", "another format");
  folder.write("roads/manifest.json", "not JSON");
  refused("", "no JSON");
}

TEST(RoadFiles, ANewNetworkTakesTheOldOnesPlaceAndWhoHasTheOldOneOpenKeepsIt) {
  const TemporaryFolder folder;
  const std::string path = folder.path("roads");
  ASSERT_TRUE(write_roads(path, town_network(1), {}, {.name = "one"}));
  const auto old = RoadFiles::open(path);
  ASSERT_TRUE(old);
  ASSERT_TRUE(write_roads(path, town_network(2), {}, {.name = "two"}));
  EXPECT_EQ(RoadFiles::open(path)->source().name, "two");
  const roads::RoadNetworkData first = town_network(1);
  EXPECT_EQ(std::memcmp(first.points.data(), old->network().points.data(), old->network().points.size_bytes()), 0);
  EXPECT_FALSE(std::filesystem::exists(path + ".new"));
  EXPECT_FALSE(std::filesystem::exists(path + ".old"));
}

TEST(RoadFiles, SomebodyElsesFilesAndAnImportThatRunsAreLeftAlone) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.path("photos"));
  folder.write("photos/cat.jpg", "cat");
  EXPECT_FALSE(write_roads(folder.path("photos"), town_network(1), {}, {}));
  EXPECT_EQ(folder.read("photos/cat.jpg"), "cat");
  folder.write("file", "text");
  EXPECT_FALSE(write_roads(folder.path("file"), town_network(1), {}, {}));
  EXPECT_FALSE(write_roads(folder.path("no/such/folder"), town_network(1), {}, {}));

  ASSERT_TRUE(write_roads(folder.path("roads"), town_network(1), {}, {.name = "one"}));
  const int lock = ::open((folder.path("roads.lock")).c_str(), O_RDWR);
  ASSERT_EQ(::flock(lock, LOCK_EX | LOCK_NB), 0);
  EXPECT_FALSE(write_roads(folder.path("roads"), town_network(2), {}, {.name = "two"}));
  ::close(lock);
  EXPECT_EQ(RoadFiles::open(folder.path("roads"))->source().name, "one");
}

}  // namespace
}  // namespace evc::routing
