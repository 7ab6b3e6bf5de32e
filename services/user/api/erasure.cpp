#include "services/user/api/erasure.hpp"

#include "kit/http/operation.hpp"
#include "services/user/api/own_data.hpp"
#include "services/user/store/erasures.hpp"

namespace evc::user {
namespace {

using http::Request;
using http::Response;

struct ErasureView {
  Uuid erasure_id;
  std::string state;
  std::optional<OpenPart> reason;
  WallTime requested_at{};
  std::optional<WallTime> finished_at;
};
BOOST_DESCRIBE_STRUCT(ErasureView, (), (erasure_id, state, reason, requested_at, finished_at))

json::Value view_of(const Erasure& erasure) {
  return json::encode(ErasureView{.erasure_id = erasure.id,
                                  .state = std::string(told(erasure.state)),
                                  .reason = erasure.reason,
                                  .requested_at = erasure.requested_at,
                                  .finished_at = erasure.finished_at});
}

Task<Result<Erasure>> begin(Api& api, RequestContext& context, Proof proof) {
  EVC_CO_TRY(id, person(context));
  // Asked again, with a token that is not refused everywhere yet: the same.
  EVC_CO_TRY(running, co_await running_erasure(context, api.pool, id));
  if (running) co_return std::move(*running);
  EVC_CO_TRY(open, co_await api.saga.open_part(context, context.principal.puid));
  if (open) co_return std::unexpected(refusal(*open));
  EVC_CO_CHECK(co_await api.account.prove(context, id, std::move(proof)));
  EVC_CO_TRY(begun, co_await begin_erasure(context, api.pool, id, context.clock->wall()));
  // The first step at once, so that no refresh works any more when the answer arrives. If it fails it is done later.
  co_await api.saga.advance(context, begun.id);
  co_return begun;
}

}  // namespace

Task<Response> erase_person(Api& api, RequestContext& context, Request& request) {
  auto proof = http::body_as<Proof>(request);
  if (!proof) co_return http::problem(proof.error(), context, request.path);
  auto begun = co_await begin(api, context, std::move(*proof));
  if (!begun) co_return http::no_store(http::problem(begun.error(), context, request.path));
  Response response = Response::json(202, view_of(*begun));
  response.headers.set("location", "/users/erasures/" + to_string(begun->id));
  co_return http::no_store(std::move(response));
}

Task<Response> get_erasure(Api& api, RequestContext& context, Request& request) {
  const auto id = parse_uuid(request.path_parameters.at("erasureId"));
  if (!id) co_return http::problem(Error{.code = Code::kNotFound}, context, request.path);
  auto erasure = co_await find_erasure(context, api.pool, *id);
  if (!erasure) co_return http::problem(erasure.error(), context, request.path);
  if (!*erasure) co_return http::problem(Error{.code = Code::kNotFound}, context, request.path);
  co_return http::no_store(Response::json(200, view_of(**erasure)));
}

}  // namespace evc::user
