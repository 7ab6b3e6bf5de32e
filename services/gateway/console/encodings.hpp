// In which form of those that are at hand a file is sent (RFC 9110 §12.5.3). Pure.
#pragma once

#include <string_view>

namespace evc::gateway {

enum class Encoding { kIdentity, kGzip, kBrotli };

struct EncodingsAtHand {
  bool gzip = false;
  bool brotli = false;
};

// The smallest form that the client takes: brotli, then gzip, unless it prefers another by its qualities. What is sent
// plainly is always at hand.
Encoding choose_encoding(std::string_view accept_encoding, EncodingsAtHand at_hand);
// As in Content-Encoding; empty for kIdentity.
std::string_view encoding_name(Encoding encoding);

}  // namespace evc::gateway
