#include "kit/http/message.hpp"

#include <algorithm>

#include "kit/http/character_sets.hpp"
#include "kit/http/target.hpp"

namespace evc::http {

void Headers::add(std::string_view name, std::string_view value) {
  fields_.emplace_back(name, value);
}

void Headers::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_, [name](const auto& field) { return equal_ignoring_case(field.first, name); });
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
  const auto found =
      std::ranges::find_if(fields_, [name](const auto& field) { return equal_ignoring_case(field.first, name); });
  if (found == fields_.end()) return std::nullopt;
  return found->second;
}

Result<Query> Query::parse(std::string_view text) {
  constexpr std::size_t kParameters = 200;
  Query query;
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (pair.empty()) continue;
    if (query.parameters_.size() == kParameters) return fail(Code::kBadRequest, "too many query parameters");
    const std::size_t equals = pair.find('=');
    EVC_TRY(name, percent_decode(pair.substr(0, equals), Plus::kSpace));
    EVC_TRY(value, percent_decode(equals == std::string_view::npos ? "" : pair.substr(equals + 1), Plus::kSpace));
    query.parameters_.emplace_back(std::move(name), std::move(value));
  }
  return query;
}

std::optional<std::string_view> Query::get(std::string_view name) const {
  const auto found =
      std::ranges::find_if(parameters_, [name](const auto& parameter) { return parameter.first == name; });
  if (found == parameters_.end()) return std::nullopt;
  return found->second;
}

Result<std::string_view> Request::path_parameter(std::string_view name) const {
  const auto found = path_parameters.find(std::string(name));
  if (found == path_parameters.end()) return fail(Code::kInternal, "the route has no such path parameter");
  return found->second;
}

Response Response::json(int status, const evc::json::Value& value) {
  return text(status, evc::json::serialize(value), "application/json");
}

Response Response::text(int status, std::string body, std::string_view content_type) {
  Response response{.status = status, .body = std::move(body)};
  response.headers.add("Content-Type", content_type);
  return response;
}

Response Response::empty(int status) {
  return {.status = status};
}

Response problem(const Error& error, const RequestContext& context, std::string_view instance) {
  const CodeInfo& row = info(error.code);
  evc::json::Object document;
  document["type"] = "/problems/" + std::string(row.name);
  document["title"] = row.title;
  document["status"] = row.status;
  if (!error.detail.empty()) document["detail"] = error.detail;
  if (!instance.empty()) document["instance"] = instance;
  document["code"] = row.name;
  if (context.trace.valid()) document["traceId"] = context.trace.trace_id_hex();
  if (!error.fields.empty()) {
    evc::json::Array fields;
    for (const FieldError& field : error.fields)
      fields.push_back({{"pointer", field.pointer}, {"detail", field.detail}});
    document["errors"] = std::move(fields);
  }
  Response response = Response::text(row.status, evc::json::serialize(document), "application/problem+json");
  response.headers.add("Cache-Control", "no-store");
  const bool must_say_when = row.status == 429 || row.status == 503;
  if (error.retry_after || must_say_when) {
    const auto wait = std::chrono::ceil<std::chrono::seconds>(error.retry_after.value_or(std::chrono::seconds(1)));
    response.headers.add("Retry-After", std::to_string(std::max<long long>(wait.count(), 1)));
  }
  return response;
}

Response response_or_problem(Result<Response> result, const RequestContext& context, std::string_view instance) {
  return result ? std::move(*result) : problem(result.error(), context, instance);
}

Result<void> require_json(const Request& request) {
  const std::string_view type = request.headers.get("Content-Type").value_or("");
  const std::size_t end = type.find(';');
  if (!equal_ignoring_case(trim(type.substr(0, end)), "application/json")) return fail(Code::kUnsupportedMediaType);
  if (end == std::string_view::npos) return {};
  const std::string_view parameter = trim(type.substr(end + 1));
  const bool utf8 =
      equal_ignoring_case(parameter, "charset=utf-8") || equal_ignoring_case(parameter, "charset=\"utf-8\"");
  if (!utf8) return fail(Code::kUnsupportedMediaType, "JSON is UTF-8");
  return {};
}

Result<std::string> idempotency_key(const Request& request) {
  constexpr std::size_t kLongest = 255;
  const auto key = request.headers.get("Idempotency-Key");
  if (!key) return fail(Code::kIdempotencyKeyMissing);
  const bool visible = std::ranges::all_of(*key, [](char c) { return c >= '!' && c <= '~'; });
  if (key->empty() || key->size() > kLongest || !visible) return fail(Code::kIdempotencyKeyInvalid);
  return std::string(*key);
}

}  // namespace evc::http
