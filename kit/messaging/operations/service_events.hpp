// What the operator's routes of one service stand on, and what every keyed one of them does around its work.
#pragma once

#include <string>

#include "kit/http/message.hpp"
#include "kit/messaging/idempotency.hpp"
#include "kit/messaging/inbox.hpp"

namespace evc::messaging {

// Copied into each request; what it refers to lives as long as the router.
struct ServiceEvents {
  std::string consumer;  // the service's name and its group
  Inbox& inbox;
  IdempotencyStore& idempotency;
  postgres::Pool& pool;
};

// rate-limited when these are too many runs at once.
Task<Result<void>> leave_room(const ServiceEvents& events, RequestContext& context, std::int64_t runs);

// The stored answer of an earlier request with this key, or nothing: then the work is to be done. A resumed request
// simply begins again: what was decided already is found decided.
Task<Result<std::optional<http::Response>>> answered_before(const ServiceEvents& events, RequestContext& context,
                                                            const IdempotentRequest& keyed);
// Stores a good answer under the key; after an error nothing holds and the key is free again.
Task<http::Response> store_answer(const ServiceEvents& events, RequestContext& context, const IdempotentRequest& keyed,
                                  Result<http::Response> response, std::string path);

template <class Body>
using KeyedWork = Task<Result<http::Response>> (*)(ServiceEvents, RequestContext&, Body);

template <class Body>
Task<http::Response> once_by_key(ServiceEvents events, RequestContext& context, http::Request& request,
                                 Result<Body> body, KeyedWork<Body> work) {
  auto key = http::idempotency_key(request);
  if (!key) co_return http::problem(key.error(), context, request.path);
  if (!body) co_return http::problem(body.error(), context, request.path);
  const IdempotentRequest keyed = idempotent_request(context, request, *key);
  auto before = co_await answered_before(events, context, keyed);
  if (!before) co_return http::problem(before.error(), context, request.path);
  if (*before) co_return std::move(**before);
  auto response = co_await work(events, context, std::move(*body));
  co_return co_await store_answer(events, context, keyed, std::move(response), request.path);
}

}  // namespace evc::messaging
