#include "kit/messaging/operations/service_operations.hpp"

#include <cctype>

#include "kit/http/operation.hpp"
#include "kit/messaging/operations/dead_letter_routes.hpp"
#include "kit/messaging/operations/run_routes.hpp"
#include "kit/messaging/operations/waiting_routes.hpp"

namespace evc::messaging {
namespace {

using Handler = Task<http::Response> (*)(ServiceEvents, RequestContext&, http::Request&);

struct Row {
  std::string_view before;  // the operation's name without the service in its middle
  std::string_view after;
  Handler handler;
};

constexpr Row kOperations[]{{"list", "DeadLetters", list_dead_letters},
                            {"get", "DeadLetter", show_dead_letter},
                            {"dryRun", "DeadLetters", dry_run_dead_letters},
                            {"replay", "DeadLetters", replay_dead_letters},
                            {"discard", "DeadLetters", discard_dead_letters},
                            {"list", "Gaps", list_gaps},
                            {"accept", "Gap", accept_gap},
                            {"list", "ParkedKeys", list_parked_keys},
                            {"discard", "ParkedEvent", discard_parked_event},
                            {"release", "ParkedKey", release_parked_key},
                            {"list", "EventApprovals", list_approvals},
                            {"list", "EventRuns", list_event_runs}};

// A person's pseudonym stands in all of these: nobody on the way keeps them.
Task<http::Response> answer(Handler handler, ServiceEvents events, RequestContext& context, http::Request& request) {
  auto response = co_await handler(std::move(events), context, request);
  co_return http::no_store(std::move(response));
}

}  // namespace

void add_event_operations(http::Router& router, const std::string& service, Inbox& inbox, IdempotencyStore& idempotency,
                          postgres::Pool& pool) {
  const ServiceEvents events{service, inbox, idempotency, pool};
  std::string name = service;
  name[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
  for (const Row& row : kOperations)
    http::add_operation(router, service, std::string(row.before) + name + std::string(row.after),
                        [handler = row.handler, events](RequestContext& context, http::Request& request) {
                          return answer(handler, events, context, request);
                        });
}

}  // namespace evc::messaging
