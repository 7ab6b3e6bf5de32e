#include "services/auth/api/even_time.hpp"

namespace evc::auth_service {

Task<> until_even_time(Worker& worker, const RequestContext& context, SteadyTime begun) {
  const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(context.clock->steady() - begun);
  co_await sleep_for(worker, kTimeGrain - spent % kTimeGrain);
}

}  // namespace evc::auth_service
