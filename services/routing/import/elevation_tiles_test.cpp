#include "services/routing/import/elevation_tiles.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>

#include "kit/testing/temporary_folder.hpp"

namespace evc::routing {
namespace {

using testing::TemporaryFolder;

// Rises 1,000 m to the north and 400 m to the east.
std::string tile_bytes(int side = 1'201) {
  std::string bytes;
  for (int row = 0; row < side; ++row) {
    for (int column = 0; column < side; ++column) {
      const auto height = static_cast<std::uint16_t>(
          std::lround(1'000.0 * (side - 1 - row) / (side - 1) + 400.0 * column / (side - 1)));
      bytes += static_cast<char>(height >> 8U);
      bytes += static_cast<char>(height & 0xffU);
    }
  }
  return bytes;
}

std::string little(std::uint32_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xffU);
  return out;
}

enum class Packing { kStored = 0, kDeflated = 8 };

std::string zipped(const std::string& name, const std::string& bytes, Packing packing) {
  std::string packed = bytes;
  if (packing == Packing::kDeflated) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    packed.assign(deflateBound(&stream, bytes.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_out = static_cast<uInt>(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
  }
  const auto checksum = static_cast<std::uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
  const std::string sizes = little(checksum, 4) + little(static_cast<std::uint32_t>(packed.size()), 4) +
                            little(static_cast<std::uint32_t>(bytes.size()), 4) +
                            little(static_cast<std::uint32_t>(name.size()), 2) + little(0, 2);
  const std::string method = little(static_cast<std::uint32_t>(packing), 2) + little(0, 4);
  const std::string local = "PK\x03\x04" + little(20, 2) + little(0, 2) + method + sizes + name + packed;
  const std::string central = "PK\x01\x02" + little(20, 2) + little(20, 2) + little(0, 2) + method + sizes +
                              little(0, 2) + little(0, 2) + little(0, 2) + little(0, 4) + little(0, 4) + name;
  return local + central + "PK\x05\x06" + little(0, 4) + little(1, 2) + little(1, 2) +
         little(static_cast<std::uint32_t>(central.size()), 4) + little(static_cast<std::uint32_t>(local.size()), 4) +
         little(0, 2);
}

void expect_the_slope(const TemporaryFolder& folder) {
  const auto tiles = ElevationTiles::open(folder.path());
  ASSERT_TRUE(tiles) << tiles.error().detail;
  for (const auto& [north, east] :
       {std::pair(0.0, 0.0), std::pair(0.25, 0.5), std::pair(0.999, 0.001), std::pair(0.6, 0.9)}) {
    const auto height = tiles->metres_at({-23 + north, -47 + east});
    ASSERT_TRUE(height);
    EXPECT_NEAR(*height, 1'000 * north + 400 * east, 1);
  }
  EXPECT_FALSE(tiles->metres_at({-22 + 0.5, -47 + 0.5})) << "no such tile";
  EXPECT_FALSE(tiles->broken());
}

TEST(ElevationTiles, PlainStoredAndDeflated) {
  for (const bool plain : {true, false}) {
    for (const Packing packing : {Packing::kStored, Packing::kDeflated}) {
      const TemporaryFolder folder;
      if (plain) {
        folder.write("S23W047.hgt", tile_bytes());
      } else {
        folder.write("S23W047.hgt.zip", zipped("S23W047.hgt", tile_bytes(), packing));
      }
      folder.write("notes.txt", "not a tile");
      expect_the_slope(folder);
    }
  }
}

TEST(ElevationTiles, OneArcSecond) {
  const TemporaryFolder folder;
  folder.write("S23W047.hgt", tile_bytes(3'601));
  expect_the_slope(folder);
}

TEST(ElevationTiles, VoidsTakeTheirNeighboursAndAWholeVoidIsUnknown) {
  const TemporaryFolder folder;
  std::string bytes = tile_bytes();
  const auto blank = [&](int row, int column) {
    bytes[static_cast<std::size_t>(2 * (row * 1'201 + column))] = static_cast<char>(0x80);
    bytes[static_cast<std::size_t>(2 * (row * 1'201 + column) + 1)] = 0;
  };
  blank(600, 600);
  for (int row = 100; row < 110; ++row)
    for (int column = 100; column < 110; ++column) blank(row, column);
  folder.write("S23W047.hgt", bytes);
  const auto tiles = ElevationTiles::open(folder.path());
  ASSERT_TRUE(tiles);
  EXPECT_NEAR(*tiles->metres_at({-23 + 0.5 + 0.0004, -47 + 0.5 + 0.0004}), 700, 3);
  EXPECT_FALSE(tiles->metres_at({-22 - 105 / 1'200.0, -47 + 105 / 1'200.0}));
}

TEST(ElevationTiles, BrokenTilesAndFoldersAreToldWithTheirReason) {
  EXPECT_FALSE(ElevationTiles::open("/nowhere/at/all"));
  const TemporaryFolder empty;
  EXPECT_FALSE(ElevationTiles::open(empty.path()));
  const std::string whole = zipped("S23W047.hgt", tile_bytes(), Packing::kDeflated);
  std::string wrong = whole;
  wrong[whole.size() / 2] ^= 0x40;
  for (const auto& [name, bytes] : {std::pair(std::string("S23W047.hgt"), tile_bytes().substr(0, 1'000'000)),
                                    std::pair(std::string("S23W047.hgt.zip"), whole.substr(0, whole.size() - 40)),
                                    std::pair(std::string("S23W047.hgt.zip"), whole.substr(0, 100)),
                                    std::pair(std::string("S23W047.hgt.zip"), wrong)}) {
    const TemporaryFolder folder;
    folder.write(name, bytes);
    const auto tiles = ElevationTiles::open(folder.path());
    ASSERT_TRUE(tiles);
    EXPECT_FALSE(tiles->metres_at({-22.5, -46.5}));
    ASSERT_TRUE(tiles->broken());
    EXPECT_NE(tiles->broken()->detail.find(name), std::string::npos);
  }
}

}  // namespace
}  // namespace evc::routing
