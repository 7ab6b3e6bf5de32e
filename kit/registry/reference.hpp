// How an event names its schema: ce_dataschema is `urn:evcosta:schema:<topic>-<eventType>:<version>`, which is subject
// and version in the registry. Pure values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kit/base/result.hpp"

namespace evc::registry {

struct Reference {
  std::string subject;  // <topic>-<eventType>
  std::uint32_t version = 0;
  bool operator==(const Reference&) const = default;
};

// validation-failed for anything that no producer of ours writes.
Result<Reference> parse_reference(std::string_view data_schema);
std::string to_string(const Reference& reference);

}  // namespace evc::registry
