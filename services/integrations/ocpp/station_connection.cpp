#include "services/integrations/ocpp/station_connection.hpp"

#include <algorithm>
#include <utility>

#include "kit/telemetry/log.hpp"
#include "services/integrations/ocpp/ocpp_metrics.hpp"

namespace evc::integrations {

using evc::ocpp::Call;
using evc::ocpp::CallError;
using evc::ocpp::CallResult;
using evc::ocpp::Settled;
namespace key = telemetry::key;

namespace {

constexpr int kNormal = 1000;  // RFC 6455 §7.4.1
constexpr int kPolicyViolation = 1008;
constexpr int kTryAgainLater = 1013;
constexpr std::chrono::milliseconds kStepLimit{5'000};

RequestContext context_in(const telemetry::TraceContext& trace) {
  return background_context(kStepLimit).with_trace(trace);
}

}  // namespace

StationConnection::StationConnection(Worker& worker, StationDirectory& directory, StationMessages& messages,
                                     const ConnectionLimits& limits, std::string station_id)
    : worker_(&worker),
      directory_(&directory),
      messages_(&messages),
      limits_(&limits),
      station_id_(std::move(station_id)),
      tasks_(worker.io()),
      calls_({.timeout = limits.call_timeout}),
      coalescer_(limits.meter_event_interval) {}

Task<> StationConnection::serve(RequestContext& context, http::WebSocket& socket) {
  socket_ = &socket;
  directory_->enter(station_id_, *worker_, weak_from_this(), connection_id_);
  auto opening = context_in(context.trace);
  auto station = co_await messages_->connected(opening, station_id_, connection_id_);
  if (station) {
    EVC_LOG(kInfo, context.trace, "A station connected", {{key::kStationId, station_id_}});
    arm_boot_wait(station->registered);
    co_await read_loop();
  } else {
    EVC_LOG(kWarn, context.trace, "A station could not be taken in",
            {{key::kStationId, station_id_}, {key::kErrorDetail, station.error().detail}});
    socket.close(kTryAgainLater, "not ready");
  }
  co_await finish(context.trace);
}

Task<> StationConnection::read_loop() {
  while (true) {
    auto text = co_await socket_->read();
    if (!text) co_return;
    on_text(*text);
  }
}

// Whatever ended it: the writers first, because they use the socket, then what waited for answers, then what the world
// is told.
Task<> StationConnection::finish(telemetry::TraceContext trace) {
  call_timeout_.disarm();
  meter_flush_.disarm();
  boot_wait_.disarm();
  is_closing_ = true;
  incoming_.clear();
  socket_->close(kNormal, "");
  co_await tasks_.drain(SteadyTime::max());
  socket_ = nullptr;
  directory_->leave(station_id_, connection_id_);
  for (const auto& lost : calls_.lose()) settle(lost);
  EVC_LOG(kInfo, trace, "A station's connection ended", {{key::kStationId, station_id_}});
  auto context = context_in(trace);
  auto told = co_await messages_->disconnected(context, station_id_, connection_id_, "ConnectionLost");
  if (!told)
    EVC_LOG(kWarn, trace, "A lost connection could not be noted",
            {{key::kStationId, station_id_}, {key::kErrorDetail, told.error().detail}});
}

void StationConnection::close(int code, const std::string& reason) {
  if (socket_ != nullptr) socket_->close(code, reason);
}

// --- what the station says

void StationConnection::on_text(std::string_view text) {
  auto frame = evc::ocpp::parse_frame(text);
  if (auto* call = std::get_if<Call>(&frame)) return take_in(std::move(*call));
  if (auto* result = std::get_if<CallResult>(&frame)) {
    if (const auto settled = calls_.on_result(std::move(*result))) settle(*settled);
  } else if (auto* error = std::get_if<CallError>(&frame)) {
    if (const auto settled = calls_.on_error(std::move(*error))) settle(*settled);
  } else {
    const auto& bad = std::get<evc::ocpp::BadFrame>(frame);
    EVC_LOG(kWarn, "A station sent what is no OCPP message",
            {{key::kStationId, station_id_}, {key::kReason, bad.reason}});
    if (bad.answer) send(serialize(*bad.answer));
  }
  pump_calls();
}

// A station has one call outstanding; one that sends many at once is answered in order, up to a limit.
void StationConnection::take_in(Call call) {
  constexpr std::size_t kIncomingLimit = 32;
  if (incoming_.size() >= kIncomingLimit) {
    close(kPolicyViolation, "too many calls at once");
    return;
  }
  incoming_.push_back(std::move(call));
  if (!std::exchange(is_answering_, true)) tasks_.spawn("ocpp-answer", answer_calls());
}

Task<> StationConnection::answer_calls() {
  while (!incoming_.empty()) {
    auto call = std::move(incoming_.front());
    incoming_.pop_front();
    const bool goes_on = co_await on_call(std::move(call));
    if (goes_on) continue;
    incoming_.clear();
    close(kTryAgainLater, "the database is away");
  }
  is_answering_ = false;
}

void StationConnection::remember(std::int64_t transaction_id, std::int64_t connector_id, const Session& session) {
  constexpr std::size_t kRememberedLimit = 16;
  if (transactions_.size() >= kRememberedLimit) transactions_.erase(transactions_.begin());
  transactions_[transaction_id] = {.connector_id = connector_id, .session = session};
}

void StationConnection::send(std::string text) {
  outgoing_.push_back(std::move(text));
  if (std::exchange(is_writing_, true)) return;
  tasks_.spawn("ocpp-write", write_out());
}

Task<> StationConnection::write_out() {
  while (!outgoing_.empty() && socket_ != nullptr) {
    auto text = std::move(outgoing_.front());
    outgoing_.pop_front();
    auto written = co_await socket_->write(std::move(text));
    if (!written) outgoing_.clear();
  }
  is_writing_ = false;
}

// --- what the station is asked

void StationConnection::call(std::string action, json::Object payload, OnSettled settled) {
  const auto token = ++next_token_;
  Call call{.id = to_string(uuid_v7()), .action = std::move(action), .payload = std::move(payload)};
  if (socket_ == nullptr || !calls_.push(token, call)) {
    settled({.token = token, .outcome = Settled::Outcome::kLost, .call = std::move(call)});
    return;
  }
  waiting_[token] = std::move(settled);
  pump_calls();
}

void StationConnection::pump_calls() {
  if (auto call = calls_.take(system_clock().steady())) {
    send(serialize(*call));
    arm_call_timeout();
  }
}

void StationConnection::settle(const Settled& settled) {
  auto handler = waiting_.extract(settled.token);
  if (!handler.empty()) handler.mapped()(settled);
}

void StationConnection::arm_call_timeout() {
  const auto deadline = calls_.next_deadline();
  if (!deadline) return;
  call_timeout_ = worker_->wheel().arm(*deadline, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    if (const auto expired = self->calls_.expire(system_clock().steady())) self->settle(*expired);
    self->pump_calls();
    self->arm_call_timeout();
  });
}

// A reconnect has no BootNotification: the station is asked for the state of its connectors, or for a boot when it
// never told one.
void StationConnection::arm_boot_wait(bool is_registered) {
  boot_wait_ =
      worker_->wheel().arm(system_clock().steady() + limits_->boot_wait, [weak = weak_from_this(), is_registered] {
        const auto self = weak.lock();
        if (!self || self->has_booted_) return;
        const auto ignore = [](const Settled&) {};
        if (!is_registered) self->call("TriggerMessage", {{"requestedMessage", "BootNotification"}}, ignore);
        self->call("TriggerMessage", {{"requestedMessage", "StatusNotification"}}, ignore);
      });
}

// --- meter values that were held back

void StationConnection::arm_meter_flush() {
  const auto due = coalescer_.next_due();
  if (!due) return;
  meter_flush_ = worker_->wheel().arm(*due, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && self->socket_ != nullptr) self->tasks_.spawn("ocpp-meter-flush", self->flush_meter());
  });
}

Task<> StationConnection::flush_meter() {
  for (const auto& due : coalescer_.take_due(system_clock().steady())) {
    const auto found = transactions_.find(due.transaction_id);
    if (found == transactions_.end()) continue;
    const auto remembered = found->second;
    const auto parent = remembered.session ? remembered.session->trace : telemetry::TraceContext{};
    const auto span = telemetry::start_span("ocpp meter values", parent);
    auto context = context_in(span.context());
    auto published = co_await messages_->publish_reading(context, station_id_, remembered.connector_id,
                                                         due.transaction_id, remembered.session, due.reading);
    if (!published)
      EVC_LOG(kWarn, context.trace, "A meter value was not published",
              {{key::kStationId, station_id_}, {key::kErrorDetail, published.error().detail}});
  }
  arm_meter_flush();
}

}  // namespace evc::integrations
