// A record from a topic and what could be read of it, as the inbox carries it around.
#pragma once

#include <optional>

#include "kit/base/result.hpp"
#include "kit/messaging/event.hpp"

namespace evc::messaging {

// With a defect, event holds at least id, topic, key and subject, so that it can be buried in its place.
struct Incoming {
  kafka::Record record;
  Event event;  // sequence 0: not known
  std::optional<Error> defect;
};
Incoming read_incoming(kafka::Record record);

}  // namespace evc::messaging
