// Which connection of this process holds which station. The only state that workers share: everything else about a
// connection happens on its own worker, reached by post(). A new connection of a station replaces the old one at once.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "kit/base/uuid.hpp"
#include "kit/runtime/worker.hpp"

namespace evc::integrations {

class StationConnection;

class StationDirectory {
 public:
  // The one before is told to close, on its worker.
  void enter(const std::string& station_id, Worker& worker, std::weak_ptr<StationConnection> connection,
             const Uuid& connection_id);
  void leave(const std::string& station_id, const Uuid& connection_id);
  bool is_connected(const std::string& station_id) const;
  // Runs `work` on the connection's worker; false when nobody is connected. The connection may be gone when `work`
  // would run: then it does not.
  bool post(const std::string& station_id, std::function<void(StationConnection&)> work);
  std::size_t size() const;

 private:
  struct Entry {
    Worker* worker = nullptr;
    std::weak_ptr<StationConnection> connection;
    Uuid connection_id;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace evc::integrations
