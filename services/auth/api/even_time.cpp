#include "services/auth/api/even_time.hpp"

namespace evc::auth_service {

Task<> until_even_time(Worker& worker, const RequestContext& context, SteadyTime begun) {
  const auto grains = (context.clock->steady() - begun) / kTimeGrain;
  // Until a moment, not for a while: what a shorter sleep is rounded by would let a part of the difference through.
  co_await worker.tasks().sleep_until(begun + (grains + 1) * kTimeGrain);
}

}  // namespace evc::auth_service
