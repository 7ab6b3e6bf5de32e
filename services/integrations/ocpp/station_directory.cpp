#include "services/integrations/ocpp/station_directory.hpp"

#include <utility>

#include "services/integrations/ocpp/station_connection.hpp"

namespace evc::integrations {
namespace {

constexpr int kGoingAway = 1001;  // RFC 6455 §7.4.1

void close_on(Worker& worker, std::weak_ptr<StationConnection> connection, int code, std::string reason) {
  worker.post([connection = std::move(connection), code, reason = std::move(reason)] {
    if (const auto open = connection.lock()) open->close(code, reason);
  });
}

}  // namespace

void StationDirectory::enter(const std::string& station_id, Worker& worker, std::weak_ptr<StationConnection> connection,
                             const Uuid& connection_id) {
  Entry replaced;
  {
    const std::scoped_lock lock(mutex_);
    replaced =
        std::exchange(entries_[station_id],
                      Entry{.worker = &worker, .connection = std::move(connection), .connection_id = connection_id});
  }
  if (replaced.worker != nullptr)
    close_on(*replaced.worker, std::move(replaced.connection), kGoingAway, "replaced by a new connection");
}

void StationDirectory::leave(const std::string& station_id, const Uuid& connection_id) {
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(station_id);
  if (found != entries_.end() && found->second.connection_id == connection_id) entries_.erase(found);
}

bool StationDirectory::is_connected(const std::string& station_id) const {
  const std::scoped_lock lock(mutex_);
  return entries_.contains(station_id);
}

bool StationDirectory::post(const std::string& station_id, std::function<void(StationConnection&)> work) {
  Entry entry;
  {
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find(station_id);
    if (found == entries_.end()) return false;
    entry = found->second;
  }
  entry.worker->post([connection = std::move(entry.connection), work = std::move(work)] {
    if (const auto open = connection.lock()) work(*open);
  });
  return true;
}

std::size_t StationDirectory::size() const {
  const std::scoped_lock lock(mutex_);
  return entries_.size();
}

}  // namespace evc::integrations
