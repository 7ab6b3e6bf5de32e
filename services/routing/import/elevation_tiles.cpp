#include "services/routing/import/elevation_tiles.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "services/routing/import/zip_entry.hpp"

namespace evc::routing {
namespace {

constexpr std::size_t kTilesInMemory = 24;
constexpr std::int16_t kVoid = -32'768;

std::optional<int> degrees(std::string_view text, char positive, char negative, std::size_t digits) {
  if (text.size() != digits + 1 || (text[0] != positive && text[0] != negative)) return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(text.data() + 1, text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return text[0] == positive ? value : -value;
}

std::optional<std::pair<int, int>> tile_name(const std::string& file) {
  if (!file.ends_with(".hgt") && !file.ends_with(".hgt.zip")) return std::nullopt;
  const auto north = degrees(std::string_view(file).substr(0, 3), 'N', 'S', 2);
  const auto east = file.size() > 7 ? degrees(std::string_view(file).substr(3, 4), 'E', 'W', 3) : std::nullopt;
  if (!north || !east) return std::nullopt;
  return std::pair(*north, *east);
}

}  // namespace

Result<ElevationTiles> ElevationTiles::open(const std::string& folder) {
  std::error_code error;
  const std::filesystem::directory_iterator listing(folder, error);
  if (error) return fail(Code::kValidationFailed, folder + ": " + error.message());
  ElevationTiles tiles;
  for (const auto& entry : listing) {
    const auto name = tile_name(entry.path().filename().string());
    if (!name) continue;
    // Of a tile that is there twice, the one that needs no unpacking.
    std::string& file = tiles.files_[*name];
    if (file.empty() || file.ends_with(".zip")) file = entry.path().string();
  }
  if (tiles.files_.empty())
    return fail(Code::kValidationFailed, folder + " holds no elevation tiles (N42E001.hgt or N42E001.hgt.zip)");
  return tiles;
}

Result<ElevationTiles::Tile> ElevationTiles::read(const Name& name, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file || bytes.empty()) return fail(Code::kValidationFailed, path + ": cannot be read");
  if (path.ends_with(".zip")) {
    EVC_TRY(unpacked, zip_entry(bytes, ".hgt", path));
    bytes = std::move(unpacked);
  }
  const auto side = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(bytes.size()) / 2)));
  if (bytes.size() != side * side * 2 || (side != 1'201 && side != 3'601))
    return fail(Code::kValidationFailed,
                path + ": " + std::to_string(bytes.size()) + " bytes are no tile of 1,201 or 3,601 points a side");
  Tile tile{.name = name, .side = static_cast<int>(side), .heights = {}};
  tile.heights.resize(side * side);
  for (std::size_t i = 0; i < tile.heights.size(); ++i) {
    const auto high = static_cast<std::uint8_t>(bytes[2 * i]), low = static_cast<std::uint8_t>(bytes[2 * i + 1]);
    tile.heights[i] = static_cast<std::int16_t>(static_cast<std::uint16_t>(high << 8U | low));
  }
  return tile;
}

const ElevationTiles::Tile* ElevationTiles::tile(const Name& name) const {
  const auto known = std::ranges::find(recent_, name, &Tile::name);
  if (known != recent_.end()) {
    recent_.splice(recent_.begin(), recent_, known);
    return &recent_.front();
  }
  const auto file = files_.find(name);
  if (file == files_.end()) return nullptr;
  auto tile = read(name, file->second);
  if (!tile) {
    broken_ = std::move(tile).error();
    return nullptr;
  }
  recent_.push_front(std::move(*tile));
  if (recent_.size() > kTilesInMemory) recent_.pop_back();
  return &recent_.front();
}

std::optional<double> ElevationTiles::sample(const Tile& tile, double row, double column) {
  const double last = tile.side - 1;
  row = std::clamp(row, 0.0, last);
  column = std::clamp(column, 0.0, last);
  const int r = std::min(static_cast<int>(row), tile.side - 2), c = std::min(static_cast<int>(column), tile.side - 2);
  const double down = row - r, right = column - c;
  double sum = 0, weights = 0;
  for (const auto& [dr, dc, weight] : {std::tuple(0, 0, (1 - down) * (1 - right)), std::tuple(0, 1, (1 - down) * right),
                                       std::tuple(1, 0, down * (1 - right)), std::tuple(1, 1, down * right)}) {
    const std::int16_t height = tile.heights[static_cast<std::size_t>((r + dr) * tile.side + c + dc)];
    if (height == kVoid) continue;
    sum += height * weight;
    weights += weight;
  }
  if (weights <= 0) return std::nullopt;
  return sum / weights;
}

std::optional<double> ElevationTiles::metres_at(Position position) const {
  const double south = std::floor(position.lat), west = std::floor(position.lon);
  const Tile* found = tile({static_cast<int>(south), static_cast<int>(west)});
  if (found == nullptr) return std::nullopt;
  const double row = (south + 1 - position.lat) * (found->side - 1), column = (position.lon - west) * (found->side - 1);
  const auto here = sample(*found, row, column);
  if (!here || found->side < 3'601) return here;
  double sum = *here * 4;
  for (const auto& [down, right] : {std::pair(1, 0), std::pair(-1, 0), std::pair(0, 1), std::pair(0, -1)})
    sum += sample(*found, row + down, column + right).value_or(*here);
  return sum / 8;
}

}  // namespace evc::routing
