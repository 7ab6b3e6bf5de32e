#include "services/charging/api/streams.hpp"

#include <map>

#include "services/charging/api/operator_views.hpp"
#include "services/charging/api/views.hpp"
#include "services/charging/store/sessions.hpp"
#include "services/charging/store/stations.hpp"

namespace evc::charging {
namespace {

using http::Request;
using http::Response;
using http::StreamWriter;

constexpr std::chrono::milliseconds kLookAgain{1'000};
// A nudge comes with the event, a moment before its transaction commits: look again soon before falling back to the
// slow rhythm.
constexpr std::chrono::milliseconds kAfterNudge{40};
// … and once more for operators, should the transaction have taken longer: a board that is a second late looks broken.
constexpr std::chrono::milliseconds kSoonAgain{120};
constexpr std::chrono::seconds kHeartbeat{15};
constexpr std::chrono::seconds kReadTimeout{5};

std::string sse(std::string_view event, std::string_view id, const json::Object& data) {
  return "event: " + std::string(event) + "\nid: " + std::string(id) + "\ndata: " + json::serialize(data) + "\n\n";
}

Response stream(http::StreamBody body) {
  Response response;
  response.status = 200;
  response.headers.set("content-type", "text/event-stream");
  response.headers.set("cache-control", "no-store");
  response.stream = std::move(body);
  return response;
}

// A stream outlives its request's deadline; each read has its own.
RequestContext reading(const RequestContext& context) {
  RequestContext read = context;
  read.deadline = context.clock->steady() + kReadTimeout;
  read.trace.sampled = false;  // one span a second per watcher would bury the trace
  return read;
}

struct Beat {
  SteadyTime last{};
};
Task<Result<void>> heartbeat(StreamWriter& writer, const Clock& clock, Beat& beat) {
  if (clock.steady() - beat.last < kHeartbeat) co_return Result<void>{};
  beat.last = clock.steady();
  co_return co_await writer.write(": still here\n\n");
}

Task<> follow_session(Api& api, Uuid id, std::int64_t seen, RequestContext& context, StreamWriter& writer) {
  const std::string name_of_nudge = to_string(id);
  Beat beat{context.clock->steady()};
  while (!api.worker.tasks().cancelled()) {
    RequestContext read = reading(context);
    auto session = co_await find_session(read, api.pool, id);
    if (session && *session && (*session)->version > seen) {
      seen = (*session)->version;
      beat.last = context.clock->steady();
      auto written =
          co_await writer.write(sse("session", std::to_string(seen), session_view(**session, context.clock->wall())));
      if (!written || terminal((*session)->state)) co_return;
    }
    auto alive = co_await heartbeat(writer, *context.clock, beat);
    if (!alive) co_return;
    co_await api.nudges.wait(name_of_nudge, kLookAgain);
    co_await sleep_for(api.worker, kAfterNudge);
  }
}

using Seen = std::map<std::pair<std::string, std::int64_t>, std::string>;

Task<Result<void>> write_changes(RequestContext& context, StreamWriter& writer, const std::vector<Station>& stations,
                                 Seen& seen) {
  for (const Station& station : stations) {
    for (const Connector& connector : station.connectors) {
      std::string& status = seen[{station.id, connector.id}];
      if (status == connector.status) continue;
      status = connector.status;
      const json::Object change{{"stationId", station.id},
                                {"connectorId", connector.id},
                                {"status", connector.status},
                                {"at", format_rfc3339(connector.status_at.value_or(context.clock->wall()))}};
      EVC_CO_CHECK(co_await writer.write(sse("connector", std::to_string(station.version), change)));
    }
  }
  co_return Result<void>{};
}

// A connector's change as operators see it; the time of a status is no change of its own: stations repeat themselves.
Task<Result<void>> write_operator_changes(StreamWriter& writer, const std::vector<Station>& stations,
                                          const ConnectorCharges& charges, Seen& seen) {
  for (const Station& station : stations) {
    for (const Connector& connector : station.connectors) {
      json::Object view = operator_connector(station, connector, charges);
      const auto* charge = view.if_contains("charge");
      std::string now = station.status + " " + connector.status + " " + (charge ? json::serialize(*charge) : "");
      std::string& before = seen[{station.id, connector.id}];
      if (before == now) continue;
      before = std::move(now);
      const json::Object change{
          {"stationId", station.id}, {"stationStatus", station.status}, {"connector", std::move(view)}};
      EVC_CO_CHECK(co_await writer.write(sse("connector", std::to_string(station.version), change)));
    }
  }
  co_return Result<void>{};
}

Task<Result<void>> tell_operator(Api& api, Box box, RequestContext& context, StreamWriter& writer, Seen& seen) {
  RequestContext read = reading(context);
  auto stations = co_await stations_in_box(read, api.pool, box);
  auto charges = co_await charges_on_connectors(read, api.pool);
  if (!stations || !charges) co_return Result<void>{};  // looked at again in a moment
  co_return co_await write_operator_changes(writer, *stations, *charges, seen);
}

Task<> follow_operator_stations(Api& api, Box box, RequestContext& context, StreamWriter& writer) {
  Seen seen;
  Beat beat{context.clock->steady()};
  std::chrono::milliseconds pause = kLookAgain;
  while (!api.worker.tasks().cancelled()) {
    const std::uint64_t turn = api.nudges.turns(kStationsNudge);
    auto told = co_await tell_operator(api, box, context, writer, seen);
    if (!told) co_return;
    auto alive = co_await heartbeat(writer, *context.clock, beat);
    if (!alive) co_return;
    if (api.nudges.turns(kStationsNudge) == turn) co_await api.nudges.wait(kStationsNudge, pause);
    const bool nudged = api.nudges.turns(kStationsNudge) != turn;
    pause = nudged ? kSoonAgain : kLookAgain;
    if (nudged) co_await sleep_for(api.worker, kAfterNudge);
  }
}

Task<> follow_stations(Api& api, Box box, RequestContext& context, StreamWriter& writer) {
  Seen seen;
  Beat beat{context.clock->steady()};
  while (!api.worker.tasks().cancelled()) {
    RequestContext read = reading(context);
    auto stations = co_await stations_in_box(read, api.pool, box);
    if (stations) {
      auto written = co_await write_changes(context, writer, *stations, seen);
      if (!written) co_return;
    }
    auto alive = co_await heartbeat(writer, *context.clock, beat);
    if (!alive) co_return;
    co_await api.nudges.wait(kStationsNudge, kLookAgain);
    co_await sleep_for(api.worker, kAfterNudge);
  }
}

}  // namespace

Task<Response> watch_session(Api& api, RequestContext& context, Request& request) {
  auto id = parse_uuid(request.path_parameters.at("sessionId"));
  if (!id) co_return http::problem(Error{.code = Code::kSessionNotFound}, context, request.path);
  auto session = co_await find_session(context, api.pool, *id);
  if (!session) co_return http::problem(session.error(), context, request.path);
  if (!*session || (*session)->puid != context.principal.puid)
    co_return http::problem(Error{.code = Code::kSessionNotFound}, context, request.path);
  // Last-Event-ID is the version that the client has; a session that has ended since then is said once more.
  const auto last = request.headers.get("last-event-id").value_or("");
  const bool current = !last.empty() && last == std::to_string((*session)->version) && !terminal((*session)->state);
  const std::int64_t seen = current ? (*session)->version : 0;
  co_return stream([&api, id = *id, seen](RequestContext& streaming, StreamWriter& writer) {
    return follow_session(api, id, seen, streaming, writer);
  });
}

Task<Response> watch_stations(Api& api, RequestContext& context, Request& request) {
  const auto text = request.query.get("bbox");
  auto box = read_box(text.value_or(""));
  if (!box) co_return http::problem(box.error(), context, request.path);
  co_return stream([&api, box = *box](RequestContext& streaming, StreamWriter& writer) {
    return follow_stations(api, box, streaming, writer);
  });
}

Task<Response> watch_operator_stations(Api& api, RequestContext& context, Request& request) {
  const auto text = request.query.get("bbox");
  auto box = text ? read_box(*text) : Result<Box>(Box{});
  if (!box) co_return http::problem(box.error(), context, request.path);
  co_return stream([&api, box = *box](RequestContext& streaming, StreamWriter& writer) {
    return follow_operator_stations(api, box, streaming, writer);
  });
}

}  // namespace evc::charging
