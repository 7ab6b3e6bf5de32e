#include "kit/ocpp/error_code.hpp"

#include "kit/base/assert.hpp"

namespace evc::ocpp {

std::string_view text_1_6(ErrorCode code) {
  switch (code) {
    case ErrorCode::kNotImplemented:
      return "NotImplemented";
    case ErrorCode::kNotSupported:
      return "NotSupported";
    case ErrorCode::kInternalError:
      return "InternalError";
    case ErrorCode::kProtocolError:
      return "ProtocolError";
    case ErrorCode::kSecurityError:
      return "SecurityError";
    case ErrorCode::kFormationViolation:
      return "FormationViolation";
    case ErrorCode::kPropertyConstraintViolation:
      return "PropertyConstraintViolation";
    case ErrorCode::kOccurrenceConstraintViolation:
      return "OccurenceConstraintViolation";
    case ErrorCode::kTypeConstraintViolation:
      return "TypeConstraintViolation";
    case ErrorCode::kGenericError:
      return "GenericError";
  }
  EVC_ASSERT(false);
  return {};
}

}  // namespace evc::ocpp
