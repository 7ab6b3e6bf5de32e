// What Apicurio's answers mean; pure. Members that are not asked for here are left alone: they are its own affair.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kit/base/result.hpp"

namespace evc::registry_service {

// Of GET …/artifacts: the ids that are subjects of ours, in alphabetical order. protocol-error for anything else than
// such a list.
Result<std::vector<std::string>> subjects_of(std::string_view body);
// Of GET …/versions, ascending; what is no number is no version of ours.
Result<std::vector<std::uint32_t>> versions_of(std::string_view body);
// Of a refusal that says that a rule was broken: pointer and reason of each cause. Empty when the answer is another
// one.
std::vector<FieldError> broken_rule_of(std::string_view body);
// "REQUIRED_PROPERTY_ADDED" → "required property added"; other text stays.
std::string in_words(std::string_view constant);

}  // namespace evc::registry_service
