#include "services/gateway/console/console.hpp"

#include <array>

#include "kit/telemetry/log.hpp"

namespace evc::gateway {
namespace {

using http::Request;
using http::Response;

constexpr std::string_view kAssets = "assets/";  // names with a digest of what is in them: they never change

// No inline script and no foreign origin. Workers and pictures out of memory are what a map needs.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kPageHeaders{{
    {"Content-Security-Policy",
     "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
     "connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
     "frame-ancestors 'none'"},
    {"Permissions-Policy",
     "accelerometer=(), camera=(), display-capture=(), geolocation=(self), gyroscope=(), magnetometer=(), "
     "microphone=(), midi=(), payment=(), publickey-credentials-get=(self), usb=()"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Referrer-Policy", "same-origin"},
}};

// Whether `tag` is in the list of If-None-Match; a weak mark before it does not matter there (RFC 9110 §13.1.2).
bool names_tag(std::string_view list, std::string_view tag) {
  if (list == "*") return true;
  for (std::size_t at = list.find(tag); at != std::string_view::npos; at = list.find(tag, at + 1)) {
    const std::string_view before = list.substr(0, at), after = list.substr(at + tag.size());
    const bool begins = before.empty() || before.ends_with(',') || before.ends_with(' ') || before.ends_with("W/");
    if (begins && (after.empty() || after.starts_with(',') || after.starts_with(' '))) return true;
  }
  return false;
}

bool looks_like_a_file(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return path.find('.', slash == std::string_view::npos ? 0 : slash + 1) != std::string_view::npos;
}

const ServedFile* chosen(const FileSet& files, std::string_view path) {
  if (path.empty()) return files.find("index.html");
  if (const ServedFile* file = files.find(path)) return file;
  if (path.starts_with(kAssets) || looks_like_a_file(path)) return nullptr;
  return files.find("index.html");
}

Response file_answer(const ServedFile& file, std::string_view path, const Request& request) {
  const Encoding encoding = choose_encoding(request.headers.get("Accept-Encoding").value_or(""), file.at_hand());
  const FileForm& form = file.form(encoding);
  Response response{.status = 200};
  const bool known = names_tag(request.headers.get("If-None-Match").value_or(""), form.tag);
  if (known) {
    response.status = 304;
  } else {
    response.body = form.bytes;
    response.headers.add("Content-Type", file.content_type);
    if (encoding != Encoding::kIdentity) response.headers.add("Content-Encoding", encoding_name(encoding));
  }
  response.headers.add("ETag", form.tag);
  response.headers.add("Vary", "Accept-Encoding");
  response.headers.add("Cache-Control", path.starts_with(kAssets) ? "public, max-age=31536000, immutable" : "no-cache");
  for (const auto& [name, value] : kPageHeaders) response.headers.add(name, value);
  return response;
}

}  // namespace

Console::Console(std::string folder) : folder_(std::move(folder)) {
  reload();
}

void Console::reload() {
  auto loaded = FileSet::load(folder_);
  if (!loaded) {
    EVC_LOG(kInfo, "the console's files are not there", {{telemetry::key::kReason, loaded.error().detail}});
    return;
  }
  EVC_LOG(kInfo, "the console's files were read",
          {{telemetry::key::kCount, static_cast<std::int64_t>(loaded->size())}});
  const std::lock_guard lock(mutex_);
  files_ = std::make_shared<const FileSet>(std::move(*loaded));
}

std::shared_ptr<const FileSet> Console::files() const {
  const std::lock_guard lock(mutex_);
  return files_;
}

Response Console::answer(const RequestContext& context, const Request& request) const {
  const auto files = this->files();
  if (!files) return http::problem({.code = Code::kConsoleNotInstalled}, context, request.path);
  const auto below = request.path_parameters.find("path");
  const std::string_view path = below == request.path_parameters.end() ? "" : std::string_view(below->second);
  const ServedFile* file = chosen(*files, path);
  if (file == nullptr) return http::problem({.code = Code::kNotFound}, context, request.path);
  return file_answer(*file, path, request);
}

}  // namespace evc::gateway
