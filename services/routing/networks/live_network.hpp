// The network that trips are planned on now, shared by all workers: whoever takes it keeps it for as long as a request
// lasts, and a new one is put in its place without anybody waiting. Thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "services/routing/domain/trip_network.hpp"

namespace evc::routing {

struct LoadedNetwork {
  std::shared_ptr<const TripNetwork> network;
  std::shared_ptr<const Planner> planner;
  std::vector<ev::Vehicle> vehicles;

  const ev::Vehicle* find_vehicle(std::string_view id) const;
};

class LiveNetwork {
 public:
  explicit LiveNetwork(std::shared_ptr<const LoadedNetwork> first) : current_(std::move(first)) {}

  std::shared_ptr<const LoadedNetwork> current() const {
    const std::lock_guard lock(mutex_);
    return current_;
  }
  void put(std::shared_ptr<const LoadedNetwork> next) {
    // The old one may be the last of its kind: it goes after the lock.
    const std::lock_guard lock(mutex_);
    current_.swap(next);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const LoadedNetwork> current_;
};

}  // namespace evc::routing
