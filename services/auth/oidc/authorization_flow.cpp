#include "services/auth/oidc/authorization_flow.hpp"

#include "kit/base/bytes.hpp"
#include "services/auth/api/oauth_answers.hpp"
#include "services/auth/domain/identity.hpp"
#include "services/auth/domain/refresh.hpp"
#include "services/auth/store/audit_log.hpp"
#include "services/auth/store/clients.hpp"
#include "services/auth/store/sessions.hpp"

namespace evc::auth_service {
namespace {

constexpr std::string_view kPurpose = "authorize";

std::string locales_of(const Parameters& parameters) {
  return field(parameters, "ui_locales").value_or("");
}

Result<Parameters> parameters_of(const http::Request& request) {
  if (request.method == "POST") return form_of(request);
  auto parameters = single_parameters(request.query.all());
  if (!parameters) return fail(Code::kBadRequest, "a parameter stands there twice");
  return std::move(*parameters);
}

int status_of(SignInProblem problem) {
  switch (problem) {
    case SignInProblem::kTooMany:
      return 429;
    case SignInProblem::kBusy:
      return 503;
    default:
      return 422;
  }
}

SignInProblem problem_of(const Error& error, const PageFlow& flow) {
  if (error.code == Code::kCredentialsInvalid) return flow.proved ? SignInProblem::kWrongCode : SignInProblem::kWrong;
  return error.code == Code::kRateLimited ? SignInProblem::kTooMany : SignInProblem::kBusy;
}

void say_when(http::Response& response, const std::optional<std::chrono::milliseconds>& wait) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait.value_or(std::chrono::seconds(1)));
  response.headers.set("retry-after", std::to_string(std::max<long long>(seconds.count(), 1)));
}

}  // namespace

http::Response by_link(std::string_view path, const Parameters& parameters) {
  const std::vector<std::pair<std::string, std::string>> all(parameters.begin(), parameters.end());
  return redirect_to(with_parameters(path, all));
}

http::Response problem_answer(int status, PageProblem problem, const Browser& browser, const RequestContext& context) {
  // A page without a form needs no mark, and the one that other pages were made for stays.
  Browser reader = browser;
  reader.mark_is = Browser::Mark::kKnown;
  http::Response response =
      page_answer(status, problem_page(browser.language, problem, context.trace.trace_id_hex()), reader);
  if (status == 503) say_when(response, std::nullopt);
  return response;
}

http::Response AuthorizationFlow::refused(const Asked& asked, std::string_view error,
                                          std::string_view description) const {
  return redirect_to(with_parameters(asked.request.redirect_uri, {{"error", std::string(error)},
                                                                  {"error_description", std::string(description)},
                                                                  {"state", asked.request.state},
                                                                  {"iss", parts_.issuer.settings().issuer}}));
}

Task<Result<AuthorizationFlow::Reading>> AuthorizationFlow::read(RequestContext& context, const Parameters& parameters,
                                                                 const Browser& browser) {
  Reading reading;
  EVC_CO_TRY(client, co_await find_client(context, parts_.pool, field(parameters, "client_id").value_or("")));
  if (!client) {
    reading.answer = problem_answer(400, PageProblem::kUnknownClient, browser, context);
    co_return reading;
  }
  if (!may_redirect_to(*client, field(parameters, "redirect_uri").value_or(""))) {
    reading.answer = problem_answer(400, PageProblem::kUnknownRedirect, browser, context);
    co_return reading;
  }
  ReadAuthorization read = read_authorization(parameters, *client);
  Asked asked{.client = std::move(*client), .request = std::move(read.request)};
  if (read.refusal) {
    reading.answer = refused(asked, read.refusal->error, read.refusal->description);
  } else {
    reading.asked = std::move(asked);
  }
  co_return reading;
}

// Whose ID token came as a hint, expired or not. One whose key is gone says nothing, and where nobody may be asked it
// fits nobody.
std::optional<std::string> AuthorizationFlow::hinted_subject(const AuthorizationRequest& request) const {
  if (request.id_token_hint.empty()) return std::nullopt;
  if (const auto claims = parts_.grants.ours(request.id_token_hint, "JWT")) {
    const auto* subject = claims->if_contains("sub");
    if (subject != nullptr && subject->is_string()) return std::string(subject->get_string());
  }
  return request.prompts.none ? std::optional(std::string()) : std::nullopt;
}

http::Response AuthorizationFlow::ask_sign_in(int status, const Asked& asked, PageFlow flow, const Browser& browser,
                                              SignInProblem problem, WallTime now) const {
  SignInPage page{.language = browser.language,
                  .client_name = asked.client.name,
                  .flow = {},
                  .email = flow.email.value_or(""),
                  .problem = problem};
  const bool second_step = flow.proved.has_value();
  page.flow = parts_.seal.close(std::move(flow), browser.mark, now);
  return page_answer(status, second_step ? second_step_page(page) : sign_in_page(page), browser,
                     origin_of_uri(asked.request.redirect_uri));
}

