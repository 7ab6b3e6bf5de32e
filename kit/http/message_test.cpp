#include "kit/http/message.hpp"

#include <gtest/gtest.h>

#include "kit/http/character_sets.hpp"
#include "kit/http/response_parser.hpp"
#include "kit/http/target.hpp"
#include "kit/http/writer.hpp"

namespace evc::http {
namespace {

TEST(Headers, NamesCompareWithoutCase) {
  Headers headers;
  headers.add("Content-Type", "a");
  headers.add("content-type", "b");
  EXPECT_EQ(headers.get("CONTENT-TYPE"), "a");
  headers.set("Content-type", "c");
  EXPECT_EQ(headers.all().size(), 1U);
  headers.remove("CONTENT-type");
  EXPECT_FALSE(headers.contains("content-type"));
}

TEST(IdempotencyKey, AMissingOrWrongOneIsSaid) {
  Request request;
  EXPECT_EQ(idempotency_key(request).error().code, Code::kIdempotencyKeyMissing);
  for (const std::string& wrong : {std::string(), std::string("a b"), std::string("é"), std::string(256, 'k')}) {
    request.headers.set("Idempotency-Key", wrong);
    EXPECT_EQ(idempotency_key(request).error().code, Code::kIdempotencyKeyInvalid) << wrong;
  }
  request.headers.set("Idempotency-Key", std::string(255, '~'));
  EXPECT_EQ(idempotency_key(request).value(), std::string(255, '~'));
}

TEST(Problem, IsWhatBecomesOfAnErrorAndOfNothingElse) {
  const RequestContext context;
  EXPECT_EQ(response_or_problem(Response::empty(204), context, "/x").status, 204);
  const Response told = response_or_problem(fail(Code::kNotFound), context, "/x");
  EXPECT_EQ(told.status, 404);
  EXPECT_NE(told.body.find("\"instance\":\"/x\""), std::string::npos) << told.body;
}

TEST(Problem, CarriesCodeTraceAndFields) {
  RequestContext context;
  context.trace = telemetry::TraceContext::root();
  const Response response =
      problem({.code = Code::kValidationFailed, .detail = "two", .fields = {{"/a", "wrong"}}}, context, "/x");
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(response.headers.get("Content-Type"), "application/problem+json");
  const auto document = evc::json::parse(response.body).value();
  EXPECT_EQ(document.at("type"), "/problems/validation-failed");
  EXPECT_EQ(document.at("traceId").as_string(), context.trace.trace_id_hex());
  EXPECT_EQ(document.at("errors").at(0).at("pointer"), "/a");
  EXPECT_EQ(document.at("instance"), "/x");
  EXPECT_FALSE(response.headers.contains("Retry-After"));
}

TEST(Problem, SaysWhenToComeBack) {
  const RequestContext context;
  using std::chrono::milliseconds;
  EXPECT_EQ(
      problem({.code = Code::kRateLimited, .retry_after = milliseconds(2001)}, context).headers.get("Retry-After"),
      "3");
  EXPECT_EQ(problem({.code = Code::kOverloaded}, context).headers.get("Retry-After"), "1");
}

TEST(RequireJson, ByMediaType) {
  const auto accepted = [](std::string_view type) {
    Request request;
    request.headers.add("Content-Type", type);
    return require_json(request).has_value();
  };
  EXPECT_TRUE(accepted("application/json"));
  EXPECT_TRUE(accepted("Application/JSON; charset=UTF-8"));
  EXPECT_FALSE(accepted("application/json; charset=latin1"));
  EXPECT_FALSE(accepted("application/jsonx"));
  EXPECT_FALSE(accepted("text/plain"));
  EXPECT_FALSE(require_json(Request{}));
}

TEST(Writer, HeadersThatWouldSplitTheMessageAreLeftOut) {
  Headers headers;
  headers.add("Location", "/a\r\nSet-Cookie: x=y");
  headers.add("X\r\nY", "z");
  headers.add("Transfer-Encoding", "gzip");
  headers.add("Connection", "X-Kept");
  headers.add("X-Kept", "1");
  const std::string head =
      response_head(200, headers, {.kind = BodyLength::Kind::kLength, .bytes = 3}, Persistence::kClose);
  EXPECT_EQ(head.find("Cookie"), std::string::npos);
  EXPECT_EQ(head.find("gzip"), std::string::npos);
  EXPECT_NE(head.find("\r\nX-Kept: 1\r\nContent-Length: 3\r\nConnection: close\r\n\r\n"), std::string::npos);
}

TEST(Writer, Chunks) {
  EXPECT_EQ(chunk("0123456789abcdef"), "10\r\n0123456789abcdef\r\n");
  EXPECT_EQ(chunk(""), "0\r\n\r\n");
}

TEST(Target, EncodeAndDecodeAreInverse) {
  const std::string text = "São Paulo/a b?&=%+";
  EXPECT_EQ(percent_decode(percent_encode(text), Plus::kLiteral).value(), text);
}

TEST(Utf8, IsStrict) {
  EXPECT_TRUE(is_utf8("aé€😀"));
  for (const char* bad : {"\x80", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xC3", "\xFF"})
    EXPECT_FALSE(is_utf8(bad));
}

ResponseParser parse_response(std::string_view text,
                              ResponseParser::ExpectBody expect = ResponseParser::ExpectBody::kByHeaders) {
  ResponseParser parser(expect, 1000);
  using State = ResponseParser::State;
  for (std::size_t used = 0;
       used < text.size() && (parser.state() == State::kHead || parser.state() == State::kBody);) {
    used += parser.feed(text.substr(used, 1));
  }
  return parser;
}

TEST(ResponseParser, LengthChunksAndNothing) {
  using State = ResponseParser::State;
  auto parser = parse_response("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_EQ(parser.state(), State::kDone);
  EXPECT_EQ(parser.take_body(), "hi");
  parser = parse_response(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 \r\nTransfer-Encoding: chunked\r\nConnection: "
      "close\r\n\r\n2\r\nhi\r\n0\r\n\r\n");
  EXPECT_EQ(parser.state(), State::kDone);
  EXPECT_EQ(parser.head().status, 201);
  EXPECT_EQ(parser.take_body(), "hi");
  EXPECT_FALSE(parser.head().keep_alive);
  EXPECT_EQ(parse_response("HTTP/1.1 204\r\n\r\n").state(), State::kDone);
  EXPECT_EQ(parse_response("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", ResponseParser::ExpectBody::kNone).state(),
            State::kDone);
}

TEST(ResponseParser, RefusesWhatIsNotSure) {
  for (const std::string_view text :
       {"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 99 No\r\n\r\n",
        "HTTP/1.1 600 No\r\n\r\n", "HTTP/1.1 2000\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 101 Switching\r\n\r\n", "nonsense\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n"}) {
    const auto parser = parse_response(text);
    EXPECT_EQ(parser.state(), ResponseParser::State::kFailed) << text;
    EXPECT_EQ(parser.error().code, Code::kProtocolError);
  }
}

}  // namespace
}  // namespace evc::http
