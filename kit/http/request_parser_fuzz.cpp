// libFuzzer over everything that reads bytes from outside. Beside not crashing, each machine must see the same whether
// its bytes come at once or one by one, and an accepted request, written again by us, must be read as the same request:
// that is what makes forwarding safe. Run bounded: http_parser_fuzz -runs=200000.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "kit/http/request_parser.hpp"
#include "kit/http/response_parser.hpp"
#include "kit/http/websocket_frames.hpp"
#include "kit/http/writer.hpp"

namespace {

using namespace evc::http;

void require(bool holds) {
  if (!holds) std::abort();
}

std::string describe(RequestParser& parser) {
  std::string text = parser.head().method + " " + parser.head().target + " " + parser.head().path + "\n";
  for (const auto& [name, value] : parser.head().headers.all()) text += name + ":" + value + "\n";
  return text + "\n" + parser.body();
}

// What is written again may have a length more than it came with.
const HeadLimits kForwarded{.header_bytes = 33 * 1024, .header_count = 101};

struct Seen {
  std::string text;
  std::size_t used = 0;
  bool http10 = false;
};

// The first request in `bytes` when it is complete; nullopt when it is refused or cut.
std::optional<Seen> read_request(std::string_view bytes, std::size_t step, HeadLimits limits = {}) {
  constexpr std::size_t kBodyLimit = 4096;
  using State = RequestParser::State;
  RequestParser parser(limits);
  std::size_t used = 0;
  while (used < bytes.size() && (parser.state() == State::kHead || parser.state() == State::kBody)) {
    used += parser.feed(bytes.substr(used, step));
    if (parser.state() == State::kHeadDone) parser.begin_body(kBodyLimit);
  }
  if (parser.state() != State::kDone) return std::nullopt;
  require(parser.body().size() <= kBodyLimit);
  return Seen{describe(parser), used, parser.head().http10};
}

// Writes the first request of `bytes` anew, as a gateway does.
std::string rewrite(std::string_view bytes) {
  RequestParser parser(kForwarded);
  std::size_t used = 0;
  while (parser.state() == RequestParser::State::kHead || parser.state() == RequestParser::State::kBody) {
    used += parser.feed(bytes.substr(used));
    if (parser.state() == RequestParser::State::kHeadDone) parser.begin_body(4096);
  }
  Headers headers = parser.head().headers;
  const std::string host(headers.get("Host").value_or(""));
  headers.remove("Host");
  const BodyLength length{.kind = BodyLength::Kind::kLength, .bytes = parser.body().size()};
  return request_head(parser.head().method, parser.head().target, host, headers, length) + parser.body();
}

void fuzz_request(std::string_view bytes, std::size_t step) {
  const auto whole = read_request(bytes, bytes.size());
  const auto pieces = read_request(bytes, step);
  require(whole.has_value() == pieces.has_value());
  if (!whole) return;
  require(whole->text == pieces->text && whole->used == pieces->used);
  const std::string again = rewrite(bytes);
  const auto reread = read_request(again, again.size(), kForwarded);
  require(reread.has_value() && reread->used == again.size());
  require(rewrite(again) == again);
}

void fuzz_response(std::string_view bytes, std::size_t step) {
  using State = ResponseParser::State;
  const auto read = [bytes](std::size_t size) {
    ResponseParser parser(ResponseParser::ExpectBody::kByHeaders, 4096);
    for (std::size_t used = 0;
         used < bytes.size() && (parser.state() == State::kHead || parser.state() == State::kBody);)
      used += parser.feed(bytes.substr(used, size));
    std::string text = parser.state() == State::kDone ? std::to_string(parser.head().status) : "-";
    return parser.state() == State::kDone ? text + parser.take_body() : text;
  };
  require(read(bytes.size()) == read(step));
}

void fuzz_frames(std::string_view bytes, std::size_t step) {
  const auto read = [bytes](std::size_t size) {
    FrameReader reader(WebSocketRole::kServer, 4096);
    std::string text;
    for (std::size_t at = 0; at < bytes.size(); at += size) {
      const auto events = reader.feed(bytes.substr(at, size));
      // What was read before the fault in the same piece is dropped with it, so only whole inputs are compared.
      if (!events) return std::string("refused");
      for (const auto& event : *events) text += std::to_string(static_cast<int>(event.kind)) + event.payload + ";";
    }
    return text;
  };
  require(read(bytes.size()) == read(step));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 2), size - 2);
  const std::size_t step = 1 + data[1] % 7;
  switch (data[0] % 4) {
    case 0:
      fuzz_response(bytes, step);
      break;
    case 1:
      fuzz_frames(bytes, step);
      break;
    default:
      fuzz_request(bytes, step);
      break;
  }
  return 0;
}
