#include "kit/http/request_parser.hpp"

#include <gtest/gtest.h>

namespace evc::http {
namespace {

using State = RequestParser::State;

// Feeds `text` in pieces of `step` bytes, letting bodies of up to 1 MiB in; stops at the end of the first request.
std::size_t feed_all(RequestParser& parser, std::string_view text, std::size_t step, std::size_t body_limit = 1 << 20) {
  std::size_t used = 0;
  while (used < text.size() && parser.state() != State::kFailed && parser.state() != State::kDone) {
    if (parser.state() == State::kHeadDone) {
      parser.begin_body(body_limit);
      continue;
    }
    const std::size_t size = std::min(step, text.size() - used);
    used += parser.feed(text.substr(used, size));
  }
  if (parser.state() == State::kHeadDone) parser.begin_body(body_limit);
  return used;
}

void expect_refused(std::string_view text, Code code = Code::kBadRequest) {
  for (const std::size_t step : {text.size(), std::size_t{1}, std::size_t{3}}) {
    RequestParser parser;
    feed_all(parser, text, step);
    ASSERT_EQ(parser.state(), State::kFailed) << text;
    EXPECT_EQ(info(parser.error().code).name, info(code).name) << text;
  }
}

RequestParser expect_accepted(std::string_view text) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{2}, text.size()}) {
    RequestParser parser;
    feed_all(parser, text, step);
    EXPECT_EQ(parser.state(), State::kDone) << text << parser.error().detail;
    if (step == text.size()) return parser;
  }
  return RequestParser();
}

TEST(RequestParser, PlainGet) {
  auto parser = expect_accepted(
      "GET /stations/a%20b?near=1%2C2&near=x+y HTTP/1.1\r\nHost: localhost:8443\r\nX-Empty:\r\nX-Text: \t a b "
      "\r\n\r\n");
  const RequestHead& head = parser.head();
  EXPECT_EQ(head.method, "GET");
  EXPECT_EQ(head.path, "/stations/a b");
  EXPECT_EQ(head.query.all(), (std::vector<std::pair<std::string, std::string>>{{"near", "1,2"}, {"near", "x y"}}));
  EXPECT_EQ(head.headers.get("x-text"), "a b");
  EXPECT_EQ(head.headers.get("x-empty"), "");
  EXPECT_TRUE(head.keep_alive);
}

TEST(RequestParser, BodyOfAGivenLength) {
  auto parser = expect_accepted("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nHELLO");
  EXPECT_EQ(parser.body(), "HELLO");
}

