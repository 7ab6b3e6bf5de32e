// Argon2 away from the worker: on the hashing pool of the process, whose queue is bounded in length and in time (2 s).
// A full queue is answered `overloaded`, so that a flood of sign-ins costs other routes nothing. One per worker; the
// pool and the hasher are the process's.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "kit/runtime/cpu_pool.hpp"
#include "kit/telemetry/request_context.hpp"
#include "services/auth/domain/password.hpp"

namespace evc::auth_service {

class PasswordWork {
 public:
  PasswordWork(Worker& worker, std::shared_ptr<PasswordHasher> hasher, std::shared_ptr<CpuPool> pool,
               std::chrono::milliseconds longest_wait = std::chrono::seconds(2))
      : worker_(worker), hasher_(std::move(hasher)), pool_(std::move(pool)), longest_wait_(longest_wait) {}

  Task<Result<std::string>> hash(RequestContext& context, std::string password);
  // Without a hash (nobody is known by that name) a decoy is checked, at the same cost.
  Task<Result<bool>> verify(RequestContext& context, std::string password, std::optional<std::string> phc);
  Worker& worker() const { return worker_; }

 private:
  SteadyTime latest_begin(const RequestContext& context) const;
  Error busy() const;

  Worker& worker_;
  std::shared_ptr<PasswordHasher> hasher_;
  std::shared_ptr<CpuPool> pool_;
  std::chrono::milliseconds longest_wait_;
};

}  // namespace evc::auth_service
