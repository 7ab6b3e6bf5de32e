// The transactional outbox: the state change and its event commit together. append() takes the next sequence of (topic,
// key) with a row lock, which is the order, opens the `create <topic>` PRODUCER span whose context the headers carry,
// and inserts the row. INSERT only; old day partitions are dropped. The tables come from kit/messaging/migrations/.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

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

// The name of the schema of (topic, type), or nothing when that type does not belong on that topic.
using SchemaNames = std::function<std::optional<std::string>(std::string_view topic, std::string_view type)>;
SchemaNames contract_schemas();  // contracts/topics.yaml and contracts/events/

class Outbox {
 public:
  explicit Outbox(std::string source, SchemaNames schemas = contract_schemas());  // "/services/charging": ce_source
  // Returns the event's id; the row goes out with the transaction's next round trip. Call it inside the transaction of
  // the state change, last, so that the stream's row lock is short. schema-invalid for a type that the contract does
  // not have on this topic.
  Task<Result<Uuid>> append(RequestContext& context, postgres::Transaction& transaction, EventDraft draft);
  // A record as it is, for dead letters: only its place in the outbox is new.
  Task<Result<void>> append_record(RequestContext& context, postgres::Transaction& transaction, kafka::Record record,
                                   Uuid event_id, std::string subject);

 private:
  std::string source_;
  SchemaNames schemas_;
};

}  // namespace evc::messaging
