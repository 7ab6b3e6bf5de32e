// Record headers as one byte string, for a bytea column: order, repetitions and every byte survive (jsonb would lose
// all three). Form: for each header two length-prefixed strings (32 bits, big endian), name and value.
#pragma once

#include <string>
#include <string_view>

#include "kit/base/result.hpp"
#include "kit/kafka/record.hpp"

namespace evc::messaging {

std::string encode_headers(const kafka::Headers& headers);
// protocol-error when the bytes are cut short.
Result<kafka::Headers> decode_headers(std::string_view bytes);

}  // namespace evc::messaging
