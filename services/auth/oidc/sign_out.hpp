// RP-initiated logout (OpenID Connect): ends a browser's sign-in and every session that came from it. Who shows an ID
// token of ours that belongs to this browser has asked by right; everybody else is asked by a page first, so that no
// link signs anybody out. Afterwards back to the client, at an address that was written down, or to a page that says
// so. One per worker.
#pragma once

#include <optional>
#include <string>

#include "services/auth/api/tokens.hpp"
#include "services/auth/oidc/browser.hpp"
#include "services/auth/oidc/page_flow.hpp"
#include "services/auth/oidc/token_grants.hpp"
#include "services/auth/store/sign_ins.hpp"

namespace evc::auth_service {

class SignOut {
 public:
  struct Parts {
    postgres::Pool& pool;
    TokenIssuer& issuer;
    TokenGrants& grants;
    PageSeal seal;
  };
  explicit SignOut(Parts parts) : parts_(std::move(parts)) {}

  // The client's request, by GET or POST.
  Task<http::Response> begin(RequestContext& context, const http::Request& request);
  // The answer of the page that asked.
  Task<http::Response> confirm(RequestContext& context, const http::Request& request);

 private:
  // A request whose return address was written down for its client.
  struct Asked {
    std::string return_to, state;  // empty: none
    std::optional<Uuid> session;   // of the ID token
  };
  Task<Result<std::optional<Asked>>> read(RequestContext& context, const Parameters& parameters);
  Task<Result<http::Response>> steps(RequestContext& context, Parameters parameters, Browser browser);
  Task<Result<http::Response>> leave(RequestContext& context, PageFlow flow, Browser browser);
  Task<Result<http::Response>> finish(RequestContext& context, Parameters parameters, Browser browser,
                                      std::optional<Uuid> sign_in);
  Task<Result<void>> end(RequestContext& context, Uuid sign_in, Uuid account_id);

  Parts parts_;
};

}  // namespace evc::auth_service
