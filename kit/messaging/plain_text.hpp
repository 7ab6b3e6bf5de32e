// Bytes of a record as text that PostgreSQL and JSON take: what is UTF-8 without NUL stays as it is, anything else is
// written with its bytes escaped. So the strangest record still finds its way to the dead letters.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace evc::messaging {

bool is_plain_text(std::string_view bytes);
// At most `limit` bytes, cut between two characters.
std::string plain_text(std::string_view bytes, std::size_t limit = std::string_view::npos);

}  // namespace evc::messaging
