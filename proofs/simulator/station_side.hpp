// Integrations and its charge points: commands with their rows, transactions that are told until they are answered,
// stations that go offline, refuse, begin late or never.
#pragma once

#include "proofs/simulator/call.hpp"
#include "proofs/simulator/database.hpp"
#include "proofs/simulator/inbox_member.hpp"
#include "services/integrations/domain/command_plan.hpp"

namespace evc::simulator {

class StationSide {
 public:
  StationSide(Database& database, Broker& broker);

  struct Station {
    std::string name;
    bool online = true;
    bool refuses = false;
    bool plugs_in = true;
    Ms begins_after{0};
    Ms charges_for{0};
    Ms reads_every{4'000};
    std::int64_t energy_wh = 0;
    bool begun = false;
    bool stop = false;
    bool heard_of = false;  // integrations has the start
    bool heard_in_window = false;
    Uuid session;
  };
  struct Command {
    Uuid session;
    std::string station, state = "pending";
    int run = 0;
    integrations::OpenCommand open;
    bool finished = false;
  };
  struct Known {
    std::string station;
    WallTime start_by{};
    bool closed = false;
    std::optional<std::int64_t> transaction;
    bool ended = false;
  };

  Station& add_station(std::string name);
  bool settled() const;

  Consumption consumption;
  std::map<std::string, Known> known;  // by session
  std::vector<Command> commands;
  std::map<std::string, Station> stations;

 private:
  Go<void> dispatch();
  Go<void> send(std::size_t command);
  Go<void> finish(std::size_t command, integrations::ocpp::CommandResult result);
  Result<void> heard(const Body& body);
  Go<void> take_command(Station& station, Uuid session, integrations::ocpp::CommandKind kind, ReplyTo to);
  Go<void> charge(Station& station);
  Go<void> took_start(Station& station, WallTime at, ReplyTo to);
  Go<void> took_reading(Station& station, std::int64_t meter_wh, ReplyTo to);
  Go<void> took_end(Station& station, WallTime at, ReplyTo to);
  void look_up(Command& command);

  Database& database_;
  Engine& engine_;
  Bell work_;
  Process& process_;
  Process& field_;  // the stations: nothing here kills them
  std::unique_ptr<InboxMember> member_;
  std::int64_t transactions_ = 0;
};

}  // namespace evc::simulator
