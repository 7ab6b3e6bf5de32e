#include "services/integrations/events/charging_events.hpp"

#include <algorithm>
#include <boost/describe.hpp>

#include "services/integrations/domain/session_tag.hpp"
#include "services/integrations/store/command_store.hpp"
#include "services/integrations/store/session_store.hpp"

namespace evc::integrations {
namespace {

constexpr std::chrono::seconds kCommandLimit{30};

struct Authorized {
  Uuid session_id;
  std::string station_id;
  std::int64_t connector_id = 0;
  WallTime start_by{};
};
BOOST_DESCRIBE_STRUCT(Authorized, (), (session_id, station_id, connector_id, start_by))
struct StopRequested {
  Uuid session_id;
  std::string station_id;
  std::int64_t connector_id = 0;
};
BOOST_DESCRIBE_STRUCT(StopRequested, (), (session_id, station_id, connector_id))
struct Closed {
  Uuid session_id;
};
BOOST_DESCRIBE_STRUCT(Closed, (), (session_id))

store::CommandDraft command_for(const messaging::Event& event, ocpp::CommandKind kind, std::string station_id,
                                std::int64_t connector_id, const Uuid& session_id) {
  return {.command_id = uuid_v7(),
          .station_id = std::move(station_id),
          .connector_id = connector_id,
          .kind = kind,
          .session_id = session_id,
          .user_id = event.user_id,
          .correlation_id = event.correlation_id,
          .causation_id = event.event_id,
          .trace = event.creation};
}

}  // namespace

std::map<std::string, messaging::EventHandler> ChargingEvents::handlers() {
  const auto bind = [this](auto method) -> messaging::EventHandler {
    return [this, method](RequestContext& context, postgres::Transaction& transaction, const messaging::Event& event) {
      return (this->*method)(context, transaction, event);
    };
  };
  return {{"ChargingSessionAuthorized", bind(&ChargingEvents::on_authorized)},
          {"ChargingSessionStopRequested", bind(&ChargingEvents::on_stop_requested)},
          {"ChargingSessionEnded", bind(&ChargingEvents::on_closed)},
          {"ChargingSessionFailed", bind(&ChargingEvents::on_closed)}};
}

// A start whose time has passed is written all the same: the dispatcher ends it as expired, so that charging hears an
// answer.
Task<Result<void>> ChargingEvents::on_authorized(RequestContext& context, postgres::Transaction& transaction,
                                                 const messaging::Event& event) {
  EVC_CO_TRY(data, messaging::data_as<Authorized>(event));
  if (!event.user_id) co_return fail(Code::kSchemaInvalid, "an authorised session has no user");
  store::SessionRow session{.session_id = data.session_id,
                            .station_id = data.station_id,
                            .connector_id = data.connector_id,
                            .id_tag = session_tag(data.session_id),
                            .user_id = *event.user_id,
                            .correlation_id = event.correlation_id,
                            .event_id = event.event_id,
                            .trace = event.creation,
                            .start_by = data.start_by};
  auto command =
      command_for(event, ocpp::CommandKind::kRemoteStart, data.station_id, data.connector_id, data.session_id);
  command.payload = ocpp::remote_start_payload(data.connector_id, session.id_tag);
  command.expires_at = std::min(data.start_by, context.clock->wall() + kCommandLimit);
  EVC_CO_CHECK(co_await store::insert_session(context, transaction, std::move(session)));
  EVC_CO_CHECK(co_await store::insert_command(context, transaction, std::move(command)));
  nudge_();
  co_return Result<void>{};
}

Task<Result<void>> ChargingEvents::on_stop_requested(RequestContext& context, postgres::Transaction& transaction,
                                                     const messaging::Event& event) {
  EVC_CO_TRY(data, messaging::data_as<StopRequested>(event));
  EVC_CO_TRY(session, co_await store::find_session(context, transaction, data.session_id));
  if (!session) co_return Result<void>{};  // never authorised here: there is nothing that could be stopped
  auto command =
      command_for(event, ocpp::CommandKind::kRemoteStop, data.station_id, data.connector_id, data.session_id);
  command.expires_at = context.clock->wall() + kCommandLimit;
  EVC_CO_CHECK(co_await store::insert_command(context, transaction, std::move(command)));
  nudge_();
  co_return Result<void>{};
}

Task<Result<void>> ChargingEvents::on_closed(RequestContext& context, postgres::Transaction& transaction,
                                             const messaging::Event& event) {
  EVC_CO_TRY(data, messaging::data_as<Closed>(event));
  EVC_CO_CHECK(co_await store::close_session(context, transaction, data.session_id));
  co_return Result<void>{};
}

}  // namespace evc::integrations
