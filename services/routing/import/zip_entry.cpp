#include "services/routing/import/zip_entry.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace evc::routing {
namespace {

constexpr std::size_t kMostBytes = 64'000'000;  // a tile of one arc second has 26 MB
constexpr std::string_view kEndOfDirectory{"PK\x05\x06", 4}, kDirectoryEntry{"PK\x01\x02", 4},
    kLocalEntry{"PK\x03\x04", 4};

std::optional<std::uint32_t> number(std::string_view bytes, std::size_t at, std::size_t width) {
  if (at + width > bytes.size()) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < width; ++i) value |= std::uint32_t{static_cast<std::uint8_t>(bytes[at + i])} << (8 * i);
  return value;
}

struct Entry {
  std::uint32_t method = 0, packed = 0, size = 0, checksum = 0, header = 0;
};

std::optional<Entry> find_entry(std::string_view archive, std::string_view ending) {
  const std::size_t end = archive.rfind(kEndOfDirectory);
  if (end == std::string_view::npos) return std::nullopt;
  std::size_t at = number(archive, end + 16, 4).value_or(0xffff'ffff);
  while (archive.substr(std::min(at, archive.size())).starts_with(kDirectoryEntry)) {
    const auto name = number(archive, at + 28, 2), extra = number(archive, at + 30, 2),
               comment = number(archive, at + 32, 2), header = number(archive, at + 42, 4);
    if (!name || !extra || !comment || !header) return std::nullopt;
    if (archive.substr(at + 46, *name).ends_with(ending)) {
      return Entry{.method = *number(archive, at + 10, 2),
                   .packed = *number(archive, at + 20, 4),
                   .size = *number(archive, at + 24, 4),
                   .checksum = *number(archive, at + 16, 4),
                   .header = *header};
    }
    at += 46U + *name + *extra + *comment;
  }
  return std::nullopt;
}

std::optional<std::string> inflated(std::string_view packed, std::size_t size) {
  std::string out(size, '\0');
  z_stream stream{};
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) return std::nullopt;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = ::inflate(&stream, Z_FINISH);
  const bool whole = status == Z_STREAM_END && stream.total_out == size;
  ::inflateEnd(&stream);
  if (!whole) return std::nullopt;
  return out;
}

}  // namespace

Result<std::string> zip_entry(std::string_view archive, std::string_view ending, const std::string& name) {
  const auto broken = [&](const std::string& what) { return fail(Code::kValidationFailed, name + ": " + what); };
  const auto entry = find_entry(archive, ending);
  if (!entry) return broken("no ZIP archive with a file " + std::string(ending));
  if (entry->size > kMostBytes) return broken("too large for an elevation tile");
  const auto name_length = number(archive, std::size_t{entry->header} + 26, 2),
             extra_length = number(archive, std::size_t{entry->header} + 28, 2);
  if (!extra_length || !archive.substr(entry->header).starts_with(kLocalEntry)) return broken("a broken ZIP archive");
  const std::size_t begin = std::size_t{entry->header} + 30 + *name_length + *extra_length;
  if (begin + entry->packed > archive.size()) return broken("a ZIP archive that is cut off");
  const std::string_view packed = archive.substr(begin, entry->packed);
  std::optional<std::string> bytes;
  if (entry->method == 0 && entry->packed == entry->size) bytes = std::string(packed);
  if (entry->method == 8) bytes = inflated(packed, entry->size);
  if (!bytes) return broken("a ZIP archive whose content cannot be unpacked");
  const auto checksum = ::crc32(0, reinterpret_cast<const Bytef*>(bytes->data()), static_cast<uInt>(bytes->size()));
  if (checksum != entry->checksum) return broken("a ZIP archive with a wrong checksum");
  return std::move(*bytes);
}

}  // namespace evc::routing