Task<http::Response> AuthorizationFlow::begin(RequestContext& context, const http::Request& request) {
  auto parameters = parameters_of(request);
  Browser browser = browser_of(request, parameters ? locales_of(*parameters) : "");
  if (!parameters) co_return problem_answer(400, PageProblem::kBadRequest, browser, context);
  if (request.method == "POST") co_return by_link("/oauth2/authorize", *parameters);
  co_return co_await go_on(context, std::move(*parameters), std::move(browser), {});
}

Task<http::Response> AuthorizationFlow::go_on(RequestContext& context, Parameters parameters, Browser browser,
                                              Progress progress) {
  auto answer = co_await steps(context, std::move(parameters), browser, std::move(progress));
  if (answer) co_return std::move(*answer);
  co_return problem_answer(503, PageProblem::kBusy, browser, context);
}

Task<Result<http::Response>> AuthorizationFlow::steps(RequestContext& context, Parameters parameters, Browser browser,
                                                      Progress progress) {
  EVC_CO_TRY(reading, co_await read(context, parameters, browser));
  if (!reading.asked) co_return std::move(reading.answer);
  co_return co_await step(context, std::move(*reading.asked), std::move(parameters), std::move(browser),
                          std::move(progress));
}

Task<Result<http::Response>> AuthorizationFlow::step(RequestContext& context, Asked asked, Parameters parameters,
                                                     Browser browser, Progress progress) {
  const WallTime now = context.clock->wall();
  const auto hinted = hinted_subject(asked.request);
  const bool just_now = progress.signed_in.has_value();
  std::optional<SignInRow> row = std::move(progress.signed_in);
  if (!row && !browser.sign_in_cookie.empty()) {
    EVC_CO_TRY(found, co_await find_sign_in(context, parts_.pool, refresh_token_hash(browser.sign_in_cookie), now));
    row = std::move(found);
  }
  std::optional<KnownSignIn> known;
  std::optional<Account> account;
  Consent consent = progress.consent;
  if (row) {
    EVC_CO_TRY(found, co_await find_account(context, parts_.pool, row->account_id));
    if (!found) co_return fail(Code::kServiceUnavailable);
    account = std::move(found);
    known = KnownSignIn{
        .subject = to_string(row->account_id), .authenticated_at = row->authenticated_at, .just_now = just_now};
    asked.request.scope = common_scope(asked.request.scope, TokenIssuer::scope_of(*account));
    if (asked.request.scope.empty()) co_return refused(asked, "invalid_scope", "the person has none of these rights");
    EVC_CO_TRY(consented, co_await consented_scope(context, parts_.pool, row->account_id, asked.client.id));
    const bool lasts = is_reached_alone(asked.client, asked.request.redirect_uri);
    const bool given = asked.client.party == Party::kFirst || (lasts && scope_within(asked.request.scope, consented));
    if (given && consent == Consent::kAsk) consent = Consent::kGiven;
  }
  switch (next_step(asked.request, known, consent, hinted, now)) {
    case NextStep::kLoginRequired:
      co_return refused(asked, "login_required", "nobody is signed in who fits the request");
    case NextStep::kConsentRequired:
      co_return refused(asked, "consent_required", "the person has not been asked yet");
    case NextStep::kConsent:
      co_return co_await ask_consent(context, std::move(asked), std::move(parameters), std::move(browser), *row,
                                     std::move(*account));
    case NextStep::kIssueCode:
      co_return co_await issue_code(context, std::move(asked), *row);
    case NextStep::kSignIn:
      break;
  }
  constexpr std::size_t kAddressLimitBytes = 254;
  const std::string& hint = asked.request.login_hint;
  PageFlow flow{.purpose = std::string(kPurpose),
                .parameters = std::move(parameters),
                .email = hint.size() <= kAddressLimitBytes ? hint : "",
                .proved = std::nullopt,
                .sign_in = std::nullopt};
  co_return ask_sign_in(200, asked, std::move(flow), browser, SignInProblem::kNone, now);
}

Task<Result<http::Response>> AuthorizationFlow::issue_code(RequestContext& context, Asked asked, SignInRow signed_in) {
  const WallTime now = context.clock->wall();
  const std::string code = new_refresh_token();
  EVC_CO_CHECK(co_await insert_code(context, parts_.pool,
                                    {.hash = refresh_token_hash(code),
                                     .row = {.client_id = asked.client.id,
                                             .account_id = signed_in.account_id,
                                             .sign_in_id = signed_in.id,
                                             .redirect_uri = asked.request.redirect_uri,
                                             .scope = asked.request.scope,
                                             .nonce = asked.request.nonce,
                                             .code_challenge = asked.request.code_challenge,
                                             .expires_at = now + kCodeLife},
                                     .created_at = now}));
  co_return redirect_to(
      with_parameters(asked.request.redirect_uri,
                      {{"code", code}, {"state", asked.request.state}, {"iss", parts_.issuer.settings().issuer}}));
}

