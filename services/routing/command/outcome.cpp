#include "services/routing/command/outcome.hpp"

namespace evc::routing::command {

Outcome bad_input(const std::string& what, const Error& error) {
  Outcome outcome{.status = kBadInput};
  if (error.fields.empty()) outcome.err = what + ": " + std::string(info(error.code).name) + ": " + error.detail + "\n";
  for (const FieldError& field : error.fields) outcome.err += what + ": " + field.pointer + " " + field.detail + "\n";
  return outcome;
}

}  // namespace evc::routing::command
