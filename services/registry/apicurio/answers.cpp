#include "services/registry/apicurio/answers.hpp"

#include <algorithm>
#include <cctype>

#include "kit/base/json.hpp"
#include "services/registry/domain/subject.hpp"

namespace evc::registry_service {
namespace {

// The strings called `member` of the objects in the array called `list`.
Result<std::vector<std::string>> column(std::string_view body, std::string_view list, std::string_view member) {
  const auto parsed = json::parse(body);
  const auto* object = parsed ? parsed->if_object() : nullptr;
  const auto* rows = object ? object->if_contains(list) : nullptr;
  if (rows == nullptr || !rows->is_array())
    return fail(Code::kProtocolError, "the store answered without " + std::string(list));
  std::vector<std::string> found;
  for (const auto& row : rows->as_array()) {
    const auto* value = row.is_object() ? row.as_object().if_contains(member) : nullptr;
    if (value != nullptr && value->is_string()) found.emplace_back(value->as_string());
  }
  return found;
}

std::string text_of(const json::Object& object, std::string_view member) {
  const auto* value = object.if_contains(member);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

}  // namespace

Result<std::vector<std::string>> subjects_of(std::string_view body) {
  EVC_TRY(names, column(body, "artifacts", "artifactId"));
  std::erase_if(names, [](const std::string& name) { return !parse_subject(name); });
  std::ranges::sort(names);
  return std::move(names);
}

Result<std::vector<std::uint32_t>> versions_of(std::string_view body) {
  EVC_TRY(texts, column(body, "versions", "version"));
  std::vector<std::uint32_t> versions;
  for (const std::string& text : texts) {
    if (const auto version = parse_version(text)) versions.push_back(*version);
  }
  std::ranges::sort(versions);
  return versions;
}

std::vector<FieldError> broken_rule_of(std::string_view body) {
  const auto parsed = json::parse(body);
  if (!parsed || !parsed->is_object()) return {};
  const auto& problem = parsed->as_object();
  const auto* causes = problem.if_contains("causes");
  if (text_of(problem, "name") != "RuleViolationException" || causes == nullptr || !causes->is_array()) return {};
  std::vector<FieldError> fields;
  for (const auto& cause : causes->as_array()) {
    if (!cause.is_object()) continue;
    const std::string reason = in_words(text_of(cause.as_object(), "description"));
    fields.push_back({.pointer = text_of(cause.as_object(), "context"), .detail = reason.empty() ? "refused" : reason});
  }
  // A violation without causes is one all the same.
  if (fields.empty()) fields.push_back({.pointer = "", .detail = "refused without a reason"});
  return fields;
}

std::string in_words(std::string_view constant) {
  const bool is_constant = std::ranges::all_of(constant, [](char c) {
    return c == '_' || std::isupper(static_cast<unsigned char>(c)) != 0 ||
           std::isdigit(static_cast<unsigned char>(c)) != 0;
  });
  std::string text(constant);
  if (!is_constant) return text;
  for (char& c : text) c = c == '_' ? ' ' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace evc::registry_service
