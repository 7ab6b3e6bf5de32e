// One WebSocket of one charge point, from the upgrade to its end, on one worker. Messages of the station are answered
// strictly one after the other; calls to it go out one at a time beside them, and their answers are heard while a
// message waits for the database. It remembers which session's trace each running transaction belongs to, so that every
// message joins it. Limits: 16 remembered transactions, 32 waiting calls each way, 64 KiB a message (the transport).
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "kit/http/websocket.hpp"
#include "kit/ocpp/call_queue.hpp"
#include "kit/runtime/worker.hpp"
#include "kit/telemetry/span.hpp"
#include "services/integrations/domain/meter_coalescer.hpp"
#include "services/integrations/ocpp/station_directory.hpp"
#include "services/integrations/ocpp/station_messages.hpp"

namespace evc::integrations {

struct ConnectionLimits {
  std::chrono::milliseconds call_timeout{30'000};
  std::chrono::milliseconds meter_event_interval{5'000};
  std::chrono::milliseconds boot_wait{2'000};  // without a boot after this, the station is asked for its status
  std::chrono::milliseconds database_patience{
      20'000};  // then the socket is closed and the station repeats itself later
};

class StationConnection : public std::enable_shared_from_this<StationConnection> {
 public:
  StationConnection(Worker& worker, StationDirectory& directory, StationMessages& messages,
                    const ConnectionLimits& limits, std::string station_id);

  // Until the socket ends. `socket` outlives the call.
  Task<> serve(RequestContext& context, http::WebSocket& socket);

  // On the connection's worker. `settled` runs exactly once, also when the connection is lost.
  using OnSettled = std::function<void(const evc::ocpp::Settled&)>;
  void call(std::string action, json::Object payload, OnSettled settled);
  void close(int code, const std::string& reason);

  Worker& worker() { return *worker_; }
  StationMessages& messages() { return *messages_; }
  const std::string& station_id() const { return station_id_; }

 private:
  struct Remembered {
    std::int64_t connector_id = 0;
    Session session;
  };

  Task<> read_loop();
  Task<> finish(telemetry::TraceContext trace);
  void on_text(std::string_view text);
  void take_in(evc::ocpp::Call call);
  Task<> answer_calls();
  // False: the socket must be closed.
  Task<bool> on_call(evc::ocpp::Call call);
  Task<Result<Session>> session_of(RequestContext& context, const evc::ocpp::Call& call);
  Task<Result<json::Object>> dispatch(RequestContext& context, const evc::ocpp::Call& call, const Session& session);
  Task<Result<json::Object>> on_start(RequestContext& context, ocpp::StartTransaction message, Session session);
  Task<Result<json::Object>> on_meter_values(RequestContext& context, ocpp::MeterValues message, Session session);
  Task<Result<json::Object>> on_stop(RequestContext& context, const evc::ocpp::Call& call,
                                     ocpp::StopTransaction message, Session session);
  void remember(std::int64_t transaction_id, std::int64_t connector_id, const Session& session);

  void send(std::string text);
  Task<> write_out();
  void pump_calls();
  void settle(const evc::ocpp::Settled& settled);
  void arm_call_timeout();
  void arm_meter_flush();
  Task<> flush_meter();
  void arm_boot_wait(bool is_registered);

  Worker* worker_;
  StationDirectory* directory_;
  StationMessages* messages_;
  const ConnectionLimits* limits_;
  std::string station_id_;
  Uuid connection_id_ = uuid_v7();
  http::WebSocket* socket_ = nullptr;  // null once it ended
  TaskGroup tasks_;
  std::deque<std::string> outgoing_;
  bool is_writing_ = false;
  std::deque<evc::ocpp::Call> incoming_;
  bool is_answering_ = false;
  bool is_closing_ = false;
  bool has_booted_ = false;
  evc::ocpp::CallQueue calls_;
  std::map<std::uint64_t, OnSettled> waiting_;
  std::uint64_t next_token_ = 0;
  MeterCoalescer coalescer_;
  std::map<std::int64_t, Remembered> transactions_;
  DeadlineWheel::Handle call_timeout_;
  DeadlineWheel::Handle meter_flush_;
  DeadlineWheel::Handle boot_wait_;
};

}  // namespace evc::integrations
