#include "services/routing/store/road_files.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>

#include "kit/base/bytes.hpp"
#include "kit/base/json.hpp"

namespace evc::routing {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormat = "evcosta-roads";
constexpr std::int64_t kVersion = 1;

struct FileRow {
  std::string name;
  std::int64_t element_bytes = 1;
  std::int64_t count = 0;
  std::string sha256;
};
BOOST_DESCRIBE_STRUCT(FileRow, (), (name, element_bytes, count, sha256))

struct Manifest {
  std::string format;
  std::int64_t version = 0;
  RoadSource source;
  std::vector<FileRow> files;
};
BOOST_DESCRIBE_STRUCT(Manifest, (), (format, version, source, files))

std::unexpected<Error> broken(const std::string& what) {
  return fail(Code::kValidationFailed, what);
}

std::unexpected<Error> system_error(const std::string& what) {
  return fail(Code::kInternal, what + ": " + std::strerror(errno));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool good() const { return fd_ >= 0; }

 private:
  int fd_;
};

Result<void> write_file(const std::string& path, std::string_view bytes) {
  const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
  if (!file.good()) return system_error(path);
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t written = ::write(file.get(), bytes.data() + at, bytes.size() - at);
    if (written < 0 && errno != EINTR) return system_error(path);
    at += static_cast<std::size_t>(std::max<ssize_t>(0, written));
  }
  if (::fsync(file.get()) != 0) return system_error(path);
  return {};
}

std::string hash_of(std::string_view bytes) {
  const Digest digest = sha256(bytes);
  return hex_encode(view(digest));
}

template <class T>
std::string_view bytes_of(const std::vector<T>& array) {
  return {reinterpret_cast<const char*>(array.data()), array.size() * sizeof(T)};
}

Result<void> write_all(const std::string& folder, const roads::RoadNetworkData& network,
                       const std::vector<roads::ChargingStation>& stations, const RoadSource& source) {
  Manifest manifest{.format = std::string(kFormat), .version = kVersion, .source = source, .files = {}};
  Result<void> outcome;
  const auto add = [&](const std::string& name, std::string_view bytes, std::size_t element) {
    if (!outcome) return;
    manifest.files.push_back({.name = name,
                              .element_bytes = static_cast<std::int64_t>(element),
                              .count = static_cast<std::int64_t>(bytes.size() / element),
                              .sha256 = hash_of(bytes)});
    outcome = write_file(folder + "/" + name, bytes);
  };
  roads::for_each_array(
      [&](const char* name, const auto& array) { add(std::string(name) + ".bin", bytes_of(array), sizeof(array[0])); },
      network);
  add("stations.json", json::encode_text(stations) + "\n", 1);
  EVC_CHECK(outcome);
  return write_file(folder + "/manifest.json", json::encode_text(manifest) + "\n");
}

Result<void> exchange(const std::string& fresh, const std::string& folder) {
  if (!fs::exists(folder)) {
    if (::rename(fresh.c_str(), folder.c_str()) != 0) return system_error(folder);
    return {};
  }
  if (::renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, folder.c_str(), RENAME_EXCHANGE) == 0) return {};
  // A file system without the exchange: for a moment there is no network, never half of one.
  const std::string old = folder + ".old";
  std::error_code ignored;
  fs::remove_all(old, ignored);
  if (::rename(folder.c_str(), old.c_str()) != 0) return system_error(folder);
  if (::rename(fresh.c_str(), folder.c_str()) != 0) {
    const auto error = system_error(folder);
    ::rename(old.c_str(), folder.c_str());
    return error;
  }
  fs::remove_all(old, ignored);
  return {};
}

// What may be replaced: nothing, an empty folder, or a road network. Never somebody's other files.
Result<void> check_replaceable(const std::string& folder) {
  std::error_code error;
  if (!fs::exists(folder, error)) return {};
  if (!fs::is_directory(folder, error)) return broken(folder + " is no folder");
  if (!fs::is_empty(folder, error) && !fs::exists(folder + "/manifest.json", error))
    return broken(folder + " holds something else than a road network, and is left alone");
  return {};
}

