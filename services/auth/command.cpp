#include "services/auth/command.hpp"

#include <optional>

namespace evc::auth_service {
namespace {

Task<> run_and_stop(Worker& worker, Task<Result<void>> work, std::optional<Result<void>>& outcome) {
  outcome = co_await std::move(work);
  worker.stop();
}

}  // namespace

std::string first_problem(const Error& error) {
  return error.fields.empty() ? error.detail : error.fields.front().pointer + ": " + error.fields.front().detail;
}

Result<void> run_command(Worker& worker, Task<Result<void>> work, std::vector<postgres::Pool*> pools) {
  std::optional<Result<void>> outcome;
  worker.tasks().spawn("command", run_and_stop(worker, std::move(work), outcome));
  worker.run();
  for (postgres::Pool* pool : pools) pool->close();
  return outcome ? std::move(*outcome) : fail(Code::kServiceUnavailable, "the database did not answer");
}

}  // namespace evc::auth_service
