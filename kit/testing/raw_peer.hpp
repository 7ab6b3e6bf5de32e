// A client that sends bytes as they are and reads whole answers, so that malformed requests can be sent at all. Header
// only: who uses it links kit_http.
#pragma once

#include <array>
#include <string>

#include "kit/http/response_parser.hpp"
#include "kit/net/stream.hpp"
#include "kit/testing/run_task.hpp"

namespace evc::testing {

class RawPeer {
 public:
  RawPeer(Worker& worker, std::uint16_t port, std::shared_ptr<net::TlsClient> tls = nullptr,
          std::string server_name = "localhost")
      : worker_(worker) {
    const net::DialOptions options{
        .host = "127.0.0.1", .port = port, .tls = std::move(tls), .server_name = std::move(server_name)};
    auto dialled = run_task(worker, net::dial(worker, options, soon()));
    if (dialled) stream_ = std::move(*dialled);
  }
  bool connected() const { return stream_ != nullptr; }
  bool send(std::string_view bytes) { return run_task(worker_, stream_->write_all(bytes, soon())).has_value(); }

  struct Answer {
    int status = 0;  // 0: the connection ended without an answer
    http::Headers headers;
    std::string body;
  };
  Answer receive(http::ResponseParser::ExpectBody expect = http::ResponseParser::ExpectBody::kByHeaders) {
    http::ResponseParser parser(expect, 1 << 24);
    using State = http::ResponseParser::State;
    while (parser.state() == State::kHead || parser.state() == State::kBody) {
      if (received_.empty() && !read()) return {};
      received_.erase(0, parser.feed(received_));
    }
    if (parser.state() == State::kFailed) return {};
    return {parser.head().status, parser.head().headers, parser.take_body()};
  }
  Answer exchange(std::string_view bytes) {
    send(bytes);
    return receive();
  }
  // Bytes until `text` has been seen, or the end.
  std::string receive_until(std::string_view text) {
    std::size_t found = 0;
    while ((found = received_.find(text)) == std::string::npos) {
      if (!read()) return std::exchange(received_, {});
    }
    std::string seen = received_.substr(0, found + text.size());
    received_.erase(0, seen.size());
    return seen;
  }
  bool closed_by_peer() {
    while (read()) {
    }
    return !stream_->is_open();
  }
  void close() { stream_->close(); }

 private:
  static SteadyTime soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(10); }
  bool read() {
    std::array<char, 4096> buffer{};
    const auto count = run_task(worker_, stream_->read_some(buffer, soon()));
    if (!count) return false;
    received_.append(buffer.data(), *count);
    return true;
  }

  Worker& worker_;
  std::unique_ptr<net::Stream> stream_;
  std::string received_;
};

}  // namespace evc::testing
