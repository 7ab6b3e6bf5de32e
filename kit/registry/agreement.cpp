#include "kit/registry/agreement.hpp"

#include <algorithm>

#include "contracts/events.hpp"
#include "kit/registry/difference.hpp"

namespace evc::registry {
namespace {

using Kind = Agreement::Kind;

constexpr std::size_t kShownMembers = 5;

Reference reference_of(const contracts::SchemaVersion& schema) {
  return {.subject = std::string(schema.subject), .version = schema.version};
}

std::string name_of(const contracts::SchemaVersion& schema) {
  return std::string(schema.subject) + " version " + std::to_string(schema.version);
}

// An answer that asking again does not change.
bool is_refusal(Code code) {
  return code == Code::kConflict || code == Code::kForbidden || code == Code::kValidationFailed ||
         code == Code::kPayloadTooLarge;
}

std::string members_in_words(const std::vector<FieldError>& fields) {
  std::string text;
  for (std::size_t i = 0; i < fields.size() && i < kShownMembers; ++i)
    text += (i == 0 ? "" : "; ") + (fields[i].pointer.empty() ? "/" : fields[i].pointer) + ": " + fields[i].detail;
  if (fields.size() > kShownMembers) text += "; and " + std::to_string(fields.size() - kShownMembers) + " more";
  return text;
}

Agreement after(const Error& error, const contracts::SchemaVersion& schema) {
  if (!is_refusal(error.code))
    return {.kind = Kind::kAway, .reason = std::string(info(error.code).name) + ": " + error.detail};
  std::string reason = name_of(schema);
  if (error.code == Code::kConflict && !error.fields.empty()) {
    reason += " is not compatible with the versions before it: " + members_in_words(error.fields);
  } else {
    reason += " cannot be registered: " + std::string(info(error.code).name) + ": " + error.detail;
    if (!error.fields.empty()) reason += " " + members_in_words(error.fields);
  }
  return {.kind = Kind::kRefused, .reason = std::move(reason)};
}

// Where the registered content differs from what this process was built with.
std::optional<std::string> difference_to(const contracts::SchemaVersion& schema, const std::string& registered) {
  const auto theirs = json::parse(registered);
  const auto ours = json::parse(schema.text);
  if (!theirs || !ours) return "";
  return first_difference(*ours, *theirs);
}

Task<Agreement> agree_on_written(RequestContext& context, Schemas& schemas, contracts::SchemaVersion schema,
                                 std::vector<std::uint32_t> registered) {
  if (std::ranges::find(registered, schema.version) == registered.end()) {
    const auto enrolled = co_await schemas.enrol(context, reference_of(schema), std::string(schema.text));
    co_return enrolled ? Agreement{} : after(enrolled.error(), schema);
  }
  const auto content = co_await schemas.resolve(context, reference_of(schema));
  if (!content) co_return after(content.error(), schema);
  const auto difference = difference_to(schema, *content);
  if (!difference) co_return Agreement{};
  co_return Agreement{.kind = Kind::kRefused,
                      .reason = name_of(schema) + " is registered with another content: it differs at " +
                                (difference->empty() ? "/" : *difference)};
}

// The newest version that this process knows of something it reads.
Task<Agreement> look_at_read(RequestContext& context, Schemas& schemas, contracts::SchemaVersion schema,
                             std::vector<std::uint32_t> registered) {
  Agreement found;
  const std::string subject(schema.subject);
  if (!registered.empty() && registered.back() > schema.version)
    found.notes.push_back({.subject = subject,
                           .text = "version " + std::to_string(registered.back()) +
                                   " is registered, this program knows " + std::to_string(schema.version) +
                                   "; new members are ignored"});
  if (std::ranges::find(registered, schema.version) == registered.end()) co_return found;
  const auto content = co_await schemas.resolve(context, reference_of(schema));
  if (!content) co_return after(content.error(), schema);
  if (const auto difference = difference_to(schema, *content))
    found.notes.push_back({.subject = subject,
                           .text = "version " + std::to_string(schema.version) +
                                   " is registered with another content than this program knows, at " +
                                   (difference->empty() ? "/" : *difference)});
  co_return found;
}

void add(SchemaList& list, std::string_view topic) {
  for (const auto& schema : contracts::schema_versions()) {
    if (schema.topic == topic) list.push_back(schema);
  }
}

bool is_newest(const SchemaList& list, std::size_t index) {
  return index + 1 == list.size() || list[index + 1].subject != list[index].subject;
}

}  // namespace

Duty duty_of(std::string_view service) {
  Duty duty;
  for (const auto& topic : contracts::topics()) {
    if (topic.producer == service) add(duty.writes, topic.name);
  }
  // Every consuming group has a dead-letter topic of each topic that it reads.
  for (const auto& dead : contracts::dead_letter_topics()) {
    if (dead.group == service) add(duty.reads, dead.source);
  }
  return duty;
}

Task<Agreement> agree(RequestContext& context, Schemas& schemas, Duty duty) {
  std::vector<std::uint32_t> registered;
  for (std::size_t i = 0; i < duty.writes.size(); ++i) {
    const auto& schema = duty.writes[i];
    if (i == 0 || is_newest(duty.writes, i - 1)) {
      auto versions = co_await schemas.versions(context, std::string(schema.subject));
      if (!versions) co_return after(versions.error(), schema);
      registered = std::move(*versions);
    }
    Agreement one = co_await agree_on_written(context, schemas, schema, registered);
    if (one.kind != Kind::kAgreed) co_return one;
  }
  Agreement agreed;
  for (std::size_t i = 0; i < duty.reads.size(); ++i) {
    if (!is_newest(duty.reads, i)) continue;
    auto versions = co_await schemas.versions(context, std::string(duty.reads[i].subject));
    if (!versions) co_return after(versions.error(), duty.reads[i]);
    Agreement one = co_await look_at_read(context, schemas, duty.reads[i], std::move(*versions));
    if (one.kind == Kind::kAway) co_return one;
    std::ranges::move(one.notes, std::back_inserter(agreed.notes));
  }
  co_return agreed;
}

}  // namespace evc::registry
