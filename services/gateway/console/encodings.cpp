#include "services/gateway/console/encodings.hpp"

#include "kit/http/quality_list.hpp"

namespace evc::gateway {

Encoding choose_encoding(std::string_view accept_encoding, EncodingsAtHand at_hand) {
  double gzip = 0, brotli = 0;
  for (const http::Choice& choice : http::choices_of(accept_encoding)) {
    if (choice.name == "gzip") gzip = choice.quality;
    if (choice.name == "br") brotli = choice.quality;
  }
  if (at_hand.brotli && brotli > 0 && (brotli >= gzip || !at_hand.gzip)) return Encoding::kBrotli;
  if (at_hand.gzip && gzip > 0) return Encoding::kGzip;
  return Encoding::kIdentity;
}

std::string_view encoding_name(Encoding encoding) {
  switch (encoding) {
    case Encoding::kGzip:
      return "gzip";
    case Encoding::kBrotli:
      return "br";
    default:
      return "";
  }
}

}  // namespace evc::gateway
