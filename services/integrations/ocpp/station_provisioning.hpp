// Writes the stations that the platform provisions by itself into the database when the process starts, and says when
// that is done: until then no charge point would be let in. Lives on the first worker.
#pragma once

#include <string>
#include <vector>

#include "kit/postgres/pool.hpp"
#include "kit/runtime/worker.hpp"
#include "services/integrations/store/station_store.hpp"

namespace evc::integrations {

class StationProvisioning {
 public:
  // Throws std::runtime_error when the file of sites cannot be read.
  StationProvisioning(const std::string& sites_file, std::size_t load_fleet, const Secret<std::string>& fleet_secret);
  // Tries until it is done or the worker stops.
  Task<> run(Worker& worker, postgres::Pool& pool);
  // service-unavailable until it is done.
  Task<Result<void>> ready() const;

 private:
  std::vector<store::ProvisionedStation> stations_;
  bool is_done_ = false;
};

}  // namespace evc::integrations
