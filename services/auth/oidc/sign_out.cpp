#include "services/auth/oidc/sign_out.hpp"

#include "services/auth/api/oauth_answers.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/domain/refresh.hpp"
#include "services/auth/oidc/authorization_flow.hpp"
#include "services/auth/pages/pages.hpp"
#include "services/auth/store/audit_log.hpp"
#include "services/auth/store/clients.hpp"
#include "services/auth/store/sessions.hpp"

namespace evc::auth_service {
namespace {

constexpr std::string_view kPurpose = "logout";

std::string text_of(const json::Object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

// nullopt: the request says what is not so, and nothing is done.
Task<Result<std::optional<SignOut::Asked>>> SignOut::read(RequestContext& context, const Parameters& parameters) {
  Asked asked{.return_to = field(parameters, "post_logout_redirect_uri").value_or(""),
              .state = field(parameters, "state").value_or(""),
              .session = std::nullopt};
  std::string client_id = field(parameters, "client_id").value_or("");
  bool hinted = false;
  if (const auto hint = field(parameters, "id_token_hint")) {
    // One whose key is gone proves nothing, as if none had come: the person is asked.
    const auto claims = parts_.grants.ours(*hint, "JWT");
    const std::string audience = claims ? text_of(*claims, "aud") : client_id;
    if (!client_id.empty() && client_id != audience) co_return std::optional<Asked>{};
    client_id = audience;
    if (const auto session = parse_uuid(claims ? text_of(*claims, "sid") : "")) asked.session = *session;
    hinted = true;
  }
  if (asked.return_to.empty()) co_return std::optional(std::move(asked));
  EVC_CO_TRY(client, co_await find_client(context, parts_.pool, client_id));
  // Whoever follows the link of a client that is unknown or gone wants to leave: that much is done.
  if (!client && hinted) {
    asked.return_to = "";
    co_return std::optional(std::move(asked));
  }
  if (!client || !may_redirect_after_logout(*client, asked.return_to)) co_return std::optional<Asked>{};
  co_return std::optional(std::move(asked));
}

Task<http::Response> SignOut::begin(RequestContext& context, const http::Request& request) {
  Result<Parameters> parameters = fail(Code::kBadRequest);
  if (request.method == "POST") {
    parameters = form_of(request);
  } else if (auto single = single_parameters(request.query.all())) {
    parameters = std::move(*single);
  }
  Browser browser = browser_of(request, parameters ? field(*parameters, "ui_locales").value_or("") : "");
  if (!parameters) co_return problem_answer(400, PageProblem::kBadLogout, browser, context);
  if (request.method == "POST") co_return by_link("/oauth2/logout", *parameters);
  auto answer = co_await steps(context, std::move(*parameters), browser);
  if (answer) co_return std::move(*answer);
  co_return problem_answer(503, PageProblem::kBusy, browser, context);
}

Task<Result<http::Response>> SignOut::steps(RequestContext& context, Parameters parameters, Browser browser) {
  EVC_CO_TRY(asked, co_await read(context, parameters));
  if (!asked) co_return problem_answer(400, PageProblem::kBadLogout, browser, context);
  if (asked->return_to.empty()) parameters.erase("post_logout_redirect_uri");
  const WallTime now = context.clock->wall();
  EVC_CO_TRY(here, co_await find_sign_in(context, parts_.pool, refresh_token_hash(browser.sign_in_cookie), now));
  std::optional<SessionOrigin> origin;
  if (asked->session) {
    EVC_CO_TRY(found, co_await origin_of_session(context, parts_.pool, *asked->session));
    origin = std::move(found);
  }
  // The token's session is this browser's, or nobody is signed in at this one: whoever holds the token may end it.
  const bool by_right = origin && (!here || origin->sign_in_id == here->id);
  if (by_right || !here)
    co_return co_await finish(context, std::move(parameters), std::move(browser),
                              origin ? origin->sign_in_id : std::nullopt);
  PageFlow flow{.purpose = std::string(kPurpose),
                .parameters = std::move(parameters),
                .email = std::nullopt,
                .proved = std::nullopt,
                .sign_in = here->id};
  // The hint has done its part; a page does not carry tokens.
  flow.parameters.erase("id_token_hint");
  const bool returns = !asked->return_to.empty();
  co_return page_answer(200, sign_out_page(browser.language, parts_.seal.close(std::move(flow), browser.mark, now)),
                        browser, returns ? origin_of_uri(asked->return_to) : "");
}

Task<http::Response> SignOut::confirm(RequestContext& context, const http::Request& request) {
  Browser browser = browser_of(request, "");
  auto fields = form_of(request);
  auto flow = flow_of_form(parts_.seal, kPurpose, request, fields, browser, context.clock->wall());
  if (!flow) co_return problem_answer(400, PageProblem::kOver, browser, context);
  browser.language = browser_of(request, field(flow->parameters, "ui_locales").value_or("")).language;
  auto answer = co_await leave(context, std::move(*flow), browser);
  if (answer) co_return std::move(*answer);
  co_return problem_answer(503, PageProblem::kBusy, browser, context);
}

Task<Result<http::Response>> SignOut::leave(RequestContext& context, PageFlow flow, Browser browser) {
  const WallTime now = context.clock->wall();
  EVC_CO_TRY(here, co_await find_sign_in(context, parts_.pool, refresh_token_hash(browser.sign_in_cookie), now));
  // Signed in anew since the page was shown: that is forgotten too, so it ends too.
  if (here && here->id != flow.sign_in) EVC_CO_CHECK(co_await end(context, here->id, here->account_id));
  co_return co_await finish(context, std::move(flow.parameters), std::move(browser), flow.sign_in);
}

Task<Result<http::Response>> SignOut::finish(RequestContext& context, Parameters parameters, Browser browser,
                                             std::optional<Uuid> sign_in) {
  if (sign_in) {
    EVC_CO_TRY(origin, co_await origin_of_session(context, parts_.pool, *sign_in));
    if (origin) EVC_CO_CHECK(co_await end(context, *sign_in, origin->account_id));
  }
  const std::string return_to = field(parameters, "post_logout_redirect_uri").value_or("");
  http::Response response =
      return_to.empty() ? page_answer(200, signed_out_page(browser.language), browser)
                        : redirect_to(with_parameters(return_to, {{"state", field(parameters, "state").value_or("")}}));
  forget_sign_in(response);
  co_return response;
}

Task<Result<void>> SignOut::end(RequestContext& context, Uuid sign_in, Uuid account_id) {
  const WallTime now = context.clock->wall();
  EVC_CO_TRY(secret, co_await parts_.issuer.person_secret(context, account_id));
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  EVC_CO_CHECK(co_await end_sign_in(context, transaction, sign_in, "signed out", now, now + kDenyFor));
  EVC_CO_CHECK(co_await write_audit(context, transaction,
                                    {.action = AuditAction::kSignedOut,
                                     .actor = AuditActor::kOwner,
                                     .subject = pseudonym(secret, "events"),
                                     .detail = {{"sessionId", to_string(sign_in)}}}));
  co_return co_await transaction.commit(context);
}

}  // namespace evc::auth_service