Task<Result<http::Response>> AuthorizationFlow::ask_consent(RequestContext& context, Asked asked, Parameters parameters,
                                                            Browser browser, SignInRow signed_in, Account account) {
  EVC_CO_TRY(secret, co_await parts_.issuer.person_secret(context, account.id));
  EVC_CO_TRY(person, person_of(std::move(account), std::move(secret)));
  PageFlow flow{.purpose = std::string(kPurpose),
                .parameters = std::move(parameters),
                .email = std::nullopt,
                .proved = std::nullopt,
                .sign_in = signed_in.id};
  ConsentPage page{.language = browser.language,
                   .client_name = asked.client.name,
                   .flow = parts_.seal.close(std::move(flow), browser.mark, context.clock->wall()),
                   .email = person.email,
                   .scope = asked.request.scope};
  co_return page_answer(200, consent_page(page), browser, origin_of_uri(asked.request.redirect_uri));
}

Task<http::Response> AuthorizationFlow::sign_in(RequestContext& context, const http::Request& request, Origin origin) {
  Browser browser = browser_of(request, "");
  auto fields = form_of(request);
  auto flow = flow_of_form(parts_.seal, kPurpose, request, fields, browser, context.clock->wall());
  if (!flow) co_return problem_answer(400, PageProblem::kOver, browser, context);
  browser.language = browser_of(request, locales_of(flow->parameters)).language;
  auto answer = co_await check_answer(context, std::move(*flow), browser, std::move(*fields), std::move(origin));
  if (answer) co_return std::move(*answer);
  co_return problem_answer(503, PageProblem::kBusy, browser, context);
}

Task<Result<http::Response>> AuthorizationFlow::check_answer(RequestContext& context, PageFlow flow, Browser browser,
                                                             Parameters fields, Origin origin) {
  EVC_CO_TRY(reading, co_await read(context, flow.parameters, browser));
  if (!reading.asked) co_return std::move(reading.answer);
  const Asked& asked = *reading.asked;
  SignInAttempt attempt{.email = flow.proved ? flow.email.value_or("") : fields["email"],
                        .password = fields["password"],
                        .code = field(fields, "code"),
                        .proved = flow.proved};
  // Without a code the second step would be asked for again for ever.
  if (attempt.proved && !attempt.code) attempt.code = "";
  flow.email = attempt.email;
  auto proof = co_await parts_.credentials.identify(context, std::move(attempt), origin);
  if (!proof) {
    const SignInProblem problem = problem_of(proof.error(), flow);
    http::Response again =
        ask_sign_in(status_of(problem), asked, std::move(flow), browser, problem, context.clock->wall());
    if (again.status == 429 || again.status == 503) say_when(again, proof.error().retry_after);
    co_return again;
  }
  if (!proof->person) {
    flow.proved = proof->proved;
    co_return ask_sign_in(200, asked, std::move(flow), browser, SignInProblem::kNone, context.clock->wall());
  }
  // Said before anything ends that is signed in here.
  const auto hinted = hinted_subject(asked.request);
  if (hinted && *hinted != to_string(proof->person->person.account.id)) {
    flow.proved.reset();
    co_return ask_sign_in(422, asked, std::move(flow), browser, SignInProblem::kOtherAccount, context.clock->wall());
  }
  const std::string mark = proof->person->device_mark;
  auto begun = co_await open_sign_in(context, std::move(*proof->person), origin.device, browser.sign_in_cookie);
  if (!begun && begun.error().code == Code::kCredentialsInvalid)
    co_return ask_sign_in(422, asked, std::move(flow), browser, SignInProblem::kWrong, context.clock->wall());
  if (!begun) co_return std::unexpected(std::move(begun).error());
  http::Response answer = co_await go_on(context, std::move(flow.parameters), browser, {.signed_in = begun->row});
  set_sign_in_cookie(answer, begun->cookie);
  answer.headers.add("set-cookie", device_cookie(mark));
  co_return answer;
}

