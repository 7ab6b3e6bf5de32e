// What a function that can fail in an expected way returns. Exceptions are for broken start-up only.
// An Error names a row of contracts/errors.yaml; `detail` is for developers and is served in problem documents, so it
// never carries SQL, secrets, personal data or a hint about who exists.
#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "contracts/error_codes.hpp"

namespace evc {

struct FieldError {
  std::string pointer;  // RFC 6901 JSON pointer into the body, or "?name" for a query parameter
  std::string detail;
};

struct Error {
  Code code = Code::kInternal;
  std::string detail;
  std::vector<FieldError> fields;
  std::optional<std::chrono::milliseconds> retry_after;
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(Code code, std::string detail = {}) {
  return std::unexpected(Error{.code = code, .detail = std::move(detail)});
}

inline std::unexpected<Error> fail_field(std::string pointer, std::string detail) {
  return std::unexpected(Error{.code = Code::kValidationFailed, .fields = {{std::move(pointer), std::move(detail)}}});
}

// Passes an error on to the caller of a plain function …
#define EVC_TRY(name, expression)                                               \
  auto name##_result = (expression);                                            \
  if (!name##_result) return std::unexpected(std::move(name##_result).error()); \
  auto& name = *name##_result

// … and of a coroutine. For a Result<void> use EVC_CO_CHECK.
#define EVC_CO_TRY(name, expression)                                               \
  auto name##_result = (expression);                                               \
  if (!name##_result) co_return std::unexpected(std::move(name##_result).error()); \
  auto& name = *name##_result

#define EVC_CHECK(expression)                                                                            \
  do {                                                                                                   \
    if (auto evc_check = (expression); !evc_check) return std::unexpected(std::move(evc_check).error()); \
  } while (false)

#define EVC_CO_CHECK(expression)                                             \
  do {                                                                       \
    auto evc_check = (expression);                                           \
    if (!evc_check) co_return std::unexpected(std::move(evc_check).error()); \
  } while (false)

}  // namespace evc
