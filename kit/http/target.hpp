// Splits and decodes a request target in origin form. One reading only: encoded slashes and dot segments are refused,
// not normalised, since a gateway and a service that normalise differently would route differently.
#pragma once

#include <string>
#include <string_view>

#include "kit/base/result.hpp"
#include "kit/http/message.hpp"

namespace evc::http {

struct Target {
  std::string path;  // decoded, UTF-8, begins with "/"
  Query query;
};

// bad-request with the reason.
Result<Target> parse_target(std::string_view target);
// "%41" → "A"; with kForm also "+" → " ". bad-request for a broken escape, a control character or bytes that are not
// UTF-8.
enum class Plus { kLiteral, kSpace };
Result<std::string> percent_decode(std::string_view text, Plus plus);
// Everything but unreserved characters becomes %XX.
std::string percent_encode(std::string_view text);

}  // namespace evc::http