Task<Result<AuthorizationFlow::BegunSignIn>> AuthorizationFlow::open_sign_in(RequestContext& context,
                                                                             ProvedPerson proved, std::string device,
                                                                             std::string old_cookie) {
  const WallTime now = context.clock->wall();
  const Person& person = proved.person;
  BegunSignIn begun{
      .row = {.id = uuid_v7(), .account_id = person.account.id, .authenticated_at = now, .methods = proved.methods},
      .cookie = new_refresh_token()};
  std::optional<SignInRow> old;
  if (!old_cookie.empty()) {
    EVC_CO_TRY(found, co_await find_sign_in(context, parts_.pool, refresh_token_hash(old_cookie), now));
    old = std::move(found);
  }
  NewSession session{.id = begun.row.id,
                     .account_id = person.account.id,
                     .password_hash = person.account.password_hash,
                     .device_sealed = seal(column_key(person.secret, "auth"), device, device_place(begun.row.id)),
                     .created_at = now,
                     .absolute_expires_at = now + kSignInLife,
                     .cookie_hash = refresh_token_hash(begun.cookie),
                     .sign_in_id = std::nullopt,
                     .client_id = std::nullopt,
                     .scope = std::nullopt,
                     .authenticated_at = now,
                     .methods = proved.methods};
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  EVC_CO_TRY(inserted, co_await insert_session(context, transaction, std::move(session)));
  if (!inserted) co_return fail(Code::kCredentialsInvalid);
  if (old && old->account_id == person.account.id)
    EVC_CO_CHECK(co_await replace_sign_in(context, transaction, old->id, begun.row.id, now));
  // Somebody else at the same browser: whoever was here before is not any more.
  if (old && old->account_id != person.account.id)
    EVC_CO_CHECK(co_await end_sign_in(context, transaction, old->id, "somebody else signed in", now, now + kDenyFor));
  AuditEntry entry = of_owner(person, AuditAction::kSessionBegun);
  entry.detail = {{"sessionId", to_string(begun.row.id)}};
  EVC_CO_CHECK(co_await write_audit(context, transaction, std::move(entry)));
  EVC_CO_CHECK(co_await transaction.commit(context));
  co_return begun;
}

Task<http::Response> AuthorizationFlow::consent(RequestContext& context, const http::Request& request) {
  Browser browser = browser_of(request, "");
  auto fields = form_of(request);
  auto flow = flow_of_form(parts_.seal, kPurpose, request, fields, browser, context.clock->wall());
  const std::string decision = fields ? field(*fields, "decision").value_or("") : "";
  if (!flow || !flow->sign_in || (decision != "allow" && decision != "deny"))
    co_return problem_answer(400, PageProblem::kOver, browser, context);
  browser.language = browser_of(request, locales_of(flow->parameters)).language;
  auto answer =
      co_await decide(context, std::move(*flow), browser, decision == "allow" ? Decision::kAllowed : Decision::kDenied);
  if (answer) co_return std::move(*answer);
  co_return problem_answer(503, PageProblem::kBusy, browser, context);
}

Task<Result<http::Response>> AuthorizationFlow::decide(RequestContext& context, PageFlow flow, Browser browser,
                                                       Decision decision) {
  const WallTime now = context.clock->wall();
  EVC_CO_TRY(reading, co_await read(context, flow.parameters, browser));
  if (!reading.asked) co_return std::move(reading.answer);
  const Asked& asked = *reading.asked;
  EVC_CO_TRY(row, co_await find_sign_in(context, parts_.pool, refresh_token_hash(browser.sign_in_cookie), now));
  // Signed out meanwhile, or somebody else is signed in now: whoever it is is asked again.
  if (!row || row->id != *flow.sign_in)
    co_return co_await steps(context, std::move(flow.parameters), std::move(browser), {});
  EVC_CO_TRY(account, co_await find_account(context, parts_.pool, row->account_id));
  if (!account) co_return fail(Code::kServiceUnavailable);
  EVC_CO_TRY(secret, co_await parts_.issuer.person_secret(context, row->account_id));
  EVC_CO_TRY(before, co_await consented_scope(context, parts_.pool, row->account_id, asked.client.id));
  const std::string scope = common_scope(asked.request.scope, TokenIssuer::scope_of(*account));
  EVC_CO_TRY(transaction, co_await parts_.pool.begin(context));
  if (decision == Decision::kAllowed)
    EVC_CO_CHECK(
        co_await put_consent(context, transaction, row->account_id, asked.client.id, joined_scope(before, scope), now));
  EVC_CO_CHECK(co_await write_audit(
      context, transaction,
      {.action = decision == Decision::kAllowed ? AuditAction::kConsentGiven : AuditAction::kConsentRefused,
       .actor = AuditActor::kOwner,
       .subject = pseudonym(secret, "events"),
       .detail = {{"clientId", asked.client.id}, {"scope", scope}}}));
  EVC_CO_CHECK(co_await transaction.commit(context));
  if (decision == Decision::kDenied) co_return refused(asked, "access_denied", "the person does not allow it");
  co_return co_await steps(context, std::move(flow.parameters), std::move(browser),
                           {.signed_in = std::move(row), .consent = Consent::kJustGiven});
}

}  // namespace evc::auth_service
