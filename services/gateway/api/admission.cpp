#include "services/gateway/api/admission.hpp"

#include "services/gateway/domain/importance.hpp"

namespace evc::gateway {
namespace {

constexpr std::chrono::seconds kComeAgain{1};

// A place that is given back also when the coroutine is destroyed while it waits.
class Place {
 public:
  explicit Place(resilience::GradientLimit& limit) : limit_(limit) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    if (!left_) limit_.leave_unmeasured();
  }
  void leave(std::string_view kind, std::chrono::steady_clock::duration took) {
    left_ = true;
    limit_.leave(kind, std::chrono::duration_cast<std::chrono::microseconds>(took));
  }

 private:
  resilience::GradientLimit& limit_;
  bool left_ = false;
};

// An answer by the service itself, or none in time; what it refused at once says nothing about how long work takes.
bool tells_of_load(const contracts::Route& route, int status) {
  return route.method == "GET" && !route.stream && (status < 400 || status == 504);
}

}  // namespace

resilience::GradientLimit& Admission::limit_of(std::string_view service) {
  const auto found = limits_.find(service);
  if (found != limits_.end()) return found->second;
  return limits_.try_emplace(std::string(service), options_).first->second;
}

json::Value Admission::state() const {
  json::Array all;
  for (const auto& [service, limit] : limits_)
    all.push_back(json::Object{{"service", service}, {"limit", limit.limit()}, {"inFlight", limit.in_flight()}});
  return all;
}

Task<http::Response> forward_within(resilience::GradientLimit& limit, const Upstream& upstream, RequestContext& context,
                                    http::Request& request) {
  if (!limit.enter(share_of(upstream.breaker)))
    co_return http::problem({.code = Code::kOverloaded, .retry_after = kComeAgain}, context, request.path);
  Place place(limit);
  const auto begun = std::chrono::steady_clock::now();
  http::Response response = co_await forward(upstream, context, request);
  if (tells_of_load(*upstream.route, response.status))
    place.leave(upstream.route->operation, std::chrono::steady_clock::now() - begun);
  co_return response;
}

}  // namespace evc::gateway
