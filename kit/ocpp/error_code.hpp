// The error codes of a CALLERROR (OCPP-J 1.6 §4.2.3). The texts are part of the protocol, its spelling mistakes
// included.
#pragma once

#include <string_view>

namespace evc::ocpp {

enum class ErrorCode {
  kNotImplemented,  // the action is unknown
  kNotSupported,    // the action is known and not supported
  kInternalError,
  kProtocolError,
  kSecurityError,
  kFormationViolation,             // the payload does not have the structure of the action
  kPropertyConstraintViolation,    // a field has an invalid value
  kOccurrenceConstraintViolation,  // a field is missing or there too often
  kTypeConstraintViolation,        // a field has the wrong type
  kGenericError,
};

// The spelling of OCPP 1.6: `OccurenceConstraintViolation` has one r there.
std::string_view text_1_6(ErrorCode code);

}  // namespace evc::ocpp
