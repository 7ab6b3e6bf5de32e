// The transactional outbox: the state change and its event commit together. append() takes the next sequence of (topic, key) with a row lock, which is the order, opens the
// `create <topic>` PRODUCER span whose context the headers carry, and inserts the row. INSERT only; old day partitions are dropped. The tables come from kit/messaging/migrations/.
#pragma once

#include <optional>
#include <string>

#include "kit/base/json.hpp"
#include "kit/base/uuid.hpp"
#include "kit/messaging/event.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::messaging {

struct EventDraft {
  std::string topic;
  std::string key;
  std::string subject;  // empty: the key
  std::string type;
  json::Object data;
  std::optional<std::string> user_id;
  std::optional<Uuid> correlation_id;  // absent: the event's own id
  std::optional<Uuid> causation_id;    // the event that caused this one
};

class Outbox {
 public:
  explicit Outbox(std::string source);  // "/services/charging": ce_source
  // Returns the event's id. Call it inside the transaction of the state change, last, so that the stream's row lock is short.
  Task<Result<Uuid>> append(RequestContext& context, postgres::Transaction& transaction, EventDraft draft);

 private:
  std::string source_;
};

}  // namespace evc::messaging
