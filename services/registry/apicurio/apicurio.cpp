#include "services/registry/apicurio/apicurio.hpp"

#include "kit/base/bytes.hpp"
#include "services/registry/apicurio/answers.hpp"

namespace evc::registry_service {
namespace {

constexpr std::string_view kApi = "/apis/registry/v3";
constexpr std::string_view kArtifacts = "/apis/registry/v3/groups/default/artifacts";
constexpr std::string_view kLimit = "limit=500";  // the most that one answer lists; the contracts have some twenty
constexpr std::string_view kUser = "evcosta-registry";

std::string artifact(const Subject& subject) {
  return std::string(kArtifacts) + "/" + subject.name();
}

std::unexpected<Error> unexpected_status(const http::Response& response) {
  if (response.status == 503) return fail(Code::kServiceUnavailable, "the store of the registry is not ready");
  return fail(Code::kUpstreamFailed, "the store of the registry answered " + std::to_string(response.status));
}

json::Object version_body(std::uint32_t version, std::string schema) {
  return {{"version", std::to_string(version)},
          {"content", json::Object{{"content", std::move(schema)}, {"contentType", "application/json"}}}};
}

}  // namespace

Apicurio::Apicurio(std::shared_ptr<http::Client> store, const Secret<std::string>& password)
    : store_(std::move(store)),
      authorization_("Basic " + base64_encode(std::string(kUser) + ":" + password.reveal())) {}

Task<Result<http::Response>> Apicurio::call(RequestContext& context, std::string method, std::string target,
                                            std::string route_class, std::string body) {
  http::Call call{.method = std::move(method), .target = std::move(target), .route_class = std::move(route_class)};
  // Writes are tried again too: a version that is there already is compared, not written twice.
  call.repeat = http::Call::Repeat::kIdempotent;
  call.headers.add("authorization", authorization_);
  if (!body.empty()) call.headers.add("content-type", "application/json");
  call.body = std::move(body);
  const auto store = store_;
  co_return co_await store->send(context, std::move(call));
}

Task<Result<void>> Apicurio::ping(RequestContext& context) {
  const std::string target = std::string(kApi) + "/system/info";
  EVC_CO_TRY(response, co_await call(context, "GET", target, target, ""));
  if (response.status != 200) co_return unexpected_status(response);
  co_return Result<void>{};
}

Task<Result<std::vector<std::string>>> Apicurio::subjects(RequestContext& context) {
  const std::string target = std::string(kArtifacts) + "?" + std::string(kLimit);
  EVC_CO_TRY(response, co_await call(context, "GET", target, std::string(kArtifacts), ""));
  if (response.status != 200) co_return unexpected_status(response);
  co_return subjects_of(response.body);
}

Task<Result<std::vector<std::uint32_t>>> Apicurio::versions(RequestContext& context, Subject subject) {
  const std::string target = artifact(subject) + "/versions?" + std::string(kLimit);
  EVC_CO_TRY(response, co_await call(context, "GET", target, std::string(kArtifacts) + "/{id}/versions", ""));
  if (response.status == 404) co_return std::vector<std::uint32_t>{};
  if (response.status != 200) co_return unexpected_status(response);
  co_return versions_of(response.body);
}

Task<Result<std::string>> Apicurio::schema(RequestContext& context, Subject subject, std::uint32_t version) {
  const std::string target = artifact(subject) + "/versions/" + std::to_string(version) + "/content";
  EVC_CO_TRY(response, co_await call(context, "GET", target, std::string(kArtifacts) + "/{id}/versions/content", ""));
  if (response.status == 404) co_return fail(Code::kNotFound, subject.name() + " has no such version");
  if (response.status != 200) co_return unexpected_status(response);
  co_return std::move(response.body);
}

Task<Result<void>> Apicurio::require_compatibility(RequestContext& context) {
  const std::string rules = std::string(kApi) + "/admin/rules";
  const std::string rule =
      json::serialize(json::Object{{"ruleType", "COMPATIBILITY"}, {"config", "BACKWARD_TRANSITIVE"}});
  EVC_CO_TRY(replaced, co_await call(context, "PUT", rules + "/COMPATIBILITY", rules + "/{type}", rule));
  if (replaced.status == 200) co_return Result<void>{};
  if (replaced.status != 404) co_return unexpected_status(replaced);
  EVC_CO_TRY(made, co_await call(context, "POST", rules, rules, rule));
  // 409: somebody else made it meanwhile.
  if (made.status != 204 && made.status != 200 && made.status != 409) co_return unexpected_status(made);
  co_return Result<void>{};
}

Task<Result<void>> Apicurio::add(RequestContext& context, Subject subject, std::uint32_t version, std::string schema,
                                 Mode mode) {
  const std::string_view query = mode == Mode::kTryOnly ? "?dryRun=true" : "";
  const bool is_first = version == 1;
  json::Object body = version_body(version, std::move(schema));
  if (is_first) body = {{"artifactId", subject.name()}, {"artifactType", "JSON"}, {"firstVersion", std::move(body)}};
  const std::string place = is_first ? std::string(kArtifacts) : artifact(subject) + "/versions";
  const std::string route = std::string(kArtifacts) + (is_first ? "" : "/{id}/versions");
  EVC_CO_TRY(response, co_await call(context, "POST", place + std::string(query), route, json::serialize(body)));
  if (response.status == 200 || response.status == 204) co_return Result<void>{};
  const bool refused = response.status == 400 || response.status == 409 || response.status == 422;
  if (std::vector<FieldError> broken = refused ? broken_rule_of(response.body) : std::vector<FieldError>();
      !broken.empty()) {
    co_return std::unexpected(Error{.code = Code::kConflict,
                                    .detail = reference_of(subject, version) + " refuses what an earlier version took",
                                    .fields = std::move(broken)});
  }
  if (response.status == 409) co_return fail(Code::kConflict, "this version is there already");
  if (refused) co_return fail_field("/schema", "the store of the registry does not take it as a JSON Schema");
  co_return unexpected_status(response);
}

}  // namespace evc::registry_service
