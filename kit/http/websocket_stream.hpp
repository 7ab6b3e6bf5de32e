// Makes a WebSocket out of a stream whose handshake is done, and the server's half of that handshake.
#pragma once

#include <memory>
#include <string>

#include "kit/http/request_parser.hpp"
#include "kit/http/websocket.hpp"
#include "kit/http/websocket_frames.hpp"
#include "kit/net/stream.hpp"

namespace evc::http {

// The value of Sec-WebSocket-Accept. bad-request when the request is no WebSocket handshake of version 13.
Result<std::string> websocket_accept_key(const RequestHead& head);
std::string websocket_accept_key(std::string_view key);

// `leftover`: bytes that arrived behind the handshake.
std::unique_ptr<WebSocket> make_websocket(Worker& worker, std::unique_ptr<net::Stream> stream, std::string leftover,
                                          WebSocketRole role, WebSocketOptions options, std::string subprotocol);

}  // namespace evc::http
