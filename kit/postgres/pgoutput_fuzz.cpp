// libFuzzer over the messages of logical decoding: the input is a row of messages, each with its length before it. A
// decoder that has refused a message is given up, as the stream is.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "kit/postgres/pgoutput.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  evc::postgres::PgoutputDecoder decoder;
  while (!rest.empty()) {
    const std::size_t length = std::min<std::size_t>(static_cast<unsigned char>(rest[0]), rest.size() - 1);
    const auto step = decoder.feed(rest.substr(1, length));
    if (!step) return 0;
    if (step->batch && decoder.in_transaction()) std::abort();
    rest.remove_prefix(1 + length);
  }
  return 0;
}
