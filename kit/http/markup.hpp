// Text that was not written by us inside of a page or a drawing (HTML, SVG). Pure.
#pragma once

#include <string>
#include <string_view>

namespace evc::http {

// For what stands between tags or in a double-quoted attribute: &, <, > and " become entities.
std::string escape_markup(std::string_view text);

}  // namespace evc::http
