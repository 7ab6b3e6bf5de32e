// What a process and the schema registry agree on when the process starts: every schema version that it was built with
// and writes is registered with the same content, and new ones are compatible with those before them. What it reads is
// only looked at: consumers ignore members that they do not know, so a newer version is news and no fault. A registry
// that does not answer is no answer: the process works meanwhile and asks again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "contracts/event_schemas.hpp"
#include "kit/registry/client.hpp"

namespace evc::registry {

using SchemaList = std::vector<contracts::SchemaVersion>;

// What a service writes and reads by contracts/topics.yaml; the versions of a subject stand together, in order.
struct Duty {
  SchemaList writes;
  SchemaList reads;
};
Duty duty_of(std::string_view service);

struct Agreement {
  enum class Kind {
    kAgreed,
    kRefused,  // for good, until somebody changes the schema: `reason` names subject, version and member
    kAway,     // no answer: `reason` says why
  };
  struct Note {
    std::string subject;
    std::string text;
  };
  Kind kind = Kind::kAgreed;
  std::string reason;
  std::vector<Note> notes;  // of what is read: newer versions, other contents
};
Task<Agreement> agree(RequestContext& context, Schemas& schemas, Duty duty);

}  // namespace evc::registry
