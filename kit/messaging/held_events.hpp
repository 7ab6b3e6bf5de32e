// What a producer's outbox says about events that a consumer misses: plain values, and their form in the answer of
// GET /internal/<service>/events. The answer speaks about the sequences up to `until`; one that it does not hold is
// gone from the outbox for good.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "kit/base/json.hpp"
#include "kit/base/uuid.hpp"
#include "kit/kafka/record.hpp"
#include "kit/runtime/task.hpp"
#include "kit/telemetry/request_context.hpp"

namespace evc::messaging {

// Sequences from `from` to `to`, both included.
struct MissingEvents {
  std::string topic;
  std::string key;
  std::int64_t from = 1;
  std::int64_t to = 1;
};

struct HeldEvent {
  std::int64_t sequence = 0;
  Uuid event_id;
  bool discarded = false;  // the producer's operator decided that it is never sent
  kafka::Record record;    // as it was or would be on the topic; without a partition and an offset
};

struct HeldEvents {
  std::int64_t until = 0;
  std::vector<HeldEvent> events;  // in order of their sequence
};

// At most so much in one answer; the first event goes whatever its size.
inline constexpr std::int64_t kHeldEventsLimit = 50;
inline constexpr std::int64_t kHeldBytesLimit = 2'000'000;

json::Value encode_held(const HeldEvents& held);
// protocol-error when it is no answer to `asked`: a wrong form, another order, a sequence out of range.
Result<HeldEvents> decode_held(const json::Value& answer, const MissingEvents& asked);

// Asks the producer of the topic. Errors are those of the call; not-found for a topic whose producer is not known.
using AskProducer = std::function<Task<Result<HeldEvents>>(RequestContext&, MissingEvents)>;

}  // namespace evc::messaging
