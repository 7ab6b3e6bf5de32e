#include "kit/auth/verifier.hpp"
#include "kit/telemetry/log.hpp"

#include <algorithm>
#include <cctype>

namespace evc::auth {
namespace {

// "Bearer <token>"; the scheme compares without case (RFC 9110 §11.1).
std::optional<std::string_view> bearer_token(const http::Request& request) {
  constexpr std::string_view kScheme = "bearer ";
  const auto header = request.headers.get("authorization");
  if (!header || header->size() <= kScheme.size()) return std::nullopt;
  for (std::size_t i = 0; i < kScheme.size(); ++i) {
    if (std::tolower(static_cast<unsigned char>((*header)[i])) != kScheme[i]) return std::nullopt;
  }
  return header->substr(kScheme.size());
}

http::Response refuse(const RequestContext& context, const http::Request& request, Code code,
                      std::string_view challenge) {
  http::Response response = http::problem(Error{.code = code}, context, request.path);
  response.headers.set("www-authenticate", challenge);
  return response;
}

std::optional<Code> forbidden(const Principal& principal, const http::Request& request,
                              const http::RouteOptions& options) {
  using Kind = Principal::Kind;
  switch (options.access) {
    case http::Access::kPublic:
    case http::Access::kPeer:
      return std::nullopt;
    case http::Access::kToken:
      if (principal.kind == Kind::kService) return Code::kForbidden;
      break;
    case http::Access::kOperator:
      if (principal.kind != Kind::kOperator) return Code::kForbidden;
      break;
    case http::Access::kService: {
      // The token's client and the certificate must be the same service, so that a stolen token is useless without its
      // key.
      const bool same =
          principal.kind == Kind::kService && !request.peer_name.empty() && principal.client_id == request.peer_name;
      const bool listed = std::ranges::find(options.callers, principal.client_id) != options.callers.end();
      if (!same || !listed) return Code::kForbidden;
      break;
    }
  }
  if (!options.scope.empty() && !principal.has_scope(options.scope)) return Code::kInsufficientScope;
  return std::nullopt;
}

// A stream outlives the request that began it. Each piece is sent only while its token would still be accepted, so that
// a sign-out, a revoked key or the token's own end closes the stream at the next piece, and nothing more is told.
class WhileAccepted final : public http::StreamWriter {
 public:
  WhileAccepted(std::shared_ptr<Verifier> verifier, std::string token, RequestContext& context, http::StreamWriter& to)
      : verifier_(std::move(verifier)), token_(std::move(token)), context_(context), to_(to) {}

  Task<Result<void>> write(std::string bytes) override {
    auto principal = co_await verifier_->verify(context_, token_);
    if (!principal) co_return std::unexpected(std::move(principal).error());
    co_return co_await to_.write(std::move(bytes));
  }

 private:
  std::shared_ptr<Verifier> verifier_;
  std::string token_;
  RequestContext& context_;
  http::StreamWriter& to_;
};

Task<> stream_while_accepted(http::StreamBody body, std::shared_ptr<Verifier> verifier, std::string token,
                             RequestContext& context, http::StreamWriter& to) {
  WhileAccepted writer(std::move(verifier), std::move(token), context, to);
  co_await body(context, writer);
}

Task<http::Response> authenticate_request(std::shared_ptr<Verifier> verifier, RequestContext& context,
                                          http::Request& request, const http::RouteInfo& route,
                                          const http::Next& next) {
  if (route.options.access == http::Access::kPublic) co_return co_await next(context, request);
  if (route.options.access == http::Access::kPeer) {
    const bool listed = std::ranges::find(route.options.callers, request.peer_name) != route.options.callers.end();
    if (!listed) co_return http::problem(Error{.code = Code::kForbidden}, context, request.path);
    co_return co_await next(context, request);
  }
  const auto token = bearer_token(request);
  if (!token) co_return refuse(context, request, Code::kUnauthenticated, "Bearer");
  auto principal = co_await verifier->verify(context, *token);
  if (!principal) {
    if (principal.error().code != Code::kTokenInvalid)
      co_return http::problem(principal.error(), context, request.path);
    EVC_LOG(kInfo, context.trace, "A token was refused", {{telemetry::key::kReason, principal.error().detail}});
    co_return refuse(context, request, Code::kTokenInvalid, "Bearer error=\"invalid_token\"");
  }
  if (const auto code = forbidden(*principal, request, route.options)) {
    co_return refuse(context, request, *code, "Bearer error=\"insufficient_scope\"");
  }
  context.principal = std::move(*principal);
  // The request may be gone when the stream runs.
  std::string kept(*token);
  http::Response response = co_await next(context, request);
  if (response.stream) {
    response.stream = [body = std::move(response.stream), verifier, kept = std::move(kept)](RequestContext& its_context,
                                                                                            http::StreamWriter& to) {
      return stream_while_accepted(body, verifier, kept, its_context, to);
    };
  }
  co_return response;
}

}  // namespace

http::Middleware authenticate(std::shared_ptr<Verifier> verifier) {
  return [verifier = std::move(verifier)](RequestContext& context, http::Request& request, const http::RouteInfo& route,
                                          const http::Next& next) {
    return authenticate_request(verifier, context, request, route, next);
  };
}

}  // namespace evc::auth
