#include "kit/messaging/case_routes.hpp"

#include <algorithm>
#include <boost/describe.hpp>
#include <cctype>

#include "kit/http/operation.hpp"
#include "kit/http/page.hpp"
#include "kit/telemetry/log.hpp"

namespace evc::messaging {
namespace {

using http::Request;
using http::Response;
using postgres::Params;
using postgres::Rows;
using postgres::Statement;

constexpr std::size_t kReasonLimit = 500;
constexpr std::size_t kKindLimit = 64;

#define CASE_COLUMNS                                                                                             \
  "case_id, kind, subject, session_id, left(detail, 2000), trace_id, opened_at, closed_at, closed_by, outcome, " \
  "close_reason"

constexpr Statement kList{"operator_case_list",
                          "SELECT " CASE_COLUMNS
                          " FROM operator_case WHERE ($1::text = 'all' OR (closed_at IS NULL) = ($1 = 'open')) "
                          "AND ($2::text IS NULL OR kind = $2) AND ($3::text IS NULL OR session_id = $3) "
                          "AND ($4::timestamptz IS NULL OR (opened_at, case_id) < ($4, $5::uuid)) "
                          "ORDER BY opened_at DESC, case_id DESC LIMIT $6 + 1"};
constexpr Statement kFind{"operator_case_find", "SELECT " CASE_COLUMNS " FROM operator_case WHERE case_id = $1"};
constexpr Statement kClose{"operator_case_close",
                           "UPDATE operator_case SET closed_at = $2, closed_by = $3, outcome = $4, close_reason = $5, "
                           "close_trace_id = $6 WHERE case_id = $1 AND closed_at IS NULL RETURNING " CASE_COLUMNS};

enum class CaseOutcome { kCorrected, kWrittenOff, kNoChange, kDuplicate };
BOOST_DESCRIBE_ENUM(CaseOutcome, kCorrected, kWrittenOff, kNoChange, kDuplicate)

struct CloseRequest {
  CaseOutcome outcome = CaseOutcome::kNoChange;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(CloseRequest, (), (outcome, reason))

struct Part {
  IdempotencyStore& idempotency;
  postgres::Pool& pool;
};

struct Wanted {
  std::string state = "open";
  std::optional<std::string> kind;
  std::optional<std::string> session_id;
  std::optional<http::PagePosition> after;
  std::int64_t limit = 0;
};

json::Object view(const Rows& rows, std::size_t row) {
  const bool closed = !rows.is_null(row, 7);
  json::Object one{{"caseId", to_string(rows.get<Uuid>(row, 0))},
                   {"kind", rows.text(row, 1)},
                   {"state", closed ? "closed" : "open"},
                   {"subject", rows.text(row, 2)},
                   {"detail", rows.text(row, 4)},
                   {"openedAt", format_rfc3339(rows.get<WallTime>(row, 6))}};
  if (!rows.is_null(row, 3)) one["sessionId"] = rows.text(row, 3);
  if (!rows.is_null(row, 5)) one["supportCode"] = rows.text(row, 5);
  if (!closed) return one;
  one["closedAt"] = format_rfc3339(rows.get<WallTime>(row, 7));
  if (!rows.is_null(row, 8)) one["closedBy"] = rows.text(row, 8);
  if (!rows.is_null(row, 9)) one["outcome"] = rows.text(row, 9);
  if (!rows.is_null(row, 10)) one["reason"] = rows.text(row, 10);
  return one;
}

Result<Wanted> read_wanted(const Request& request) {
  EVC_TRY(limit, http::read_page_limit(request));
  EVC_TRY(after, http::read_page_cursor(request));
  Wanted wanted{.after = after, .limit = limit};
  if (const auto state = request.query.get("state")) {
    if (*state != "open" && *state != "closed" && *state != "all") return fail_field("?state", "open, closed or all");
    wanted.state = *state;
  }
  if (const auto kind = request.query.get("kind")) {
    if (kind->empty() || kind->size() > kKindLimit) return fail_field("?kind", "1 to 64 letters");
    wanted.kind = *kind;
  }
  if (const auto session = request.query.get("sessionId")) {
    if (!parse_uuid(*session)) return fail_field("?sessionId", "is not a UUID");
    wanted.session_id = *session;
  }
  return wanted;
}

Task<Response> list_cases(Part part, RequestContext& context, Request& request) {
  auto wanted = read_wanted(request);
  if (!wanted) co_return http::problem(wanted.error(), context, request.path);
  Params params(wanted->state, wanted->kind, wanted->session_id);
  if (wanted->after) {
    params.add(wanted->after->first).add(wanted->after->second);
  } else {
    params.add_null().add_null();
  }
  params.add(wanted->limit);
  auto rows = co_await part.pool.exec(context, kList, std::move(params));
  if (!rows) co_return http::problem(rows.error(), context, request.path);
  const auto limit = static_cast<std::size_t>(wanted->limit);
  json::Array cases;
  for (std::size_t row = 0; row < std::min(rows->size(), limit); ++row) cases.push_back(view(*rows, row));
  json::Object body{{"cases", std::move(cases)}};
  if (rows->size() > limit)
    body["nextCursor"] = http::page_cursor(rows->get<WallTime>(limit - 1, 6), rows->get<Uuid>(limit - 1, 0));
  co_return Response::json(200, body);
}

Result<Uuid> case_id_of(const Request& request) {
  EVC_TRY(text, request.path_parameter("caseId"));
  const auto id = parse_uuid(text);
  if (!id) return fail(Code::kNotFound);
  return *id;
}

Task<Response> find_case(Part part, RequestContext& context, Request& request) {
  const auto id = case_id_of(request);
  if (!id) co_return http::problem(id.error(), context, request.path);
  auto rows = co_await part.pool.exec(context, kFind, Params(*id));
  if (!rows) co_return http::problem(rows.error(), context, request.path);
  if (rows->empty()) co_return http::problem(Error{.code = Code::kNotFound}, context, request.path);
  co_return Response::json(200, view(*rows, 0));
}

// The case and the stored answer are written together.
Task<Result<Response>> close(Part part, RequestContext& context, const IdempotentRequest& keyed, Uuid id,
                             CloseRequest body) {
  EVC_CO_TRY(transaction, co_await part.pool.begin(context));
  EVC_CO_TRY(rows, co_await transaction.exec(context, kClose,
                                             Params(id, context.clock->wall(), context.principal.puid,
                                                    std::string(json::encode(body.outcome).as_string()), body.reason,
                                                    context.trace.trace_id_hex())));
  if (rows.empty()) {
    EVC_CO_TRY(known, co_await transaction.exec(context, kFind, Params(id)));
    if (known.empty()) co_return fail(Code::kNotFound);
    co_return fail(Code::kConflict, "the case is closed already");
  }
  Response response = Response::json(200, view(rows, 0));
  EVC_CO_CHECK(co_await part.idempotency.complete(context, transaction, keyed, response));
  EVC_CO_CHECK(co_await transaction.commit(context));
  EVC_LOG(kInfo, context.trace, "A reconciliation case was closed",
          {{telemetry::key::kReason, std::string(json::encode(body.outcome).as_string())}});
  co_return response;
}

Task<Response> close_case(Part part, RequestContext& context, Request& request) {
  auto key = http::idempotency_key(request);
  if (!key) co_return http::problem(key.error(), context, request.path);
  const auto id = case_id_of(request);
  if (!id) co_return http::problem(id.error(), context, request.path);
  auto body = http::body_as<CloseRequest>(request);
  if (body && (body->reason.empty() || body->reason.size() > kReasonLimit))
    body = fail_field("/reason", "1 to 500 characters");
  if (!body) co_return http::problem(body.error(), context, request.path);
  const IdempotentRequest keyed = idempotent_request(context, request, *key);
  auto decision = co_await part.idempotency.begin(context, keyed);
  if (!decision) co_return http::problem(decision.error(), context, request.path);
  if (decision->kind == IdempotencyDecision::Kind::kReplay) co_return std::move(*decision->response);
  auto response = co_await close(part, context, keyed, *id, std::move(*body));
  if (response) co_return std::move(*response);
  co_await part.idempotency.release(context, keyed);
  co_return http::problem(response.error(), context, request.path);
}

std::string operation(std::string_view verb, std::string service, std::string_view noun) {
  service[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(service[0])));
  return std::string(verb) + service + std::string(noun);
}

}  // namespace

void add_case_operations(http::Router& router, const std::string& service, IdempotencyStore& idempotency,
                         postgres::Pool& pool) {
  const Part part{idempotency, pool};
  http::add_operation(router, service, operation("list", service, "Cases"),
                      [part](RequestContext& context, Request& request) { return list_cases(part, context, request); });
  http::add_operation(router, service, operation("get", service, "Case"),
                      [part](RequestContext& context, Request& request) { return find_case(part, context, request); });
  http::add_operation(router, service, operation("close", service, "Case"),
                      [part](RequestContext& context, Request& request) { return close_case(part, context, request); });
}

}  // namespace evc::messaging
