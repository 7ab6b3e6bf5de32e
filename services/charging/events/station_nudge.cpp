#include "services/charging/events/station_nudge.hpp"

namespace evc::charging {
namespace {

constexpr std::chrono::milliseconds kGather{100};
constexpr std::chrono::milliseconds kIdle{30'000};  // a word now and then, even when nothing changed
constexpr std::chrono::seconds kTimeout{2};

}  // namespace

Task<> announce_station_changes(Worker& worker, redis::Client& redis, Nudges& nudges) {
  while (!worker.tasks().cancelled()) {
    co_await nudges.wait(kStationsNudge, kIdle);
    co_await sleep_for(worker, kGather);
    RequestContext context = background_context(kTimeout);
    co_await redis.publish(context, "stations", "changed");
  }
}

}  // namespace evc::charging
