// Reads a group's dead letters for people: by filter, page by page, or one whole. Changes nothing.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kit/kafka/record.hpp"
#include "kit/messaging/operations/query.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::messaging {

struct DeadLetter {
  Uuid event_id;
  std::string topic, key, subject, type, error_code, error_detail;
  std::int64_t attempts = 0;
  WallTime first_failed_at{};
  std::string state;         // dead, replayed, discarded
  std::int64_t waiting = 0;  // later events of the subject, behind it
};

struct DeadLetterFilter {
  std::optional<Uuid> event_id;
  std::optional<std::string> topic, key, subject, type, error_code;
  std::optional<WallTime> since, until;
  std::optional<std::string> state = "dead";  // absent: any
  std::optional<Place> after;                 // the last one of the page before
  std::int64_t limit = 50;
};

// Oldest failure first; one more than the limit, when there is one.
Task<Result<std::vector<DeadLetter>>> list_dead(RequestContext& context, postgres::Pool& pool, std::string consumer,
                                                DeadLetterFilter filter);

struct WholeDeadLetter {
  DeadLetter letter;
  kafka::Record record;  // as it came from its topic
};
// Nothing where this group never had such a dead letter.
Task<Result<std::optional<WholeDeadLetter>>> find_dead(RequestContext& context, postgres::Pool& pool,
                                                       std::string consumer, Uuid event_id);

}  // namespace evc::messaging
