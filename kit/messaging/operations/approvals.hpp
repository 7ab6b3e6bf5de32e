// Decisions that take two people: the first one's wish is kept until a second one asks for the same, or it expires.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kit/messaging/run_log.hpp"

namespace evc::messaging {

struct Approval {
  std::string action;
  RunSubject subject;
  std::string requested_by;
  std::string reason;
  WallTime requested_at{}, expires_at{};
};

// What is decided. `name` tells it from everything else that could be decided by the same action, so that a wish never
// counts for something that came later.
struct Item {
  RunSubject subject;
  std::string name;
};

// Either the standing wish, which waits for somebody else than who asks now, or leave to carry the decision out.
struct Permission {
  std::optional<Approval> waits;
  std::optional<std::string> requested_by;  // the first of two people; absent where one is enough
};
Task<Result<Permission>> ask(RequestContext& context, postgres::Pool& pool, Item item, Decision decision);
// After the decision was carried out: the wish of the first of two people, if that is what it took.
Task<Result<void>> forget_wish(RequestContext& context, postgres::Pool& pool, Item item, Decision decision);
// That still wait, the oldest first.
Task<Result<std::vector<Approval>>> list_wishes(RequestContext& context, postgres::Pool& pool, std::int64_t limit);

}  // namespace evc::messaging
