// HTTP messages as plain values, independent of the parser. Header names compare without case; a request holds a
// snapshot taken before the body, so that a trailer can never become a header.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kit/base/json.hpp"
#include "kit/base/result.hpp"
#include "kit/runtime/task.hpp"
#include "kit/telemetry/request_context.hpp"

namespace evc::http {

class Headers {
 public:
  void add(std::string_view name, std::string_view value);
  void set(std::string_view name, std::string_view value);  // replaces all of that name
  void remove(std::string_view name);
  std::optional<std::string_view> get(std::string_view name) const;  // the first
  bool contains(std::string_view name) const { return get(name).has_value(); }
  const std::vector<std::pair<std::string, std::string>>& all() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

// Decoded query parameters in order; a name may repeat.
class Query {
 public:
  static Result<Query> parse(std::string_view text);                 // bad percent-encoding: bad-request
  std::optional<std::string_view> get(std::string_view name) const;  // the first
  const std::vector<std::pair<std::string, std::string>>& all() const { return parameters_; }

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

struct Request {
  std::string method;
  std::string target;  // as received: path and query
  std::string path;    // percent-decoded, without "." and ".." segments
  Query query;
  Headers headers;
  std::string body;
  std::map<std::string, std::string> path_parameters;  // from the route's template
  std::string route;                                   // the template, e.g. /charging/{sessionId}
  std::string remote_address;                          // without port
  std::string peer_name;                               // CN of a verified client certificate, else empty

  Result<std::string_view> path_parameter(std::string_view name) const;
};

// Writes to one client with back-pressure: write() resumes when the bytes are taken. An error means the client is gone.
class StreamWriter {
 public:
  virtual ~StreamWriter() = default;
  virtual Task<Result<void>> write(std::string bytes) = 0;
};
using StreamBody = std::function<Task<>(RequestContext&, StreamWriter&)>;

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  StreamBody stream;  // when set: sent chunked after the head, `body` is ignored

  static Response json(int status, const json::Value& value);
  static Response text(int status, std::string body, std::string_view content_type = "text/plain; charset=utf-8");
  static Response empty(int status = 204);
};

// RFC 9457: type, title, status, detail, instance, code, traceId, errors[]; Retry-After where the error has one.
Response problem(const Error& error, const RequestContext& context, std::string_view instance = {});

// The answer, or the problem document of its error.
Response response_or_problem(Result<Response> result, const RequestContext& context, std::string_view instance = {});

// A JSON request body: unsupported-media-type, malformed-json or validation-failed with pointers.
template <class T>
Result<T> body_as(const Request& request);
Result<void> require_json(const Request& request);

// The Idempotency-Key: idempotency-key-missing, or idempotency-key-invalid when it is not 1–255 visible ASCII
// characters.
Result<std::string> idempotency_key(const Request& request);

template <class T>
Result<T> body_as(const Request& request) {
  EVC_CHECK(require_json(request));
  return evc::json::decode_text<T>(request.body);
}

}  // namespace evc::http
