// A relay on a thread of its own, with the settings that the shipped one gets from contracts/topics.yaml. Follows its
// outbox when the constructor returns (the slot is taken), and is stopped by the destructor.
#pragma once

#include <memory>
#include <string>

#include "kit/messaging/relay.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::bench {

struct CarryingOptions {
  std::string conninfo;
  std::string slot;
  std::string topic;
  std::string principal = "platform-admin";
  std::string client_id = "bench-relay";
};

class CarryingSide {
 public:
  explicit CarryingSide(const CarryingOptions& options);
  ~CarryingSide();

 private:
  Worker worker_;
  std::unique_ptr<postgres::Pool> pool_;
  std::unique_ptr<messaging::Relay> relay_;
};

}  // namespace evc::bench
