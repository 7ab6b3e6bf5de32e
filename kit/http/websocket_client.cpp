#include <algorithm>
#include <array>

#include "kit/base/bytes.hpp"
#include "kit/http/character_sets.hpp"
#include "kit/http/head_reader.hpp"
#include "kit/http/websocket.hpp"
#include "kit/http/websocket_stream.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::http {
namespace {

std::string handshake_request(const WebSocketDial& options, std::string_view key) {
  std::string text =
      "GET " + options.path + " HTTP/1.1\r\nHost: " + options.host + ":" + std::to_string(options.port) +
      "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " +
      std::string(key) + "\r\n";
  std::string protocols;
  for (const std::string& name : options.subprotocols) protocols += (protocols.empty() ? "" : ", ") + name;
  if (!protocols.empty()) text += "Sec-WebSocket-Protocol: " + protocols + "\r\n";
  for (const auto& [name, value] : options.headers) text += name + ": " + value + "\r\n";
  return text + "\r\n";
}

// The selected subprotocol.
Result<std::string> check_answer(const HeadReader& reader, const WebSocketDial& options, std::string_view key) {
  const std::string_view line = reader.first_line();
  if (line.starts_with("HTTP/1.1 401")) return fail(Code::kUnauthenticated, "the server refused the credentials");
  if (line.starts_with("HTTP/1.1 404")) return fail(Code::kNotFound, "the server does not know this path");
  if (!line.starts_with("HTTP/1.1 101"))
    return fail(Code::kConnectionFailed, "the server refused the upgrade: " + std::string(line.substr(0, 60)));
  EVC_TRY(headers, reader.fields());
  const bool upgraded = equal_ignoring_case(headers.get("Upgrade").value_or(""), "websocket") &&
                        headers.get("Sec-WebSocket-Accept") == websocket_accept_key(key);
  if (!upgraded) return fail(Code::kProtocolError, "the answer to the upgrade is wrong");
  const std::string protocol(headers.get("Sec-WebSocket-Protocol").value_or(""));
  if (!protocol.empty() && std::ranges::find(options.subprotocols, protocol) == options.subprotocols.end()) {
    return fail(Code::kProtocolError, "the server selected a subprotocol that was not offered");
  }
  return protocol;
}

}  // namespace

Task<Result<std::unique_ptr<WebSocket>>> connect_websocket(Worker& worker, WebSocketDial options, SteadyTime deadline) {
  net::DialOptions dial{
      .host = options.host, .port = options.port, .tls = options.tls, .server_name = options.server_name};
  EVC_CO_TRY(stream, co_await net::dial(worker, std::move(dial), deadline));
  const std::string key = base64_encode(random_bytes(16));
  const std::string request = handshake_request(options, key);
  EVC_CO_CHECK(co_await stream->write_all(request, deadline));
  HeadReader reader({});
  std::array<char, 2048> buffer{};
  std::string leftover;
  while (!reader.done()) {
    EVC_CO_TRY(count, co_await stream->read_some(buffer, deadline));
    const auto taken = reader.feed({buffer.data(), count});
    if (!taken) co_return fail(Code::kProtocolError, taken.error().detail);
    leftover.assign(buffer.data() + *taken, count - *taken);
  }
  EVC_CO_TRY(protocol, check_answer(reader, options, key));
  co_return make_websocket(worker, std::move(stream), std::move(leftover), WebSocketRole::kClient, options.options,
                           std::move(protocol));
}

}  // namespace evc::http
