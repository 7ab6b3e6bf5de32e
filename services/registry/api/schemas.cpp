#include "services/registry/api/schemas.hpp"

#include <algorithm>

#include "kit/http/operation.hpp"
#include "kit/telemetry/log.hpp"
#include "services/registry/domain/compatibility.hpp"

namespace evc::registry_service {
namespace {

struct Proposal {
  std::string schema;
};
BOOST_DESCRIBE_STRUCT(Proposal, (), (schema))

struct Place {
  Subject subject;
  std::uint32_t version = 0;
};

Result<Subject> subject_of(const http::Request& request) {
  EVC_TRY(text, request.path_parameter("subject"));
  return parse_subject(text);
}

Result<Place> place_of(const http::Request& request) {
  EVC_TRY(subject, subject_of(request));
  EVC_TRY(text, request.path_parameter("version"));
  EVC_TRY(version, parse_version(text));
  return Place{.subject = std::move(subject), .version = version};
}

// A schema carries its own name, so that a copy of it is never taken for another one.
Result<void> names_itself(const std::string& schema, const std::string& reference) {
  const auto parsed = json::parse(schema);
  const auto* object = parsed ? parsed->if_object() : nullptr;
  if (object == nullptr) return fail_field("/schema", "not a JSON object");
  const auto* id = object->if_contains("$id");
  if (id == nullptr || !id->is_string() || std::string_view(id->as_string()) != reference)
    return fail_field("/schema", "its $id must be " + reference);
  return {};
}

json::Object document(const Place& place, std::string schema) {
  return {{"subject", place.subject.name()}, {"version", place.version}, {"schema", std::move(schema)}};
}

http::Response refused(const RequestContext& context, const http::Request& request, const Error& error) {
  return http::problem(error, context, request.path);
}

http::Response judgement(const std::vector<FieldError>& found) {
  json::Array differences;
  for (const FieldError& one : found)
    differences.push_back(json::Object{{"pointer", one.pointer}, {"detail", one.detail}});
  return http::Response::json(200,
                              json::Object{{"compatible", found.empty()}, {"differences", std::move(differences)}});
}

}  // namespace

void Schemas::add_routes(http::Router& router) {
  const auto add = [&](std::string_view operation, auto member) {
    http::add_operation(router, "registry", operation, [this, member](RequestContext& context, http::Request& request) {
      return (this->*member)(context, request);
    });
  };
  add("listSchemas", &Schemas::list);
  add("listSchemaVersions", &Schemas::versions);
  add("getSchema", &Schemas::get);
  add("registerSchema", &Schemas::put);
  add("checkSchema", &Schemas::check);
}

Task<http::Response> Schemas::list(RequestContext& context, http::Request& request) {
  auto names = co_await store_.subjects(context);
  if (!names) co_return refused(context, request, names.error());
  co_return http::Response::json(200, json::Object{{"subjects", json::Array(names->begin(), names->end())}});
}

Task<http::Response> Schemas::versions(RequestContext& context, http::Request& request) {
  const auto subject = subject_of(request);
  if (!subject) co_return refused(context, request, subject.error());
  auto found = co_await store_.versions(context, *subject);
  if (!found) co_return refused(context, request, found.error());
  co_return http::Response::json(
      200, json::Object{{"subject", subject->name()}, {"versions", json::Array(found->begin(), found->end())}});
}

Task<http::Response> Schemas::get(RequestContext& context, http::Request& request) {
  const auto place = place_of(request);
  if (!place) co_return refused(context, request, place.error());
  auto schema = co_await store_.schema(context, place->subject, place->version);
  if (!schema) co_return refused(context, request, schema.error());
  co_return http::Response::json(200, document(*place, std::move(*schema)));
}

Task<http::Response> Schemas::put(RequestContext& context, http::Request& request) {
  const auto place = place_of(request);
  if (!place) co_return refused(context, request, place.error());
  if (!may_register(request.peer_name, place->subject)) {
    EVC_LOG(kWarn, context.trace, "a schema of another's topic was offered",
            {{telemetry::key::kPeer, request.peer_name}, {telemetry::key::kSubject, place->subject.name()}});
    co_return refused(context, request, {.code = Code::kForbidden, .detail = "the producer of the topic alone"});
  }
  auto proposal = http::body_as<Proposal>(request);
  if (!proposal) co_return refused(context, request, proposal.error());
  const auto named = names_itself(proposal->schema, reference_of(place->subject, place->version));
  if (!named) co_return refused(context, request, named.error());
  const auto written = co_await write(context, place->subject, place->version, proposal->schema);
  if (!written) co_return refused(context, request, written.error());
  co_return http::Response::json(200, document(*place, std::move(proposal->schema)));
}

Task<Result<void>> Schemas::write(RequestContext& context, Subject subject, std::uint32_t version, std::string schema) {
  EVC_CO_TRY(present, co_await store_.versions(context, subject));
  if (std::ranges::find(present, version) != present.end())
    co_return co_await compare(context, std::move(subject), version, std::move(schema));
  const std::uint32_t next = present.empty() ? 1 : present.back() + 1;
  if (version != next)
    co_return fail(Code::kConflict, "the next version of " + subject.name() + " is " + std::to_string(next));
  EVC_CO_TRY(refused_members, co_await judge(context, subject, present, schema));
  if (!refused_members.empty())
    co_return std::unexpected(Error{.code = Code::kConflict,
                                    .detail = reference_of(subject, version) + " refuses what an earlier version took",
                                    .fields = std::move(refused_members)});
  EVC_CO_CHECK(co_await store_.require_compatibility(context));
  auto added = co_await store_.add(context, subject, version, schema, Apicurio::Mode::kStore);
  // Another process was faster, or our own first try was.
  if (!added && added.error().code == Code::kConflict && added.error().fields.empty())
    co_return co_await compare(context, std::move(subject), version, std::move(schema));
  if (added)
    EVC_LOG(kInfo, context.trace, "a schema was registered",
            {{telemetry::key::kSubject, subject.name()}, {telemetry::key::kSequence, version}});
  co_return added;
}

Task<Result<std::vector<FieldError>>> Schemas::judge(RequestContext& context, Subject subject,
                                                     std::vector<std::uint32_t> earlier, std::string schema) {
  std::vector<FieldError> found;
  const auto ours = json::parse(schema);
  if (!ours) co_return std::unexpected(ours.error());
  for (const std::uint32_t version : earlier) {
    EVC_CO_TRY(text, co_await store_.schema(context, subject, version));
    const auto theirs = json::parse(text);
    if (!theirs) co_return fail(Code::kProtocolError, "the store of the registry holds something that is no JSON");
    for (FieldError& one : incompatibilities(*theirs, *ours)) {
      one.detail += " (version " + std::to_string(version) + ")";
      found.push_back(std::move(one));
    }
  }
  co_return found;
}

Task<Result<void>> Schemas::compare(RequestContext& context, Subject subject, std::uint32_t version,
                                    std::string schema) {
  EVC_CO_TRY(stored, co_await store_.schema(context, subject, version));
  const auto ours = json::parse(schema);
  const auto theirs = json::parse(stored);
  if (ours && theirs && *ours == *theirs) co_return Result<void>{};
  co_return fail(Code::kConflict, reference_of(subject, version) + " is registered with another content");
}

Task<http::Response> Schemas::check(RequestContext& context, http::Request& request) {
  const auto subject = subject_of(request);
  if (!subject) co_return refused(context, request, subject.error());
  auto proposal = http::body_as<Proposal>(request);
  if (!proposal) co_return refused(context, request, proposal.error());
  auto present = co_await store_.versions(context, *subject);
  if (!present) co_return refused(context, request, present.error());
  auto found = co_await judge(context, *subject, *present, proposal->schema);
  if (!found) co_return refused(context, request, found.error());
  if (!found->empty()) co_return judgement(*found);
  const auto required = co_await store_.require_compatibility(context);
  if (!required) co_return refused(context, request, required.error());
  const std::uint32_t next = present->empty() ? 1 : present->back() + 1;
  const auto tried =
      co_await store_.add(context, *subject, next, std::move(proposal->schema), Apicurio::Mode::kTryOnly);
  if (tried) co_return judgement({});
  if (tried.error().code != Code::kConflict || tried.error().fields.empty())
    co_return refused(context, request, tried.error());
  co_return judgement(tried.error().fields);
}

}  // namespace evc::registry_service
