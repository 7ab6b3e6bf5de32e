// Who this process is to its peers: key, certificate and authority as they stand on disk, followed as they are renewed.
// For clients that take file names and read them when they please (libpq, librdkafka): a renewal by two renames must
// never give them a key that does not belong to the certificate. So a state is read once, checked, and kept in memory
// files of its own (/proc/self/fd/…), which live as long as somebody holds it. Thread-safe; current() looks at the disk
// at most once in kLook.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "kit/base/result.hpp"
#include "kit/net/tls.hpp"

namespace evc::net {

// Key, certificate and authority that fit each other, unchanging.
struct IdentityState {
  TlsFiles files;             // the copies
  std::uint64_t version = 0;  // another one for each state of an Identity
  long long not_after = 0;    // seconds since 1970
};

class Identity {
 public:
  static constexpr std::chrono::milliseconds kLook{1'000};

  // Throws std::runtime_error with the file and the reason.
  explicit Identity(TlsFiles files);
  ~Identity();
  // The newest state that could be read. A pair caught half written is looked at again later.
  std::shared_ptr<const IdentityState> current();
  const TlsFiles& files() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evc::net
