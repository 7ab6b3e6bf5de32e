#include "kit/registry/client.hpp"

#include <algorithm>

#include "contracts/error_codes.hpp"

namespace evc::registry {
namespace {

constexpr std::string_view kSchemas = "/internal/schemas/";

struct VersionList {
  std::string subject;
  std::vector<std::uint32_t> versions;
};
BOOST_DESCRIBE_STRUCT(VersionList, (), (subject, versions))

struct Document {
  std::string subject;
  std::uint32_t version = 0;
  std::string schema;
};
BOOST_DESCRIBE_STRUCT(Document, (), (subject, version, schema))

struct Difference {
  std::string pointer;
  std::string detail;
};
BOOST_DESCRIBE_STRUCT(Difference, (), (pointer, detail))

struct Judgement {
  bool compatible = false;
  std::vector<Difference> differences;
};
BOOST_DESCRIBE_STRUCT(Judgement, (), (compatible, differences))

std::string versions_target(const std::string& subject) {
  return std::string(kSchemas) + subject + "/versions";
}

std::vector<FieldError> fields_of(const json::Object& problem) {
  std::vector<FieldError> fields;
  const auto* errors = problem.if_contains("errors");
  if (errors == nullptr) return fields;
  if (const auto differences = json::decode<std::vector<Difference>>(*errors, json::Unknown::kIgnore)) {
    for (const Difference& one : *differences) fields.push_back({.pointer = one.pointer, .detail = one.detail});
  }
  return fields;
}

std::string text_of(const json::Object& object, std::string_view member) {
  const auto* value = object.if_contains(member);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

// The problem document as the error that the registry meant.
Error error_of(const http::Response& response) {
  const auto parsed = json::parse(response.body);
  const auto* problem = parsed ? parsed->if_object() : nullptr;
  const auto code = problem ? code_from_name(text_of(*problem, "code")) : std::nullopt;
  if (!code)
    return {.code = Code::kProtocolError,
            .detail = "the schema registry answered " + std::to_string(response.status) + " without a problem"};
  return {.code = *code, .detail = text_of(*problem, "detail"), .fields = fields_of(*problem)};
}

template <class T>
Result<T> as(Result<json::Object> answer) {
  if (!answer) return std::unexpected(std::move(answer).error());
  auto decoded = json::decode<T>(json::Value(std::move(*answer)), json::Unknown::kIgnore);
  if (!decoded) return fail(Code::kProtocolError, "the schema registry answered in another form");
  return decoded;
}

}  // namespace

Task<Result<json::Object>> Client::ask(RequestContext& context, std::string method, std::string target,
                                       std::string route_class, std::string body) {
  http::Call call{.method = std::move(method),
                  .target = std::move(target),
                  .route_class = std::move(route_class),
                  .repeat = http::Call::Repeat::kIdempotent};
  if (!body.empty()) call.headers.set("content-type", "application/json");
  call.body = std::move(body);
  const auto registry = registry_;
  EVC_CO_TRY(response, co_await registry->send(context, std::move(call)));
  if (response.status != 200) co_return std::unexpected(error_of(response));
  auto parsed = json::parse(response.body);
  if (!parsed || !parsed->is_object()) co_return fail(Code::kProtocolError, "the schema registry answered no object");
  co_return std::move(parsed->as_object());
}

Task<Result<std::vector<std::uint32_t>>> Client::versions(RequestContext& context, std::string subject) {
  auto answer = co_await ask(context, "GET", versions_target(subject), "/internal/schemas/{subject}/versions", "");
  EVC_CO_TRY(list, as<VersionList>(std::move(answer)));
  std::ranges::sort(list.versions);
  co_return std::move(list.versions);
}

Task<Result<std::string>> Client::resolve(RequestContext& context, Reference reference) {
  auto answer =
      co_await ask(context, "GET", versions_target(reference.subject) + "/" + std::to_string(reference.version),
                   "/internal/schemas/{subject}/versions/{version}", "");
  EVC_CO_TRY(document, as<Document>(std::move(answer)));
  co_return std::move(document.schema);
}

Task<Result<void>> Client::enrol(RequestContext& context, Reference reference, std::string schema) {
  std::string body = json::serialize(json::Object{{"schema", std::move(schema)}});
  EVC_CO_CHECK(co_await ask(context, "PUT",
                            versions_target(reference.subject) + "/" + std::to_string(reference.version),
                            "/internal/schemas/{subject}/versions/{version}", std::move(body)));
  co_return Result<void>{};
}

Task<Result<std::vector<FieldError>>> Client::incompatibilities(RequestContext& context, std::string subject,
                                                                std::string schema) {
  std::string body = json::serialize(json::Object{{"schema", std::move(schema)}});
  auto answer = co_await ask(context, "POST", std::string(kSchemas) + subject + "/compatibility",
                             "/internal/schemas/{subject}/compatibility", std::move(body));
  EVC_CO_TRY(judgement, as<Judgement>(std::move(answer)));
  std::vector<FieldError> fields;
  for (const Difference& one : judgement.differences) fields.push_back({.pointer = one.pointer, .detail = one.detail});
  if (!judgement.compatible && fields.empty()) fields.push_back({.pointer = "", .detail = "not compatible"});
  co_return fields;
}

}  // namespace evc::registry
