// Carries commands from their rows to the stations and their results back as events. It polls, so that a row written by
// anybody, or left by a process that died, is found; a nudge only shortens the wait. Runs on the first worker; results
// are handled on the worker that holds the station. Lives as long as the process.
#pragma once

#include <chrono>

#include "kit/messaging/outbox.hpp"
#include "kit/postgres/pool.hpp"
#include "kit/runtime/worker.hpp"
#include "services/integrations/ocpp/command_nudge.hpp"
#include "services/integrations/ocpp/station_directory.hpp"
#include "services/integrations/store/command_store.hpp"

namespace evc::integrations {

struct DispatchSettings {
  std::chrono::milliseconds poll_interval{250};
  std::chrono::milliseconds offline_grace{5'000};
  // After a restart a station sends what waited in its queue, bills too, before we conclude anything from its silence.
  std::chrono::milliseconds boot_grace{10'000};
};

class CommandDispatcher {
 public:
  CommandDispatcher(Worker& worker, postgres::Pool& pool, messaging::Outbox& outbox, StationDirectory& directory,
                    CommandNudge& nudge, DispatchSettings settings);

  // Until the worker's group is cancelled.
  Task<> run();

 private:
  Task<> pass();
  Task<> send_all(std::vector<store::CommandRow> commands);
  void send(store::CommandRow command);
  Task<> finish_row(store::CommandRow command, NextStep step);
  // In the dispatcher's own worker and pool, whatever worker the answer came from.
  Task<> settled(store::CommandRow command, ocpp::Verdict verdict, bool is_lost);
  Task<Result<void>> store_answer(RequestContext& context, store::CommandRow command, ocpp::Verdict verdict,
                                  bool is_lost);
  Task<Result<void>> finish(RequestContext& context, store::CommandRow command, ocpp::CommandResult result,
                            std::string detail);
  Task<Result<void>> end_if_forgotten(RequestContext& context, postgres::Transaction& transaction,
                                      const store::CommandRow& command);
  Task<> wait();

  Worker* worker_;
  postgres::Pool* pool_;
  messaging::Outbox* outbox_;
  StationDirectory* directory_;
  CommandNudge* nudge_;
  DispatchSettings settings_;
  Uuid run_id_ = uuid_v7();
  int eager_ticks_ = 0;
};

}  // namespace evc::integrations
