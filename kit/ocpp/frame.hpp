// One OCPP-J message (OCPP-J 1.6 §4): [2,id,action,payload], [3,id,payload] or [4,id,code,description,details].
// A value without I/O; parsing never fails hard: a text that is no frame becomes a BadFrame, which carries the
// CALLERROR to send when the sender can be told which message was wrong, and nothing when the message must be ignored.
// Limits: message id 1–36 characters, action 1–64; the transport bounds the size of the text.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "kit/base/json.hpp"
#include "kit/ocpp/error_code.hpp"

namespace evc::ocpp {

inline constexpr std::size_t kMessageIdLimit = 36;
inline constexpr std::size_t kActionLimit = 64;

struct Call {
  std::string id;
  std::string action;
  json::Object payload;
};

struct CallResult {
  std::string id;
  json::Object payload;
};

struct CallError {
  std::string id;
  std::string code;
  std::string description;  // at most 255 characters on the wire
  json::Object details;
};

struct BadFrame {
  std::string reason;               // for the log
  std::optional<CallError> answer;  // set when the message was a CALL with a usable id
};

using Frame = std::variant<Call, CallResult, CallError, BadFrame>;

Frame parse_frame(std::string_view text);
std::string serialize(const Call& call);
std::string serialize(const CallResult& result);
std::string serialize(const CallError& error);
CallError make_error(std::string id, ErrorCode code, std::string description);

}  // namespace evc::ocpp
