// How a call of the station is answered: the part of StationConnection between a parsed CALL and its CALLRESULT or
// CALLERROR.
#include <array>
#include <utility>

#include "kit/runtime/worker.hpp"
#include "kit/telemetry/log.hpp"
#include "kit/telemetry/semconv.hpp"
#include "services/integrations/ocpp/ocpp_metrics.hpp"
#include "services/integrations/ocpp/station_connection.hpp"

namespace evc::integrations {

using evc::ocpp::Call;
using evc::ocpp::CallResult;
using evc::ocpp::ErrorCode;
namespace key = telemetry::key;
namespace semconv = telemetry::semconv;

namespace {

constexpr std::chrono::milliseconds kTryLimit{5'000};
constexpr std::chrono::milliseconds kFirstPause{100};
constexpr std::chrono::milliseconds kLongestPause{2'000};

// Metrics and spans carry the names of known actions only.
constexpr std::array<std::string_view, 8> kActions{"BootNotification", "Heartbeat",        "StatusNotification",
                                                   "Authorize",        "StartTransaction", "MeterValues",
                                                   "StopTransaction",  "DataTransfer"};

bool is_known(std::string_view action) {
  return std::ranges::find(kActions, action) != kActions.end();
}

// A violation of the schema travels as the detail of a protocol-error: "<code>|<detail>".
Error as_error(const ocpp::Violation& violation) {
  return {.code = Code::kProtocolError,
          .detail = std::string(evc::ocpp::text_1_6(violation.code)) + "|" + violation.detail};
}

evc::ocpp::CallError error_answer(const std::string& id, const Error& error) {
  if (error.code != Code::kProtocolError) return evc::ocpp::make_error(id, ErrorCode::kInternalError, "");
  const auto bar = error.detail.find('|');
  return {.id = id, .code = error.detail.substr(0, bar), .description = error.detail.substr(bar + 1)};
}

// Only what another try can mend.
bool is_transient(Code code) {
  return code == Code::kDatabaseUnavailable || code == Code::kDatabaseConflict || code == Code::kDeadlineExceeded ||
         code == Code::kOverloaded;
}

std::optional<std::int64_t> transaction_of(const Call& call) {
  const auto* id = call.payload.if_contains("transactionId");
  return id != nullptr && id->is_int64() ? std::optional(id->as_int64()) : std::nullopt;
}

std::optional<std::string> tag_of(const Call& call) {
  constexpr std::size_t kTagLimit = 20;
  const auto* tag = call.payload.if_contains("idTag");
  if (tag == nullptr || !tag->is_string() || tag->as_string().size() > kTagLimit ||
      tag->as_string().find('\0') != std::string::npos)
    return std::nullopt;
  return std::string(tag->as_string());
}

telemetry::Span message_span(const Call& call, const std::string& station_id, const Session& session) {
  telemetry::SpanOptions options{.kind = telemetry::SpanKind::kServer};
  options.attributes = {{semconv::kEvStationId, station_id}, {semconv::kEvOcppAction, call.action}};
  if (!session) return telemetry::start_span("ocpp " + call.action, {}, std::move(options));
  options.attributes.push_back({semconv::kEvSessionId, to_string(session->session_id)});
  options.links = {session->trace};
  return telemetry::start_span("ocpp " + call.action, session->trace, std::move(options));
}

}  // namespace

// Retried in place while the database is away, because a station that gets an error may drop a bill; when patience ends
// the socket is closed without an answer, and the station sends the same again later.
Task<bool> StationConnection::on_call(Call call) {
  if (!is_known(call.action)) {
    count_call("other", "NotImplemented");
    send(serialize(evc::ocpp::make_error(call.id, ErrorCode::kNotImplemented, "this action is not implemented")));
    co_return true;
  }
  const auto started = system_clock().steady();
  const auto give_up = started + limits_->database_patience;
  auto pause = kFirstPause;
  while (true) {
    // Whose trace it is, is not known before the session is.
    RequestContext context = background_context(kTryLimit);
    context.deadline = std::min(give_up, context.deadline);
    auto session = co_await session_of(context, call);
    auto span = message_span(call, station_id_, session ? *session : Session{});
    context.trace = span.context();
    auto answer =
        session ? co_await dispatch(context, call, *session) : Result<json::Object>(std::unexpected(session.error()));
    if (answer) {
      observe_call(call.action, system_clock().steady() - started, context.trace);
      send(serialize(CallResult{.id = call.id, .payload = std::move(*answer)}));
      co_return true;
    }
    span.fail(info(answer.error().code).name);
    const bool again = is_transient(answer.error().code) && system_clock().steady() + pause < give_up && !is_closing_ &&
                       !worker_->tasks().cancelled();
    EVC_LOG(kWarn, context.trace, "A station's message failed",
            {{key::kStationId, station_id_},
             {key::kOcppAction, call.action},
             {key::kErrorCode, info(answer.error().code).name},
             {key::kErrorDetail, answer.error().detail}});
    if (!again) {
      count_call(call.action, answer.error().code == Code::kProtocolError ? "violation" : "failed");
      if (is_transient(answer.error().code)) co_return false;
      send(serialize(error_answer(call.id, answer.error())));
      co_return true;
    }
    co_await sleep_for(*worker_, pause);
    pause = std::min(pause * 2, kLongestPause);
  }
}

// Whose message this is, by the tag of a start or by the transaction of what follows.
Task<Result<Session>> StationConnection::session_of(RequestContext& context, const Call& call) {
  if (call.action == "StartTransaction" || call.action == "Authorize") {
    const auto tag = tag_of(call);
    if (!tag) co_return Session{};
    co_return co_await store::find_session_by_tag(context, messages_->pool(), *tag);
  }
  if (call.action != "MeterValues" && call.action != "StopTransaction") co_return Session{};
  const auto id = transaction_of(call);
  if (!id) co_return Session{};
  if (const auto found = transactions_.find(*id); found != transactions_.end()) co_return found->second.session;
  EVC_CO_TRY(session, co_await store::find_session_by_transaction(context, messages_->pool(), station_id_, *id));
  if (session) remember(*id, session->connector_id, session);
  co_return std::move(session);
}

Task<Result<json::Object>> StationConnection::dispatch(RequestContext& context, const Call& call,
                                                       const Session& session) {
  const auto refuse = [](const ocpp::Violation& violation) -> Result<json::Object> {
    return std::unexpected(as_error(violation));
  };
  if (call.action == "Heartbeat") {
    const auto message = ocpp::decode_heartbeat(call.payload);
    if (!message) co_return refuse(message.error());
    co_return co_await messages_->heartbeat(context);
  }
  if (call.action == "MeterValues") {
    auto message = ocpp::decode_meter_values(call.payload);
    if (!message) co_return refuse(message.error());
    co_return co_await on_meter_values(context, std::move(*message), session);
  }
  if (call.action == "StatusNotification") {
    auto message = ocpp::decode_status_notification(call.payload);
    if (!message) co_return refuse(message.error());
    co_return co_await messages_->status(context, station_id_, std::move(*message));
  }
  if (call.action == "StartTransaction") {
    auto message = ocpp::decode_start_transaction(call.payload);
    if (!message) co_return refuse(message.error());
    co_return co_await on_start(context, std::move(*message), session);
  }
  if (call.action == "StopTransaction") {
    auto message = ocpp::decode_stop_transaction(call.payload);
    if (!message) co_return refuse(message.error());
    co_return co_await on_stop(context, call, std::move(*message), session);
  }
  if (call.action == "Authorize") {
    const auto message = ocpp::decode_authorize(call.payload);
    if (!message) co_return refuse(message.error());
    co_return co_await messages_->authorize(context, station_id_, session);
  }
  if (call.action == "BootNotification") {
    auto message = ocpp::decode_boot_notification(call.payload);
    if (!message) co_return refuse(message.error());
    has_booted_ = true;
    co_return co_await messages_->boot(context, station_id_, std::move(*message));
  }
  const auto message = ocpp::decode_data_transfer(call.payload);
  if (!message) co_return refuse(message.error());
  co_return json::Object{{"status", "UnknownVendorId"}};
}

Task<Result<json::Object>> StationConnection::on_start(RequestContext& context, ocpp::StartTransaction message,
                                                       Session session) {
  const auto connector_id = message.connector_id;
  auto answer = co_await messages_->start(context, station_id_, std::move(message), session);
  if (answer)
    remember(answer->at("transactionId").as_int64(), connector_id,
             session && session->station_id == station_id_ ? session : Session{});
  co_return answer;
}

// The coalescer decides once per message, not once per try.
Task<Result<json::Object>> StationConnection::on_meter_values(RequestContext& context, ocpp::MeterValues message,
                                                              Session session) {
  std::optional<ocpp::MeterReading> publish;
  const auto id = message.transaction_id.value_or(0);
  const auto reading = ocpp::latest_reading(message.values);
  if (message.transaction_id && reading) {
    if (!transactions_.contains(id)) remember(id, message.connector_id, session);
    publish = coalescer_.offer(id, *reading, system_clock().steady());
  }
  auto answer = co_await messages_->meter_values(context, station_id_, std::move(message), std::move(session), publish);
  // Not stored: the next try, or the next value, goes out at once.
  if (!answer && publish) coalescer_.forget(id);
  arm_meter_flush();
  co_return answer;
}

Task<Result<json::Object>> StationConnection::on_stop(RequestContext& context, const Call& call,
                                                      ocpp::StopTransaction message, Session session) {
  const auto id = message.transaction_id;
  coalescer_.forget(id);
  auto answer = co_await messages_->stop(context, station_id_, std::move(message), std::move(session),
                                         json::serialize(json::Value(call.payload)));
  if (answer) transactions_.erase(id);
  co_return answer;
}

}  // namespace evc::integrations
