#include "kit/ocpp/frame.hpp"

#include <utility>

namespace evc::ocpp {
namespace {

constexpr std::int64_t kCallType = 2;
constexpr std::int64_t kResultType = 3;
constexpr std::int64_t kErrorType = 4;
constexpr std::size_t kDescriptionLimit = 255;

BadFrame ignored(std::string reason) {
  return {.reason = std::move(reason), .answer = std::nullopt};
}

BadFrame refused(const std::string& id, std::string reason) {
  auto answer = make_error(id, ErrorCode::kFormationViolation, reason);
  return {.reason = std::move(reason), .answer = std::move(answer)};
}

Frame parse_call(const std::string& id, json::Array& fields) {
  if (fields.size() != 4) return refused(id, "a CALL has four elements");
  if (!fields[2].is_string()) return refused(id, "the action is not a string");
  const std::string action(fields[2].as_string());
  if (action.empty() || action.size() > kActionLimit) return refused(id, "the action is empty or too long");
  if (!fields[3].is_object()) return refused(id, "the payload is not an object");
  return Call{.id = id, .action = action, .payload = std::move(fields[3].as_object())};
}

Frame parse_result(const std::string& id, json::Array& fields) {
  if (fields.size() != 3) return ignored("a CALLRESULT has three elements");
  if (!fields[2].is_object()) return ignored("the payload of a CALLRESULT is not an object");
  return CallResult{.id = id, .payload = std::move(fields[2].as_object())};
}

// Stations leave out the description or the details; the error itself still ends the call.
Frame parse_error(const std::string& id, json::Array& fields) {
  if (fields.size() < 3 || !fields[2].is_string()) return ignored("a CALLERROR has no error code");
  CallError error{.id = id, .code = std::string(fields[2].as_string())};
  if (fields.size() > 3 && fields[3].is_string()) error.description = std::string(fields[3].as_string());
  if (fields.size() > 4 && fields[4].is_object()) error.details = std::move(fields[4].as_object());
  return error;
}

}  // namespace

Frame parse_frame(std::string_view text) {
  auto value = json::parse(text);
  if (!value) return ignored("not JSON: " + value.error().detail);
  if (!value->is_array()) return ignored("not an array");
  auto& fields = value->as_array();
  if (fields.size() < 3 || fields.size() > 5) return ignored("not three to five elements");
  if (!fields[0].is_int64()) return ignored("the message type is not an integer");
  if (!fields[1].is_string()) return ignored("the message id is not a string");
  const std::string id(fields[1].as_string());
  if (id.empty() || id.size() > kMessageIdLimit) return ignored("the message id is empty or too long");
  switch (fields[0].as_int64()) {
    case kCallType:
      return parse_call(id, fields);
    case kResultType:
      return parse_result(id, fields);
    case kErrorType:
      return parse_error(id, fields);
    // OCPP-J 1.6 §4.1.3: a message of an unknown type is ignored.
    default:
      return ignored("unknown message type");
  }
}

std::string serialize(const Call& call) {
  return json::serialize(
      json::Array{kCallType, json::Value(call.id), json::Value(call.action), json::Value(call.payload)});
}

std::string serialize(const CallResult& result) {
  return json::serialize(json::Array{kResultType, json::Value(result.id), json::Value(result.payload)});
}

std::string serialize(const CallError& error) {
  return json::serialize(json::Array{kErrorType, json::Value(error.id), json::Value(error.code),
                                     json::Value(error.description.substr(0, kDescriptionLimit)),
                                     json::Value(error.details)});
}

CallError make_error(std::string id, ErrorCode code, std::string description) {
  return {.id = std::move(id), .code = std::string(text_1_6(code)), .description = std::move(description)};
}

}  // namespace evc::ocpp
