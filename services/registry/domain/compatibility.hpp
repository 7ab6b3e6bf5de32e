// Whether a schema takes everything that an earlier one took (BACKWARD), told by the members of the event where it does
// not. Pure. Apicurio judges too, but names the outermost member only and does not look into the items of lists. Knows
// the keywords that contracts/events uses; any other must stay as it is. tests/contract/schema_compatibility.py says
// the same without a registry, and tests/e2e/test_schema_registry.py that both agree.
#pragma once

#include <vector>

#include "kit/base/json.hpp"

namespace evc::registry_service {

// pointer: a JSON pointer into the event, `*` for each item of a list. Empty: compatible.
std::vector<FieldError> incompatibilities(const json::Value& earlier, const json::Value& later);

}  // namespace evc::registry_service
