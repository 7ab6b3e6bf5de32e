// SQLSTATE → Error of contracts/errors.yaml. Pure.
#pragma once

#include <string>
#include <string_view>

#include "kit/base/result.hpp"

namespace evc::postgres {

struct ServerError {
  std::string sqlstate;
  std::string constraint;  // its name, when one was violated
  std::string message;     // for the log only: may hold values
  std::string function;    // the server's function that raised it
};

// `statement` becomes the detail where a constraint does not say more; never SQL or values.
Error to_error(const ServerError& server, std::string_view statement);

// After this error the connection cannot serve another statement, or should not (a prepared statement has outlived its
// tables).
bool ends_connection(const ServerError& server);

}  // namespace evc::postgres