struct Mapping {
  std::shared_ptr<const void> memory;
  std::string_view bytes;
};

Result<Mapping> map_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status{};
  if (!file.good() || ::fstat(file.get(), &status) != 0) return system_error(path);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return Mapping{};
  void* memory = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
  if (memory == MAP_FAILED) return system_error(path);
  return Mapping{.memory = std::shared_ptr<const void>(
                     memory, [size](const void* address) { ::munmap(const_cast<void*>(address), size); }),
                 .bytes = {static_cast<const char*>(memory), size}};
}

Result<Manifest> read_manifest(const std::string& folder) {
  const std::string path = folder + "/manifest.json";
  if (!fs::exists(path)) return broken(folder + " is no road network: there is no manifest.json");
  EVC_TRY(mapping, map_file(path));
  EVC_TRY(document, json::parse(mapping.bytes));
  const auto* object = document.if_object();
  const auto* format = object != nullptr ? object->if_contains("format") : nullptr;
  if (format == nullptr || !format->is_string() || format->as_string() != kFormat)
    return broken(path + " does not describe a road network");
  const auto* version = object->if_contains("version");
  if (version == nullptr || !version->is_int64() || version->as_int64() != kVersion)
    return broken(path + ": another version of the format than " + std::to_string(kVersion) + "; import the map again");
  return json::decode<Manifest>(document);
}

Result<Mapping> checked_file(const std::string& folder, const Manifest& manifest, const std::string& name,
                             std::size_t element) {
  for (const FileRow& row : manifest.files) {
    if (row.name != name) continue;
    EVC_TRY(mapping, map_file(folder + "/" + name));
    if (row.element_bytes != static_cast<std::int64_t>(element) ||
        mapping.bytes.size() != element * static_cast<std::size_t>(row.count))
      return broken(folder + "/" + name + ": not the size that the manifest says");
    if (hash_of(mapping.bytes) != row.sha256)
      return broken(folder + "/" + name + ": the checksum is not the one of the manifest");
    return mapping;
  }
  return broken(folder + "/manifest.json does not name " + name);
}

}  // namespace

Result<void> write_roads(const std::string& folder, const roads::RoadNetworkData& network,
                         const std::vector<roads::ChargingStation>& stations, const RoadSource& source) {
  EVC_CHECK(check_replaceable(folder));
  const Descriptor lock(::open((folder + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!lock.good()) return system_error(folder + ".lock");
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return broken("another import is writing " + folder);
  const std::string fresh = folder + ".new";
  std::error_code ignored;
  fs::remove_all(fresh, ignored);
  if (!fs::create_directory(fresh, ignored)) return system_error(fresh);
  Result<void> outcome = write_all(fresh, network, stations, source);
  if (outcome) outcome = exchange(fresh, folder);
  fs::remove_all(fresh, ignored);
  return outcome;
}

Result<RoadFiles> RoadFiles::open(const std::string& folder) {
  EVC_TRY(manifest, read_manifest(folder));
  RoadFiles files;
  files.source_ = manifest.source;
  Result<void> outcome;
  const auto look = [&](const char* name, auto& array) {
    using Element = std::remove_cvref_t<decltype(array[0])>;
    if (!outcome) return;
    auto mapping = checked_file(folder, manifest, std::string(name) + ".bin", sizeof(Element));
    if (!mapping) {
      outcome = std::unexpected(std::move(mapping).error());
      return;
    }
    files.bytes_ += mapping->bytes.size();
    array = {reinterpret_cast<const Element*>(mapping->bytes.data()), mapping->bytes.size() / sizeof(Element)};
    files.mappings_.push_back(std::move(mapping->memory));
  };
  roads::for_each_array(look, files.network_);
  EVC_CHECK(outcome);
  EVC_TRY(text, checked_file(folder, manifest, "stations.json", 1));
  EVC_TRY(stations, json::decode_text<std::vector<roads::ChargingStation>>(text.bytes));
  files.stations_ = std::move(stations);
  return files;
}

}  // namespace evc::routing