TEST(RequestParser, ChunkedBody) {
  auto parser = expect_accepted(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n");
  EXPECT_EQ(parser.body(), "abc0123456789");
}

TEST(RequestParser, TwoRequestsInOnePiece) {
  const std::string_view text =
      "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /2 HTTP/1.1\r\nHost: a\r\n\r\n";
  RequestParser parser;
  std::size_t used = feed_all(parser, text, text.size());
  EXPECT_EQ(parser.head().path, "/1");
  EXPECT_EQ(parser.body(), "hi");
  parser.reset();
  used += feed_all(parser, text.substr(used), text.size());
  EXPECT_EQ(parser.head().path, "/2");
  EXPECT_EQ(used, text.size());
}

TEST(RequestParser, ConnectionCloseAndHttp10EndTheConnection) {
  EXPECT_FALSE(expect_accepted("GET / HTTP/1.1\r\nHost: a\r\nConnection: foo, Close\r\n\r\n").head().keep_alive);
  EXPECT_FALSE(expect_accepted("GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n").head().keep_alive);
}

TEST(RequestParser, ExpectContinue) {
  EXPECT_TRUE(expect_accepted("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx")
                  .head()
                  .expects_continue);
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\nContent-Length: 1\r\n\r\nx");
}

// --- framing
TEST(Smuggling, ContentLengthThenChunked) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
}
TEST(Smuggling, ChunkedThenContentLength) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n");
}
TEST(Smuggling, ChunkedCommaIdentityWithContentLength) {
  expect_refused(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\nContent-Length: 5\r\n\r\nHELLO");
}
TEST(Smuggling, ChunkedCommaIdentityAlone) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n");
}
TEST(Smuggling, XchunkedWithContentLength) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\nHELLO");
}
TEST(Smuggling, GzipCodingAlone) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n");
}
TEST(Smuggling, GzipThenChunked) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n");
}
TEST(Smuggling, TwoTransferEncodings) {
  expect_refused(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
}
TEST(Smuggling, EmptyTransferEncoding) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n");
}
TEST(Smuggling, ChunkedInHttp10) {
  expect_refused("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
}
TEST(Smuggling, TwoEqualContentLengths) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nHELLO");
}
TEST(Smuggling, ContentLengthList) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nHELLO");
}
TEST(Smuggling, ContentLengthWithSign) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nHELLO");
}
TEST(Smuggling, ContentLengthNegative) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n");
}
TEST(Smuggling, ContentLengthHexadecimal) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nHELLO");
}
TEST(Smuggling, ContentLengthEmpty) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n");
}
TEST(Smuggling, ContentLengthThatOverflows) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551621\r\n\r\nHELLO");
}
// --- chunks
TEST(Smuggling, TrailerInjection) {
  expect_refused(
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-User-Id: admin\r\n\r\n");
}
TEST(Smuggling, ChunkExtension) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;x=y\r\na\r\n0\r\n\r\n");
}
TEST(Smuggling, HugeChunkExtension) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(20000, 'x') +
                 "\r\na\r\n0\r\n\r\n");
}
TEST(Smuggling, ChunkSizeWithSpace) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\na\r\n0\r\n\r\n");
}
TEST(Smuggling, ChunkSizeWithPrefix) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n");
}
TEST(Smuggling, ChunkSizeThatOverflows) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000001\r\na\r\n0\r\n\r\n");
}
TEST(Smuggling, ChunkSizeMissing) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\r\na\r\n0\r\n\r\n");
}
TEST(Smuggling, ChunkEndsWithBareLineFeed) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n");
}
TEST(Smuggling, ChunkLongerThanItsSize) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n");
}
// --- lines and headers
TEST(Smuggling, SpaceBeforeColon) {
  expect_refused("GET / HTTP/1.1\r\nHost: a\r\nX-A : b\r\n\r\n");
}
TEST(Smuggling, ContentLengthWithSpaceBeforeColon) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nHELLO");
}
TEST(Smuggling, BareLineFeed) {
  expect_refused("GET / HTTP/1.1\nHost: a\n\n");
}
TEST(Smuggling, BareLineFeedInHeaders) {
  expect_refused("GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n");
}
TEST(Smuggling, BareCarriageReturn) {
  expect_refused("GET / HTTP/1.1\r\nHost: a\r\nX: y\rZ: w\r\n\r\n");
}
TEST(Smuggling, FoldedLine) {
  expect_refused("GET / HTTP/1.1\r\nHost: a\r\nX-A: b\r\n c\r\n\r\n");
}
TEST(Smuggling, FoldedFirstLine) {
  expect_refused("GET / HTTP/1.1\r\n Host: a\r\nHost: a\r\n\r\n");
}
TEST(Smuggling, TwoHosts) {
  expect_refused("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
}
TEST(Smuggling, TwoEqualHosts) {
  expect_refused("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n");
}
TEST(Smuggling, NoHost) {
  expect_refused("GET / HTTP/1.1\r\n\r\n");
}
TEST(Smuggling, EmptyHost) {
  expect_refused("GET / HTTP/1.1\r\nHost:\r\n\r\n");
}
TEST(Smuggling, HostWithPath) {
  expect_refused("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n");
}
TEST(Smuggling, NulInHeader) {
  expect_refused(std::string_view("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 38));
}
TEST(Smuggling, ControlCharacterInHeader) {
  expect_refused("GET / HTTP/1.1\r\nHost: a\r\nX: a\x01b\r\n\r\n");
}
TEST(Smuggling, HighByteInHeader) {
  expect_refused("GET / HTTP/1.1\r\nHost: a\r\nX: a\xC3\xA9\r\n\r\n");
}
TEST(Smuggling, HeaderWithoutColon) {
  expect_refused("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n");
}
TEST(Smuggling, EmptyHeaderName) {
  expect_refused("GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n");
}
TEST(Smuggling, TwoAuthorizations) {
  expect_refused("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n");
}
TEST(Smuggling, TwoIdempotencyKeys) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nIdempotency-Key: a\r\nidempotency-key: b\r\n\r\n");
}
TEST(Smuggling, EmptyLineBeforeTheRequest) {
  expect_refused("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
}
// --- request line
TEST(Smuggling, AbsoluteTarget) {
  expect_refused("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n");
}
TEST(Smuggling, ConnectTarget) {
  expect_refused("CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n");
}
TEST(Smuggling, SpaceInTarget) {
  expect_refused("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n");
}
TEST(Smuggling, FragmentInTarget) {
  expect_refused("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n");
}
TEST(Smuggling, DotSegments) {
  expect_refused("GET /public/../admin HTTP/1.1\r\nHost: a\r\n\r\n");
  expect_refused("GET /public/%2e%2E/admin HTTP/1.1\r\nHost: a\r\n\r\n");
  expect_refused("GET /./admin HTTP/1.1\r\nHost: a\r\n\r\n");
}
TEST(Smuggling, EncodedSlashes) {
  expect_refused("GET /a%2Fb HTTP/1.1\r\nHost: a\r\n\r\n");
  expect_refused("GET /a%5cb HTTP/1.1\r\nHost: a\r\n\r\n");
}
TEST(Smuggling, BrokenEscapes) {
  for (const std::string_view target : {"/%", "/%4", "/%zz", "/%00", "/%0d%0aX:y", "/?a=%0a", "/%ff", "/%c0%af"}) {
    expect_refused("GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n");
  }
}
TEST(Smuggling, UnknownVersions) {
  for (const std::string_view version : {"HTTP/2.0", "HTTP/1.2", "HTTP/1.1x", "http/1.1", "HTTP/0.9", ""}) {
    expect_refused("GET / " + std::string(version) + "\r\nHost: a\r\n\r\n");
  }
}
TEST(Smuggling, Http2Preface) {
  expect_refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
}
TEST(Smuggling, MethodWithForeignCharacters) {
  expect_refused("GE(T / HTTP/1.1\r\nHost: a\r\n\r\n");
}

// --- limits
TEST(RequestLimits, RequestLine) {
  expect_refused("GET /" + std::string(8 * 1024, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", Code::kUriTooLong);
}
TEST(RequestLimits, RequestLineWithoutEnd) {
  expect_refused(std::string(9000, 'a'), Code::kUriTooLong);
}
TEST(RequestLimits, Headers) {
  expect_refused("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(33 * 1024, 'a') + "\r\n\r\n", Code::kHeadersTooLarge);
}
TEST(RequestLimits, HeaderCount) {
  std::string text = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 100; ++i) text += "X: y\r\n";
  expect_refused(text + "\r\n", Code::kHeadersTooLarge);
}
TEST(RequestLimits, AnnouncedBody) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n", Code::kPayloadTooLarge);
}
TEST(RequestLimits, ChunkedBodyFailsBeforeItsBytesArrive) {
  expect_refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n", Code::kPayloadTooLarge);
}

}  // namespace
}  // namespace evc::http
