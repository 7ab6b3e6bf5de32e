#include "kit/postgres/sqlstate.hpp"

namespace evc::postgres {
namespace {

// A table changed under a prepared statement (0A000 there, and the same code for what the server really does not
// support).
bool stale_plan(const ServerError& server) {
  return server.sqlstate == "0A000" && server.function == "RevalidateCachedQuery";
}

Code code_of(const ServerError& server) {
  const std::string_view state = server.sqlstate;
  if (state == "40001" || state == "40P01" || state == "55P03" || stale_plan(server)) return Code::kDatabaseConflict;
  if (state == "23505") return Code::kUniqueViolation;
  // Class 23: check, foreign key, exclusion, not null. P0001: raised by a trigger of ours that guards a rule.
  if (state.starts_with("23") || state == "P0001") return Code::kConstraintViolation;
  // 08 connection, 53 resources, 57 operator (shutdown, cancelled, starting up), 58 system; 25006: a standby took the
  // place of the primary.
  if (state.empty() || state.starts_with("08") || state.starts_with("53") || state.starts_with("57") ||
      state.starts_with("58") || state == "25006") {
    return Code::kDatabaseUnavailable;
  }
  if (state == "55006") return Code::kConflict;  // object in use: another reader holds the replication slot
  return Code::kInternal;
}

}  // namespace

Error to_error(const ServerError& server, std::string_view statement) {
  const Code code = code_of(server);
  std::string detail(statement);
  if (code == Code::kUniqueViolation || code == Code::kConstraintViolation) {
    if (!server.constraint.empty()) detail = server.constraint;
  } else if (!server.sqlstate.empty()) {
    detail += ": SQLSTATE " + server.sqlstate;
  }
  return Error{.code = code, .detail = std::move(detail)};
}

bool ends_connection(const ServerError& server) {
  const std::string_view state = server.sqlstate;
  return state.empty() || state.starts_with("08") || state == "57P01" || state == "57P02" || state == "57P03" ||
         state == "57P05" || state == "25006" || state == "25P03" || stale_plan(server);
}

}  // namespace evc::postgres
