// The style sheet and pictures of the provider's pages, read once when the process starts.
#pragma once

#include <map>
#include <string>

#include "kit/base/result.hpp"

namespace evc::auth_service {

struct PageAsset {
  std::string content_type, body, tag;  // tag: as ETag writes it
};
using PageAssets = std::map<std::string, PageAsset>;

// pages.css and logo.svg of the folder. internal when one is not there.
Result<PageAssets> load_page_assets(const std::string& folder);

}  // namespace evc::auth_service
