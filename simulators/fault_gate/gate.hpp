// A TCP gate between a client and one target: it forwards bytes as they are (TLS passes through unseen) and, when told
// to, does what networks do at their worst. One per listening port; lives on one worker. Limits: 256 KiB held per
// connection and direction, then the sender has to wait.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "kit/runtime/worker.hpp"
#include "simulators/fault_gate/fault.hpp"

namespace evc::fault_gate {

struct GateOptions {
  std::string name;
  std::string listen_host = "127.0.0.1";
  std::uint16_t listen_port = 0;  // 0: a free one
  std::string target_host;
  std::uint16_t target_port = 0;
};

struct GateCounts {
  std::uint64_t accepted = 0;
  std::uint64_t open = 0;
  std::uint64_t bytes_up = 0;    // client to target
  std::uint64_t bytes_down = 0;  // target to client
};

class Gate {
 public:
  // Throws std::system_error when the port is taken.
  Gate(Worker& worker, GateOptions options);
  ~Gate();
  // Accepts until cancelled; spawns a task per connection in the worker's group.
  Task<> run();
  // Takes effect on open and on new connections at once.
  void set(Fault fault);
  const Fault& fault() const;
  GateCounts counts() const;
  std::uint16_t port() const;
  const GateOptions& options() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace evc::fault_gate
