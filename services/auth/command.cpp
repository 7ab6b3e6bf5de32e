#include "services/auth/command.hpp"

#include <iostream>
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

int run_command(const char* program, Worker& worker, Task<Result<void>> work, std::vector<postgres::Pool*> pools) {
  std::optional<Result<void>> outcome;
  worker.tasks().spawn(program, run_and_stop(worker, std::move(work), outcome));
  worker.run();
  for (postgres::Pool* pool : pools) pool->close();
  if (outcome && *outcome) return 0;
  std::cerr << program << ": " << (outcome ? first_problem(outcome->error()) : "the database did not answer") << "\n";
  return 1;
}

}  // namespace evc::auth_service
