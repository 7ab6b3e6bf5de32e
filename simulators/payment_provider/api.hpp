// The simulated provider's HTTP API: who calls (API key), what the token does to the answer, and the webhooks that
// follow. All on one worker, with the Book.
#pragma once

#include <map>
#include <string>

#include "kit/base/secret.hpp"
#include "kit/http/router.hpp"
#include "simulators/payment_provider/behaviour.hpp"
#include "simulators/payment_provider/book.hpp"
#include "simulators/payment_provider/webhooks.hpp"

namespace evc::payment_provider {

struct ApiOptions {
  std::chrono::milliseconds slow{6'000};
  std::chrono::milliseconds silent{60'000};       // then 503, so that nothing hangs for ever
  std::chrono::milliseconds out_of_order{3'000};  // how late the hold's webhook is
  std::uint64_t seed = 0;                         // above 0: approved cards and Pix become a mixture drawn from it
};

class Api {
 public:
  Api(Worker& worker, Book& book, Webhooks& webhooks, Secret<std::string> api_key, ApiOptions options,
      const Clock& clock);
  void add_routes(http::Router& router);

 private:
  Task<http::Response> serve(RequestContext& context, http::Request& request, Step step);
  Task<http::Response> answer(RequestContext& context, Behaviour behaviour, Step step, std::string key,
                              Result<Book::Answer> result);
  Task<http::Response> find(RequestContext& context, http::Request& request);
  Task<http::Response> find_by_reference(RequestContext& context, http::Request& request);
  Result<void> check_caller(const http::Request& request) const;
  Result<Book::Answer> apply(Step step, const std::string& key, const http::Request& request);
  Result<Behaviour> behaviour_for(Step step, const http::Request& request);
  // As asked for, but for the token that this run's seed draws for its reference.
  Result<AuthoriseRequest> authorise_request(const http::Request& request);
  static WebhookMessage message_of(Step step, const std::string& key, const Authorisation& authorisation);

  Worker& worker_;
  Book& book_;
  Webhooks& webhooks_;
  Secret<std::string> api_key_;
  ApiOptions options_;
  const Clock& clock_;
  std::map<std::string, std::string> drawn_;  // tokens by reference
  std::map<std::string, int> flaps_;          // calls so far by idempotency key or id
};

}  // namespace evc::payment_provider
