// Who was erased: one line for each, in a file that is only ever appended to and lies outside the databases and their
// backups. After a backup was restored it says who must be erased again. A line holds the account's random id, which
// leads to nobody once the account is gone, the time, and a check; never an address. A line that was torn by a crash is
// not there: its erasure had not begun yet and is asked for again. Any thread, several processes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kit/base/clock.hpp"
#include "kit/base/result.hpp"
#include "kit/base/uuid.hpp"

namespace evc::auth_service {

class Tombstones {
 public:
  explicit Tombstones(std::string file) : file_(std::move(file)) {}

  // On disk when it returns. Twice is as good as once. service-unavailable when the file cannot be written.
  Result<void> append(const Uuid& account_id, WallTime at) const;

  struct Part {
    std::vector<Uuid> accounts;
    std::uint64_t next = 0;      // where the next part begins; the same again: that was the last one
    std::size_t unreadable = 0;  // whole lines that fail their check
  };
  // Lines from a place on that an earlier part has named (0: the first), at most `limit`.
  Result<Part> read(std::uint64_t from, std::size_t limit) const;

 private:
  std::string file_;
};

}  // namespace evc::auth_service
