#include "services/auth/api/password_work.hpp"

#include <algorithm>

namespace evc::auth_service {

SteadyTime PasswordWork::latest_begin(const RequestContext& context) const {
  return std::min<SteadyTime>(context.deadline, context.clock->steady() + longest_wait_);
}

// A queue that is too long and one that took too long are the same to the one who waits.
Error PasswordWork::busy() const {
  return Error{.code = Code::kOverloaded, .detail = "too many sign-ins at the moment", .retry_after = longest_wait_};
}

Task<Result<std::string>> PasswordWork::hash(RequestContext& context, std::string password) {
  auto hashed = co_await pool_->run(worker_, latest_begin(context), [hasher = hasher_, password = std::move(password)] {
    return hasher->hash(password);
  });
  if (!hashed) co_return std::unexpected(busy());
  co_return std::move(*hashed);
}

Task<Result<bool>> PasswordWork::verify(RequestContext& context, std::string password, std::optional<std::string> phc) {
  std::string against = phc.value_or(hasher_->decoy());
  auto matches = co_await pool_->run(worker_, latest_begin(context),
                                     [hasher = hasher_, password = std::move(password), against = std::move(against)] {
                                       return hasher->verify(password, against);
                                     });
  if (!matches) co_return std::unexpected(busy());
  co_return *matches&& phc.has_value();
}

}  // namespace evc::auth_service
