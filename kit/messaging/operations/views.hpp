// The JSON of the operator's routes, as contracts/http/shared.yaml has it.
#pragma once

#include "kit/base/json.hpp"
#include "kit/messaging/operations/approvals.hpp"
#include "kit/messaging/operations/dead_letter_reader.hpp"
#include "kit/messaging/operations/waiting_store.hpp"

namespace evc::messaging {

json::Object view(const std::string& consumer, const DeadLetter& letter);
// With headers, value and history; bytes that are no text in base64.
json::Object view(const std::string& consumer, const WholeDeadLetter& whole, const std::vector<Run>& history);
json::Object view(const std::string& consumer, const WaitingGap& gap);
json::Object view(const ParkedKey& key);
json::Object view(const Approval& approval);
json::Object view(const Run& run);
json::Object view(const Decided& decided);
// Of a decision that waits for a second person.
json::Object view_of_waiting(const Approval& wish);

}  // namespace evc::messaging
