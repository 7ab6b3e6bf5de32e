#include "kit/messaging/operations/views.hpp"

#include "kit/base/bytes.hpp"
#include "kit/messaging/plain_text.hpp"

namespace evc::messaging {
namespace {

// `name` for text, `name`Base64 for other bytes.
void add_bytes(json::Object& object, const std::string& name, std::string_view bytes) {
  if (is_plain_text(bytes))
    object[name] = bytes;
  else
    object[name + "Base64"] = base64_encode(bytes);
}

template <class T>
void add_if_known(json::Object& object, std::string_view name, const std::optional<T>& value) {
  if (value) object[name] = json::encode(*value);
}

void add_subject(json::Object& object, const RunSubject& subject) {
  add_if_known(object, "eventId", subject.event_id);
  add_if_known(object, "topic", subject.topic);
  add_if_known(object, "key", subject.key);
  add_if_known(object, "sequence", subject.sequence);
}

}  // namespace

json::Object view(const std::string& consumer, const DeadLetter& letter) {
  return {{"eventId", to_string(letter.event_id)},
          {"consumer", consumer},
          {"topic", letter.topic},
          {"key", letter.key},
          {"subject", letter.subject},
          {"type", letter.type},
          {"errorCode", letter.error_code},
          {"errorDetail", letter.error_detail},
          {"attempts", letter.attempts},
          {"firstFailedAt", format_rfc3339(letter.first_failed_at)},
          {"state", letter.state},
          {"waiting", letter.waiting}};
}

json::Object view(const std::string& consumer, const WholeDeadLetter& whole, const std::vector<Run>& history) {
  auto object = view(consumer, whole.letter);
  object["partition"] = whole.record.partition;
  object["offset"] = whole.record.offset;
  object["recordedAt"] = format_rfc3339(whole.record.timestamp);
  json::Array headers;
  for (const auto& [name, value] : whole.record.headers) {
    json::Object header{{"name", plain_text(name)}};
    add_bytes(header, "value", value);
    headers.push_back(std::move(header));
  }
  object["headers"] = std::move(headers);
  add_bytes(object, "value", whole.record.value);
  json::Array runs;
  for (const Run& run : history) runs.push_back(view(run));
  object["history"] = std::move(runs);
  return object;
}

json::Object view(const std::string& consumer, const WaitingGap& gap) {
  return {{"consumer", consumer},
          {"topic", gap.topic},
          {"key", gap.key},
          {"missingFrom", gap.missing_from},
          {"missingTo", gap.missing_to},
          {"waiting", gap.waiting},
          {"waitingSince", format_rfc3339(gap.waiting_since)}};
}

json::Object view(const ParkedKey& key) {
  json::Object object{{"topic", key.topic},
                      {"key", key.key},
                      {"fromSequence", key.from_sequence},
                      {"parkedAt", format_rfc3339(key.parked_at)},
                      {"waiting", key.waiting}};
  add_if_known(object, "releaseRequestedAt", key.release_requested_at);
  json::Array refused;
  for (const RefusedEvent& event : key.refused) {
    json::Object row{{"sequence", event.sequence},
                     {"eventId", to_string(event.event_id)},
                     {"reason", event.reason},
                     {"refusedAt", format_rfc3339(event.refused_at)}};
    add_if_known(row, "discardedAt", event.discarded_at);
    refused.push_back(std::move(row));
  }
  object["refused"] = std::move(refused);
  return object;
}

json::Object view(const Approval& approval) {
  json::Object object{{"action", approval.action},
                      {"requestedBy", approval.requested_by},
                      {"reason", approval.reason},
                      {"requestedAt", format_rfc3339(approval.requested_at)},
                      {"expiresAt", format_rfc3339(approval.expires_at)}};
  add_subject(object, approval.subject);
  return object;
}

json::Object view(const Run& run) {
  json::Object object{{"runId", to_string(run.id)},
                      {"at", format_rfc3339(run.at)},
                      {"action", text_of(run.action)},
                      {"by", run.by},
                      {"result", run.result}};
  add_subject(object, run.subject);
  add_if_known(object, "requestedBy", run.requested_by);
  add_if_known(object, "reason", run.reason);
  add_if_known(object, "errorCode", run.error_code);
  if (!run.trace_id.empty()) object["supportCode"] = run.trace_id;
  return object;
}

json::Object view(const Decided& decided) {
  json::Object object{{"result", text_of(decided.outcome)}};
  if (!decided.error_code.empty()) object["errorCode"] = decided.error_code;
  if (!decided.error_detail.empty()) object["errorDetail"] = decided.error_detail;
  if (decided.followed > 0) object["followed"] = decided.followed;
  add_if_known(object, "nextDead", decided.next_dead);
  return object;
}

json::Object view_of_waiting(const Approval& wish) {
  auto object = view(Decided{.outcome = Outcome::kApprovalRequired});
  object["requestedBy"] = wish.requested_by;
  object["approvalExpiresAt"] = format_rfc3339(wish.expires_at);
  return object;
}

}  // namespace evc::messaging
