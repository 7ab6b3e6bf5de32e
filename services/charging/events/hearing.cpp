#include "services/charging/events/hearing.hpp"

#include "kit/telemetry/log.hpp"

namespace evc::charging {
namespace {

constexpr std::chrono::milliseconds kLook{500};

}  // namespace

void Hearing::hears(SteadyTime now) {
  if (!since_ || now - last_ > kLongestDistance) since_ = now;
  last_ = now;
}

bool Hearing::long_enough(SteadyTime now) const {
  return since_ && now - last_ <= kLongestDistance && now - *since_ >= kEnough;
}

Task<> listen(Worker& worker, const messaging::Inbox& inbox, Hearing& hearing) {
  bool told = false;
  while (!worker.tasks().cancelled()) {
    const bool caught_up = inbox.caught_up();
    if (caught_up) {
      hearing.hears(std::chrono::steady_clock::now());
    } else {
      hearing.is_deaf();
    }
    if (told == caught_up) {
      told = !caught_up;
      EVC_LOG(kInfo, caught_up ? "Facts are heard as they come"
                               : "Facts are heard late: sessions that wait for a station are not given up");
    }
    co_await sleep_for(worker, kLook);
  }
}

}  // namespace evc::charging
