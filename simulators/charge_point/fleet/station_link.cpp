#include "simulators/charge_point/fleet/station_link.hpp"

#include <algorithm>
#include <utility>

#include "kit/base/bytes.hpp"
#include "kit/telemetry/log.hpp"

namespace evc::charge_point {

namespace key = telemetry::key;
using std::chrono::milliseconds;

namespace {

constexpr milliseconds kDialLimit{10'000};
constexpr milliseconds kFirstPause{500};
constexpr milliseconds kLongestPause{15'000};
constexpr milliseconds kAsleep{200};
constexpr int kNormal = 1000;

}  // namespace

StationLink::StationLink(Worker& worker, const CentralSystem& central_system, Secret<std::string> password,
                         StationPlan plan, const Behaviour& behaviour)
    : worker_(&worker),
      central_system_(&central_system),
      password_(std::move(password)),
      station_(std::move(plan), behaviour, system_clock()) {}

http::WebSocketDial StationLink::dial() const {
  const auto& id = station_.plan().station_id;
  return {.host = central_system_->host,
          .port = central_system_->port,
          .tls = central_system_->tls,
          .server_name = central_system_->server_name,
          .path = "/ocpp/" + id,
          .subprotocols = {"ocpp1.6"},
          .headers = {{"Authorization", "Basic " + base64_encode(id + ":" + password_.reveal())}},
          .options = {.ping_interval = central_system_->ping_interval}};
}

Task<> StationLink::run(milliseconds delay) {
  co_await sleep_for(*worker_, delay);
  auto pause = kFirstPause;
  while (!worker_->tasks().cancelled()) {
    if (!station_.wants_connection()) {
      co_await sleep_for(*worker_, kAsleep);
      continue;
    }
    const auto began = system_clock().steady();
    auto ended = co_await session();
    const bool was_long = system_clock().steady() - began > kLongestPause;
    if (worker_->tasks().cancelled() || !station_.wants_connection()) continue;
    if (!ended)
      EVC_LOG(kWarn, "A simulated station has no connection",
              {{key::kStationId, station_.plan().station_id}, {key::kErrorDetail, ended.error().detail}});
    pause = was_long || ended ? kFirstPause : std::min(pause * 2, kLongestPause);
    // Full jitter, else a fleet that was cut at one moment would come back at one moment.
    co_await sleep_for(
        *worker_,
        milliseconds(static_cast<std::int64_t>(random_u64() % static_cast<std::uint64_t>(pause.count())) + 1));
  }
}

// One connection, from the dial to its end.
Task<Result<void>> StationLink::session() {
  EVC_CO_TRY(opened, co_await http::connect_websocket(*worker_, dial(), system_clock().steady() + kDialLimit));
  const std::shared_ptr<http::WebSocket> socket(std::move(opened));
  socket_ = socket;
  station_.on_open();
  settle();
  while (true) {
    auto text = co_await socket->read();
    if (!text) break;
    station_.on_text(*text);
    settle();
  }
  socket_.reset();
  outgoing_.clear();
  station_.on_close();
  settle();
  co_return Result<void>{};
}

void StationLink::settle() {
  for (auto& text : station_.take_output()) outgoing_.push_back(std::move(text));
  if (socket_ && !outgoing_.empty() && !std::exchange(is_writing_, true))
    worker_->tasks().spawn("station-write", write_out(socket_));
  if (socket_ && !station_.wants_connection() && outgoing_.empty()) socket_->close(kNormal, "");
  const auto due = station_.next_due();
  if (!due) {
    due_.disarm();
    return;
  }
  due_ = worker_->wheel().arm(*due, [this] {
    station_.tick();
    settle();
  });
}

Task<> StationLink::write_out(std::shared_ptr<http::WebSocket> socket) {
  while (!outgoing_.empty() && socket == socket_) {
    auto text = std::move(outgoing_.front());
    outgoing_.pop_front();
    auto written = co_await socket->write(std::move(text));
    if (!written) break;
  }
  is_writing_ = false;
  // Told to go offline after its last words.
  if (socket == socket_) settle();
}

}  // namespace evc::charge_point
