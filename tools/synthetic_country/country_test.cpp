#include "tools/synthetic_country/country.hpp"

#include <gtest/gtest.h>

#include "kit/testing/temporary_folder.hpp"

namespace evc::synthetic {
namespace {

TEST(SyntheticCountry, TheSeedDecidesAndTheSizeIsAboutWhatWasAsked) {
  const testing::TemporaryFolder folder;
  const CountryOptions options{.seed = 3, .nodes = 20'000, .stations = 40};
  const CountrySize size = write_country(folder.path("one.osm.pbf"), options);
  EXPECT_GT(size.nodes, 15'000U);
  EXPECT_LT(size.nodes, 35'000U);
  EXPECT_EQ(size.stations, 40U);
  EXPECT_GT(size.towns, 0U);
  EXPECT_GT(size.restrictions, 10U);
  write_country(folder.path("again.osm.pbf"), options);
  EXPECT_EQ(folder.read("one.osm.pbf"), folder.read("again.osm.pbf"));
  write_country(folder.path("other.osm.pbf"), {.seed = 4, .nodes = 20'000, .stations = 40});
  EXPECT_NE(folder.read("one.osm.pbf"), folder.read("other.osm.pbf"));
  EXPECT_ANY_THROW(write_country("/nowhere/at/all/map.osm.pbf", options));
}

}  // namespace
}  // namespace evc::synthetic
