#include "services/auth/oidc/page_assets.hpp"

#include <array>
#include <fstream>
#include <iterator>

#include "kit/base/bytes.hpp"

namespace evc::auth_service {

Result<PageAssets> load_page_assets(const std::string& folder) {
  constexpr std::array<std::pair<const char*, const char*>, 2> kFiles{
      {{"pages.css", "text/css; charset=utf-8"}, {"logo.svg", "image/svg+xml"}}};
  PageAssets assets;
  for (const auto& [name, type] : kFiles) {
    std::ifstream file(folder + "/" + name, std::ios::binary);
    std::string body((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (!file || body.empty()) return fail(Code::kInternal, folder + "/" + name + " is not there");
    const Digest digest = sha256(body);
    std::string tag = '"' + hex_encode(view(digest).substr(0, 16)) + '"';
    assets[name] = {.content_type = type, .body = std::move(body), .tag = std::move(tag)};
  }
  return assets;
}

}  // namespace evc::auth_service
