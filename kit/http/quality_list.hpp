// The lists by which a client says what it would like best: Accept, Accept-Language, Accept-Encoding (RFC 9110
// §12.4.2). Pure; whatever is malformed counts as not said.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace evc::http {

struct Choice {
  std::string name;  // lower case, without parameters
  double quality = 1;
};

// Best first; equal qualities keep their order; what has quality 0 is left out. At most 20 are looked at.
std::vector<Choice> choices_of(std::string_view header);

}  // namespace evc::http
