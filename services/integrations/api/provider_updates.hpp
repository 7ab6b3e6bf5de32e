// POST /integrations/{provider}/updates: a provider's signed update becomes an ExternalUpdate. A repeated webhook id is
// answered with the event of its first time and has no second effect. The secret of a provider is hex(HMAC-SHA256(file
// secret, provider name)); a provider that is not in the list looks like a wrong signature. One per worker.
#pragma once

#include <set>
#include <string>

#include "kit/base/secret.hpp"
#include "kit/http/router.hpp"
#include "kit/messaging/outbox.hpp"
#include "kit/postgres/pool.hpp"
#include "services/integrations/domain/provider_update.hpp"

namespace evc::integrations {

class ProviderUpdates {
 public:
  ProviderUpdates(postgres::Pool& pool, messaging::Outbox& outbox, Secret<std::string> secret,
                  std::set<std::string> providers)
      : pool_(&pool), outbox_(&outbox), secret_(std::move(secret)), providers_(std::move(providers)) {}

  void add_to(http::Router& router);
  Task<http::Response> receive(RequestContext& context, http::Request& request);

 private:
  Result<json::Object> check(const RequestContext& context, const http::Request& request,
                             const std::string& provider) const;
  Task<Result<Uuid>> publish(RequestContext& context, std::string provider, std::string webhook_id, json::Object data);

  postgres::Pool* pool_;
  messaging::Outbox* outbox_;
  Secret<std::string> secret_;
  std::set<std::string> providers_;
};

}  // namespace evc::integrations
