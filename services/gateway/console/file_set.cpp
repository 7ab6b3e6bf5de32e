#include "services/gateway/console/file_set.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

#include "kit/base/bytes.hpp"

namespace evc::gateway {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFileLimit = 5'000;
constexpr std::uintmax_t kByteLimit = 64 << 20;

std::string_view content_type_of(std::string_view path) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 17> kTypes{{
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".json", "application/json"},
      {".map", "application/json"},
      {".webmanifest", "application/manifest+json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".webp", "image/webp"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".wasm", "application/wasm"},
      {".txt", "text/plain; charset=utf-8"},
      {".pmtiles", "application/octet-stream"},
      {".geojson", "application/geo+json"},
  }};
  for (const auto& [ending, type] : kTypes) {
    if (path.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

Result<FileForm> read_form(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  FileForm form;
  form.bytes.assign(std::istreambuf_iterator<char>(file), {});
  if (!file) return fail(Code::kInternal, "cannot read " + path.filename().string());
  form.tag = '"' + hex_encode(view(sha256(form.bytes)).substr(0, 16)) + '"';
  return form;
}

// Names below the folder → what is on the disk.
Result<std::map<std::string, fs::path>> list_files(const fs::path& folder) {
  std::error_code failure;
  std::map<std::string, fs::path> found;
  std::uintmax_t bytes = 0;
  fs::recursive_directory_iterator entries(folder, failure);
  for (; !failure && entries != fs::recursive_directory_iterator(); entries.increment(failure)) {
    const fs::directory_entry& entry = *entries;
    const bool hidden = entry.path().filename().string().starts_with('.');
    if (hidden || entry.is_symlink(failure)) {
      entries.disable_recursion_pending();
      continue;
    }
    if (!entry.is_regular_file(failure)) continue;
    bytes += entry.file_size(failure);
    found[entry.path().lexically_relative(folder).generic_string()] = entry.path();
    if (found.size() > kFileLimit || bytes > kByteLimit) return fail(Code::kInternal, "the console has too many files");
  }
  if (failure) return fail(Code::kInternal, failure.message());
  return found;
}

}  // namespace

const FileForm& ServedFile::form(Encoding encoding) const {
  switch (encoding) {
    case Encoding::kGzip:
      return gzip;
    case Encoding::kBrotli:
      return brotli;
    default:
      return plain;
  }
}

Result<FileSet> FileSet::load(const std::string& folder) {
  EVC_TRY(found, list_files(folder));
  if (!found.contains("index.html")) return fail(Code::kInternal, "there is no index.html");
  FileSet set;
  for (const auto& [name, path] : found) {
    const std::size_t ending = name.size() < 3 ? 0 : name.size() - 3;
    const bool other_form = (name.ends_with(".br") || name.ends_with(".gz")) && found.contains(name.substr(0, ending));
    if (other_form) continue;
    ServedFile file{.content_type = std::string(content_type_of(name))};
    EVC_TRY(plain, read_form(path));
    file.plain = std::move(plain);
    if (const auto gzip = found.find(name + ".gz"); gzip != found.end()) {
      EVC_TRY(form, read_form(gzip->second));
      file.gzip = std::move(form);
    }
    if (const auto brotli = found.find(name + ".br"); brotli != found.end()) {
      EVC_TRY(form, read_form(brotli->second));
      file.brotli = std::move(form);
    }
    set.files_.emplace(name, std::move(file));
  }
  return set;
}

const ServedFile* FileSet::find(std::string_view path) const {
  const auto found = files_.find(path);
  return found == files_.end() ? nullptr : &found->second;
}

}  // namespace evc::gateway
