// A subject is what versions are counted of: one event type on one topic, written <topic>-<eventType>. Pure values; who
// may write one follows from contracts/topics.yaml, so that this program need not know a type that is newer than
// itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kit/base/result.hpp"

namespace evc::registry_service {

struct Subject {
  std::string topic;
  std::string type;
  std::string name() const { return topic + "-" + type; }
};

// not-found: no subject can be called that.
Result<Subject> parse_subject(std::string_view text);
// 1 to 9999, without leading zeros; not-found for anything else.
Result<std::uint32_t> parse_version(std::string_view text);

// What a schema of this subject and version calls itself in $id, and events in ce_dataschema.
std::string reference_of(const Subject& subject, std::uint32_t version);

// The producer of the topic alone. `peer` is the name in the caller's certificate.
bool may_register(std::string_view peer, const Subject& subject);

}  // namespace evc::registry_service
