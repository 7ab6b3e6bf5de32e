// From a client's request to a code: who is it (a browser's sign-in, or the sign-in page), may the client (consent),
// and back to the client with a code or an error. Passwords and second factors are checked by Credentials, the same
// steps and limits as /auth/login. Pages carry what they need sealed (page_flow.hpp); the database holds sign-ins,
// codes and consents. One per worker.
#pragma once

#include <optional>
#include <string>

#include "services/auth/api/credentials.hpp"
#include "services/auth/domain/authorization.hpp"
#include "services/auth/oidc/browser.hpp"
#include "services/auth/oidc/page_flow.hpp"
#include "services/auth/oidc/token_grants.hpp"
#include "services/auth/pages/pages.hpp"
#include "services/auth/store/sign_ins.hpp"

namespace evc::auth_service {

class AuthorizationFlow {
 public:
  struct Parts {
    postgres::Pool& pool;
    TokenIssuer& issuer;
    Credentials& credentials;
    TokenGrants& grants;
    PageSeal seal;
  };
  explicit AuthorizationFlow(Parts parts) : parts_(std::move(parts)) {}

  // The client's request, by GET or POST.
  Task<http::Response> begin(RequestContext& context, const http::Request& request);
  // Answers of the sign-in page and of its second step.
  Task<http::Response> sign_in(RequestContext& context, const http::Request& request, Origin origin);
  Task<http::Response> consent(RequestContext& context, const http::Request& request);

 private:
  // What has just happened on the way.
  struct Progress {
    std::optional<SignInRow> signed_in;
    Consent consent = Consent::kAsk;
  };
  struct Asked {
    OauthClient client;
    AuthorizationRequest request;
  };
  struct Reading {
    std::optional<Asked> asked;  // it may be answered at its redirect URI …
    http::Response answer;       // … or this is the answer
  };
  Task<Result<Reading>> read(RequestContext& context, const Parameters& parameters, const Browser& browser);
  Task<http::Response> go_on(RequestContext& context, Parameters parameters, Browser browser, Progress progress);
  Task<Result<http::Response>> steps(RequestContext& context, Parameters parameters, Browser browser,
                                     Progress progress);
  Task<Result<http::Response>> step(RequestContext& context, Asked asked, Parameters parameters, Browser browser,
                                    Progress progress);
  Task<Result<http::Response>> issue_code(RequestContext& context, Asked asked, SignInRow signed_in);
  Task<Result<http::Response>> ask_consent(RequestContext& context, Asked asked, Parameters parameters, Browser browser,
                                           SignInRow signed_in, Account account);
  Task<Result<http::Response>> check_answer(RequestContext& context, PageFlow flow, Browser browser, Parameters fields,
                                            Origin origin);
  enum class Decision { kAllowed, kDenied };
  Task<Result<http::Response>> decide(RequestContext& context, PageFlow flow, Browser browser, Decision decision);
  struct BegunSignIn {
    SignInRow row;
    std::string cookie;
  };
  Task<Result<BegunSignIn>> open_sign_in(RequestContext& context, ProvedPerson person, std::string device,
                                         std::string old_cookie);
  http::Response refused(const Asked& asked, std::string_view error, std::string_view description) const;
  http::Response ask_sign_in(int status, const Asked& asked, PageFlow flow, const Browser& browser,
                             SignInProblem problem, WallTime now) const;
  std::optional<std::string> hinted_subject(const AuthorizationRequest& request) const;

  Parts parts_;
};

// The same request by GET. Cookies with SameSite=Lax stay at home when another site sends a form, and come along on the
// way on from it: who is signed in is known only then.
http::Response by_link(std::string_view path, const Parameters& parameters);
// What a person is told when nothing can be sent back to a client; `support` finds the request in the logs.
http::Response problem_answer(int status, PageProblem problem, const Browser& browser, const RequestContext& context);

}  // namespace evc::auth_service
