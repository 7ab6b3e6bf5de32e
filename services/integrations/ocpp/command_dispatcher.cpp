#include "services/integrations/ocpp/command_dispatcher.hpp"

#include "kit/base/crash_point.hpp"
#include "kit/telemetry/log.hpp"
#include "kit/telemetry/semconv.hpp"
#include "kit/telemetry/span.hpp"
#include "services/integrations/domain/external_update.hpp"
#include "services/integrations/ocpp/ocpp_metrics.hpp"
#include "services/integrations/ocpp/station_connection.hpp"
#include "services/integrations/store/transaction_store.hpp"

namespace evc::integrations {

using evc::ocpp::Settled;
namespace key = telemetry::key;
namespace semconv = telemetry::semconv;

namespace {

constexpr std::int64_t kBatch = 200;
constexpr int kStoreAttempts = 8;
constexpr std::chrono::milliseconds kStorePause{250};
constexpr std::chrono::milliseconds kStepLimit{5'000};
// A nudge comes before the commit that it announces: look several times in short succession.
constexpr std::chrono::milliseconds kTick{10};
constexpr int kTicksAfterNudge = 30;

RequestContext context_in(const telemetry::TraceContext& trace) {
  return background_context(kStepLimit).with_trace(trace);
}

telemetry::Span command_span(const store::CommandRow& command) {
  telemetry::SpanOptions options{.kind = telemetry::SpanKind::kClient};
  const std::string action(ocpp::action_of(command.open.kind));
  options.attributes = {{semconv::kEvStationId, command.station_id}, {semconv::kEvOcppAction, action}};
  if (command.session_id) options.attributes.push_back({semconv::kEvSessionId, to_string(*command.session_id)});
  options.links = {command.trace};
  return telemetry::start_span("ocpp " + action, command.trace, std::move(options));
}

json::Object payload_of(const store::CommandRow& command) {
  if (command.open.kind == ocpp::CommandKind::kRemoteStop && command.open.transaction_id)
    return ocpp::remote_stop_payload(*command.open.transaction_id);
  return command.payload;
}

}  // namespace

CommandDispatcher::CommandDispatcher(Worker& worker, postgres::Pool& pool, messaging::Outbox& outbox,
                                     StationDirectory& directory, CommandNudge& nudge, DispatchSettings settings)
    : worker_(&worker), pool_(&pool), outbox_(&outbox), directory_(&directory), nudge_(&nudge), settings_(settings) {}

Task<> CommandDispatcher::run() {
  while (!worker_->tasks().cancelled()) {
    co_await pass();
    co_await wait();
  }
}

Task<> CommandDispatcher::wait() {
  const auto end = system_clock().steady() + settings_.poll_interval;
  while (system_clock().steady() < end && !worker_->tasks().cancelled()) {
    if (nudge_->take()) eager_ticks_ = kTicksAfterNudge;
    co_await sleep_for(*worker_, kTick);
    if (eager_ticks_ > 0) {
      --eager_ticks_;
      co_return;
    }
  }
}

Task<> CommandDispatcher::pass() {
  auto context = background_context(kStepLimit);
  auto commands = co_await store::open_commands(context, *pool_, run_id_, kBatch);
  if (!commands) {
    EVC_LOG(kWarn, "Open commands could not be read", {{key::kErrorDetail, commands.error().detail}});
    co_return;
  }
  std::vector<store::CommandRow> to_send;
  for (auto& command : *commands) {
    command.open.is_connected = directory_->is_connected(command.station_id);
    auto step = next_step(command.open, system_clock().wall(), settings_.offline_grace);
    if (step.what == NextStep::Do::kSend) {
      to_send.push_back(std::move(command));
    } else if (step.what == NextStep::Do::kFinish) {
      co_await finish_row(std::move(command), std::move(step));
    }
  }
  if (!to_send.empty()) co_await send_all(std::move(to_send));
}

Task<> CommandDispatcher::finish_row(store::CommandRow command, NextStep step) {
  auto context = context_in(command.trace);
  auto finished = co_await finish(context, std::move(command), step.result, std::move(step.detail));
  if (!finished)
    EVC_LOG(kWarn, context.trace, "A command could not be finished", {{key::kErrorDetail, finished.error().detail}});
}

// The rows say `sent` before the stations are told: a crash in between costs a repetition, never a second unnoticed
// send.
Task<> CommandDispatcher::send_all(std::vector<store::CommandRow> commands) {
  std::vector<Uuid> ids;
  for (const auto& command : commands) ids.push_back(command.command_id);
  auto context = background_context(kStepLimit);
  auto sent =
      EVC_STEP("integrations.command.mark", co_await store::mark_sent(context, *pool_, std::move(ids), run_id_));
  if (!sent) {
    EVC_LOG(kWarn, "Commands could not be sent yet", {{key::kErrorDetail, sent.error().detail}});
    co_return;
  }
  for (auto& command : commands) {
    if (sent->contains(command.command_id)) EVC_VOID_STEP("integrations.command.send", send(std::move(command)));
  }
}

void CommandDispatcher::send(store::CommandRow command) {
  auto span = std::make_shared<telemetry::Span>(command_span(command));
  const auto station_id = command.station_id;
  auto on_settled = [this, span, command](const Settled& answer) {
    const auto verdict = ocpp::judge(answer);
    if (verdict.result != ocpp::CommandResult::kAccepted) span->fail(ocpp::name_of(verdict.result));
    span->end();
    const bool is_lost = answer.outcome == Settled::Outcome::kLost;
    worker_->post([this, command, verdict, is_lost] {
      worker_->tasks().spawn("ocpp-command-settled", settled(command, verdict, is_lost));
    });
  };
  auto tell = [action = std::string(ocpp::action_of(command.open.kind)), payload = payload_of(command),
               on_settled](StationConnection& connection) { connection.call(action, payload, on_settled); };
  const bool posted = directory_->post(station_id, std::move(tell));
  if (!posted)
    worker_->tasks().spawn("ocpp-command-settled",
                           settled(std::move(command), {.result = ocpp::CommandResult::kOffline}, true));
}

// Many answers may come at once; each waits for its turn at the database. When it never comes, the row stays `sent` and
// a later pass ends it.
Task<> CommandDispatcher::settled(store::CommandRow command, ocpp::Verdict verdict, bool is_lost) {
  Result<void> done;
  for (int attempt = 1; attempt <= kStoreAttempts && !worker_->tasks().cancelled(); ++attempt) {
    auto context = context_in(command.trace);
    done = co_await store_answer(context, command, verdict, is_lost);
    if (done) co_return;
    co_await sleep_for(*worker_, kStorePause * attempt);
  }
  if (!done)
    EVC_LOG(kWarn, command.trace, "A command's answer could not be stored", {{key::kErrorDetail, done.error().detail}});
}

Task<Result<void>> CommandDispatcher::store_answer(RequestContext& context, store::CommandRow command,
                                                   ocpp::Verdict verdict, bool is_lost) {
  const auto next = after_answer(command.open, is_lost ? Heard::kNothing : Heard::kAnswer, verdict.result);
  if (next == AfterAnswer::kPending)
    co_return EVC_STEP("integrations.command.reopen",
                       co_await store::mark_pending(context, *pool_, command.command_id));
  if (next == AfterAnswer::kUnconfirmed)
    co_return EVC_STEP("integrations.command.doubt",
                       co_await store::mark_unconfirmed(context, *pool_, command.command_id));
  co_return co_await finish(context, std::move(command), verdict.result, std::move(verdict.detail));
}

Task<Result<void>> CommandDispatcher::finish(RequestContext& context, store::CommandRow command,
                                             ocpp::CommandResult result, std::string detail) {
  EVC_CO_TRY(transaction, co_await pool_->begin(context));
  EVC_CO_TRY(is_mine, co_await store::finish_command(context, transaction, command.command_id,
                                                     std::string(ocpp::name_of(result)), detail));
  if (!is_mine) co_return Result<void>{};
  if (command.open.kind == ocpp::CommandKind::kRemoteStop && result == ocpp::CommandResult::kRejected)
    EVC_CO_CHECK(co_await end_if_forgotten(context, transaction, command));
  const CommandOutcome outcome{.command_id = command.command_id,
                               .station_id = command.station_id,
                               .connector_id = command.connector_id,
                               .session_id = command.session_id,
                               .command = ocpp::name_of(command.open.kind),
                               .result = ocpp::name_of(result),
                               .detail = std::move(detail)};
  messaging::EventDraft draft{.topic = std::string(kTopic),
                              .key = command.station_id,
                              .subject = subject_of(command.station_id, command.connector_id),
                              .type = std::string(kEventType),
                              .data = command_result(outcome, context.clock->wall()),
                              .user_id = command.user_id,
                              .correlation_id = command.correlation_id,
                              .causation_id = command.causation_id};
  EVC_CO_CHECK(co_await outbox_->append(context, transaction, std::move(draft)));
  EVC_CO_CHECK(EVC_STEP("integrations.command.finish", co_await transaction.commit(context)));
  count_command(outcome.command, outcome.result);
  EVC_LOG(kInfo, context.trace, "A command ended",
          {{key::kStationId, command.station_id}, {key::kOcppAction, outcome.command}, {key::kState, outcome.result}});
  co_return Result<void>{};
}

// A station that lost its memory would refuse for ever to stop a transaction that it does not know: what it said last
// is the bill then. Should it send one of its own after all, that becomes a case.
Task<Result<void>> CommandDispatcher::end_if_forgotten(RequestContext& context, postgres::Transaction& transaction,
                                                       const store::CommandRow& command) {
  if (!command.open.transaction_id) co_return Result<void>{};
  const auto id = *command.open.transaction_id;
  EVC_CO_TRY(forgotten,
             co_await store::find_forgotten(context, transaction, command.station_id, id, settings_.boot_grace));
  if (!forgotten) co_return Result<void>{};
  const ocpp::StopTransaction stop{
      .transaction_id = id, .meter_stop_wh = forgotten->meter_wh, .timestamp = forgotten->at, .reason = "Reboot"};
  EVC_CO_TRY(outcome, co_await store::insert_stop(context, transaction, command.station_id, stop));
  if (outcome != store::StopOutcome::kFirst) co_return Result<void>{};
  const TransactionRef reference{.station_id = command.station_id,
                                 .connector_id = forgotten->connector_id,
                                 .transaction_id = id,
                                 .session_id = forgotten->session_id};
  const TransactionEnd end{.at = stop.timestamp,
                           .meter_start_wh = forgotten->meter_start_wh,
                           .meter_wh = stop.meter_stop_wh,
                           .reason = stop.reason,
                           .reported = Reported::kLater};
  messaging::EventDraft draft{.topic = std::string(kTopic),
                              .key = command.station_id,
                              .subject = subject_of(command.station_id, forgotten->connector_id),
                              .type = std::string(kEventType),
                              .data = transaction_ended(reference, end),
                              .user_id = command.user_id,
                              .correlation_id = command.correlation_id,
                              .causation_id = command.causation_id};
  EVC_CO_CHECK(co_await outbox_->append(context, transaction, std::move(draft)));
  EVC_LOG(kWarn, context.trace, "A station forgot a transaction; its last reading is the bill",
          {{key::kStationId, command.station_id}});
  co_return Result<void>{};
}

}  // namespace evc::integrations
