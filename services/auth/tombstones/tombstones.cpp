#include "services/auth/tombstones/tombstones.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "kit/base/bytes.hpp"

namespace evc::auth_service {
namespace {

constexpr std::size_t kCheckBytes = 4;
constexpr std::size_t kUuidLength = 36;
constexpr std::size_t kLongestLine = 128;

std::string check_of(std::string_view text) {
  const Digest digest = sha256(text);
  return hex_encode(view(digest).substr(0, kCheckBytes));
}

std::string line_of(const Uuid& account_id, WallTime at) {
  const std::string text = to_string(account_id) + " " + format_rfc3339(at);
  return text + " " + check_of(text);
}

std::optional<Uuid> account_in(std::string_view line) {
  const auto space = line.rfind(' ');
  if (space == std::string_view::npos || space < kUuidLength) return std::nullopt;
  if (check_of(line.substr(0, space)) != line.substr(space + 1)) return std::nullopt;
  const auto id = parse_uuid(line.substr(0, kUuidLength));
  return id ? std::optional(*id) : std::nullopt;
}

std::unexpected<Error> unwritable(std::string_view what) {
  return fail(Code::kServiceUnavailable, fmt::format("tombstones: {}: {}", what, std::strerror(errno)));
}

// Its own end and nobody else's: the last line was torn by a crash when this is no end of line.
bool torn(int file) {
  struct stat about{};
  char last = '\n';
  if (::fstat(file, &about) != 0 || about.st_size == 0) return false;
  return ::pread(file, &last, 1, about.st_size - 1) == 1 && last != '\n';
}

Result<void> sync_folder(const std::string& folder) {
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return unwritable("the folder cannot be opened");
  const bool synced = ::fsync(opened) == 0;
  ::close(opened);
  if (!synced) return unwritable("the folder cannot be written to disk");
  return {};
}

}  // namespace

Result<void> Tombstones::append(const Uuid& account_id, WallTime at) const {
  const std::string folder = std::filesystem::path(file_).parent_path().string();
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  const int file = ::open(file_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return unwritable("the file cannot be opened");
  const std::string line = (torn(file) ? "\n" : "") + line_of(account_id, at) + "\n";
  const ssize_t written = ::write(file, line.data(), line.size());
  const bool synced = written == static_cast<ssize_t>(line.size()) && ::fsync(file) == 0;
  ::close(file);
  if (!synced) return unwritable("a line could not be written to disk");
  return sync_folder(folder.empty() ? "." : folder);
}

Result<Tombstones::Part> Tombstones::read(std::uint64_t from, std::size_t limit) const {
  Part part{.accounts = {}, .next = from, .unreadable = 0};
  std::error_code missing;
  if (!std::filesystem::exists(file_, missing)) return part;
  std::ifstream in(file_, std::ios::binary);
  if (!in) return fail(Code::kServiceUnavailable, "tombstones: the file cannot be read");
  in.seekg(static_cast<std::streamoff>(from));
  std::string line;
  // A last line without an end is being written, or was torn: not there yet.
  while (part.accounts.size() < limit && std::getline(in, line) && !in.eof()) {
    part.next += line.size() + 1;
    const auto account = line.size() <= kLongestLine ? account_in(line) : std::nullopt;
    if (account) {
      part.accounts.push_back(*account);
    } else {
      ++part.unreadable;
    }
  }
  return part;
}

}  // namespace evc::auth_service
