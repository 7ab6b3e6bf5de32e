#include "proofs/simulator/station_side.hpp"

#include <algorithm>

#include "services/integrations/domain/external_update.hpp"

namespace evc::simulator {

using integrations::AfterAnswer;
using integrations::NextStep;
using integrations::ocpp::CommandKind;
using integrations::ocpp::CommandResult;
using Commit = Database::Commit;

namespace {

constexpr Ms kOfflineGrace{5'000};
constexpr Ms kCommandLimit{30'000};
constexpr Ms kCallLimit{4'000};

}  // namespace

StationSide::StationSide(Database& database, Broker& broker)
    : database_(database),
      engine_(database.engine),
      work_(database.engine),
      process_(engine_.add_process("integrations")),
      field_(engine_.add_process("stations")) {
  consumption = {.topics = {"charging.events"},
                 .wanted =
                     [](const Body& body) {
                       return body.type == "ChargingSessionAuthorized" || body.type == "ChargingSessionStopRequested" ||
                              body.type == "ChargingSessionEnded" || body.type == "ChargingSessionFailed";
                     },
                 .handler = [this](const Body& body) { return heard(body); }};
  member_ = std::make_unique<InboxMember>(database_, broker, consumption, 1);
  process_.boot = [this] {
    engine_.spawn(process_, member_->run());
    engine_.spawn(process_, dispatch());
  };
  field_.may_crash = false;
  field_.boot = [] {};
  engine_.start(process_);
  engine_.start(field_);
}

StationSide::Station& StationSide::add_station(std::string name) {
  auto& station = stations[name];
  station.name = std::move(name);
  return station;
}

// services/integrations/events/charging_events.cpp.
Result<void> StationSide::heard(const Body& body) {
  EVC_TRY(session, parse_uuid(body.key));
  const auto now = engine_.wall();
  const std::string station(body.data.at("stationId").as_string());
  if (body.type == "ChargingSessionAuthorized") {
    EVC_TRY(start_by, parse_rfc3339(body.data.at("startBy").as_string()));
    known[body.key] = {.station = station, .start_by = start_by};
    Command command{.session = session, .station = station};
    command.open = {.kind = CommandKind::kRemoteStart,
                    .created_at = now,
                    .expires_at = std::min<WallTime>(start_by, now + kCommandLimit)};
    commands.push_back(command);
  } else if (!known.contains(body.key)) {
    return {};
  } else if (body.type == "ChargingSessionStopRequested") {
    Command command{.session = session, .station = station};
    command.open = {.kind = CommandKind::kRemoteStop, .created_at = now, .expires_at = now + kCommandLimit};
    commands.push_back(command);
  } else {
    known[body.key].closed = true;
  }
  work_.ring();
  return {};
}

void StationSide::look_up(Command& command) {
  const auto& session = known[to_string(command.session)];
  command.open.is_connected = stations[command.station].online;
  command.open.transaction_id = session.transaction;
  command.open.transaction_ended = session.ended;
  command.open.is_unconfirmed = command.state == "unconfirmed";
  command.open.stop_is_asked =
      command.open.kind == CommandKind::kRemoteStart && std::ranges::any_of(commands, [&](const Command& other) {
        return other.session == command.session && other.open.kind == CommandKind::kRemoteStop && !other.finished;
      });
}

// CommandDispatcher.
Go<void> StationSide::dispatch() {
  const int run = process_.life;
  while (true) {
    co_await engine_.step();
    bool open = false;
    for (std::size_t i = 0; i < commands.size(); ++i) {
      auto& command = commands[i];
      if (command.finished) continue;
      open = true;
      const bool late = command.open.expires_at < engine_.wall() - std::chrono::seconds(5);
      if (command.state == "sent" && command.run == run && !late) continue;
      look_up(command);
      const auto step = integrations::next_step(command.open, engine_.wall(), kOfflineGrace);
      if (step.what == NextStep::Do::kFinish) co_await finish(i, step.result);
      if (step.what != NextStep::Do::kSend) continue;
      bool mine = false;
      const auto marked = co_await database_.transact([&] {
        auto& row = commands[i];
        mine = !row.finished && (row.state != "sent" || row.run != run);
        if (!mine) return;
        row.state = "sent";
        row.run = run;
        ++row.open.attempts;
      });
      if (marked == Commit::kDone && mine) engine_.spawn(process_, send(i));
    }
    co_await engine_.wait(work_.listen(), open ? Ms(1'000) : Ms(10'000));
  }
}

Go<void> StationSide::send(std::size_t number) {
  const auto command = commands[number];
  auto before = command.open;
  --before.attempts;  // as it was when it was sent
  auto& station = stations[command.station];
  Reply reply;
  if (station.online)
    reply = co_await call(engine_, field_, kCallLimit, [&](ReplyTo to) {
      return take_command(station, command.session, command.open.kind, std::move(to));
    });
  const auto result = reply.status == 200 ? CommandResult::kAccepted
                      : reply.status == 0 ? CommandResult::kTimeout
                                          : CommandResult::kRejected;
  const auto heard_as =
      station.online && reply.status != 0 ? integrations::Heard::kAnswer : integrations::Heard::kNothing;
  const auto next = integrations::after_answer(before, heard_as, result);
  if (next == AfterAnswer::kFinish) co_return co_await finish(number, result);
  co_await database_.transact([&] {
    if (!commands[number].finished) commands[number].state = next == AfterAnswer::kPending ? "pending" : "unconfirmed";
  });
  work_.ring();
}

Go<void> StationSide::finish(std::size_t number, CommandResult result) {
  co_await database_.transact([&] {
    auto& command = commands[number];
    if (command.finished) return;
    command.finished = true;
    if (engine_.heard())
      engine_.say("integrations", std::string(integrations::ocpp::name_of(command.open.kind)) + " of " +
                                      command.station + ": " + std::string(integrations::ocpp::name_of(result)));
    const integrations::CommandOutcome outcome{.command_id = command.session,
                                               .station_id = command.station,
                                               .connector_id = 1,
                                               .session_id = command.session,
                                               .command = integrations::ocpp::name_of(command.open.kind),
                                               .result = integrations::ocpp::name_of(result),
                                               .detail = {}};
    database_.append("integration.events", command.station, command.station + "/1", "ExternalUpdate",
                     integrations::command_result(outcome, engine_.wall()));
  });
}

// The charge point's side of a command.
Go<void> StationSide::take_command(Station& station, Uuid session, CommandKind kind, ReplyTo to) {
  co_await engine_.sleep(Ms(engine_.random.between(1, 200)));
  if (kind == CommandKind::kRemoteStop) {
    station.stop = true;
    answer(engine_, to, {station.begun ? 200 : 400, ""});
    co_return;
  }
  const bool takes = !station.refuses && !station.begun;
  if (takes) {
    station.begun = true;
    station.session = session;
    if (station.plugs_in) engine_.spawn(field_, charge(station));
  }
  answer(engine_, to, {takes ? 200 : 400, ""});
}

Go<void> StationSide::charge(Station& station) {
  co_await engine_.sleep(station.begins_after);
  const auto began = engine_.wall();
  if (engine_.heard()) engine_.say(station.name, "a transaction begins");
  // What the station has to say it says until it is answered.
  int status = 0;
  while (status != 200 && status != 403) {
    co_await engine_.sleep(Ms(engine_.random.between(10, station.online ? 300 : 3'000)));
    if (!station.online) continue;
    const auto reply = co_await call(engine_, process_, kCallLimit,
                                     [&](ReplyTo to) { return took_start(station, began, std::move(to)); });
    status = reply.status;
  }
  const auto ends = engine_.now() + (status == 403 ? Ms(1'000) : station.charges_for);
  const auto first = engine_.now();
  const auto whole = static_cast<double>(station.energy_wh);
  while (engine_.now() < ends && !station.stop) {
    co_await engine_.sleep(std::min(station.reads_every, ends - engine_.now()));
    const auto share = static_cast<double>((engine_.now() - first).count()) /
                       static_cast<double>(std::max<std::int64_t>(1, station.charges_for.count()));
    const auto meter = static_cast<std::int64_t>(whole * std::min(1.0, share));
    if (station.online && engine_.random.one_in(2))
      co_await call(engine_, process_, kCallLimit,
                    [&](ReplyTo to) { return took_reading(station, meter, std::move(to)); });
    if (station.stop || status == 403) station.energy_wh = std::max(meter, std::int64_t{0});
  }
  const auto ended = engine_.wall();
  if (engine_.heard())
    engine_.say(station.name, "its transaction ends with " + std::to_string(station.energy_wh) + " Wh");
  status = 0;
  while (status != 200) {
    co_await engine_.sleep(Ms(engine_.random.between(10, station.online ? 300 : 3'000)));
    if (!station.online) continue;
    const auto reply = co_await call(engine_, process_, kCallLimit,
                                     [&](ReplyTo to) { return took_end(station, ended, std::move(to)); });
    status = reply.status;
  }
}

// StationMessages::start.
Go<void> StationSide::took_start(Station& station, WallTime at, ReplyTo to) {
  int status = 200;
  bool kept = false;
  if (database_.switches.start_kept_without_event)
    co_await database_.transact([&] {
      auto& session = known[to_string(station.session)];
      kept = !session.transaction;
      if (kept) session.transaction = ++transactions_;
    });
  const auto committed = co_await database_.transact([&] {
    auto& session = known[to_string(station.session)];
    status = session.closed ? 403 : 200;
    if (session.transaction && !kept) return;  // the station repeats itself
    if (!kept) session.transaction = ++transactions_;
    station.heard_of = true;
    station.heard_in_window = !session.closed && engine_.wall() < session.start_by;
    const integrations::TransactionRef reference{.station_id = station.name,
                                                 .connector_id = 1,
                                                 .transaction_id = *session.transaction,
                                                 .session_id = station.session};
    database_.append("integration.events", station.name, station.name + "/1", "ExternalUpdate",
                     integrations::transaction_started(reference, at, 0, integrations::Reported::kLive));
  });
  work_.ring();
  answer(engine_, to, {committed == Commit::kDone ? status : 503, ""});
}

Go<void> StationSide::took_reading(Station& station, std::int64_t meter_wh, ReplyTo to) {
  const auto committed = co_await database_.transact([&] {
    const auto& session = known[to_string(station.session)];
    if (!session.transaction || session.ended) return;
    const integrations::TransactionRef reference{.station_id = station.name,
                                                 .connector_id = 1,
                                                 .transaction_id = *session.transaction,
                                                 .session_id = station.session};
    integrations::ocpp::MeterReading reading;
    reading.timestamp = engine_.wall();
    reading.energy_wh = meter_wh;
    reading.power_w = 50'000;
    database_.append("integration.events", station.name, station.name + "/1", "ExternalUpdate",
                     integrations::meter_values(reference, reading));
  });
  answer(engine_, to, {committed == Commit::kDone ? 200 : 503, ""});
}

Go<void> StationSide::took_end(Station& station, WallTime at, ReplyTo to) {
  const auto committed = co_await database_.transact([&] {
    auto& session = known[to_string(station.session)];
    if (session.ended) return;
    session.ended = true;
    const integrations::TransactionRef reference{.station_id = station.name,
                                                 .connector_id = 1,
                                                 .transaction_id = session.transaction.value_or(0),
                                                 .session_id = station.session};
    const integrations::TransactionEnd end{
        .at = at, .meter_start_wh = 0, .meter_wh = station.energy_wh, .reason = "Local"};
    database_.append("integration.events", station.name, station.name + "/1", "ExternalUpdate",
                     integrations::transaction_ended(reference, end));
  });
  work_.ring();
  answer(engine_, to, {committed == Commit::kDone ? 200 : 503, ""});
}

bool StationSide::settled() const {
  const bool told =
      std::ranges::all_of(known, [](const auto& each) { return !each.second.transaction || each.second.ended; });
  return told && std::ranges::all_of(commands, [](const Command& command) { return command.finished; });
}

}  // namespace evc::simulator
