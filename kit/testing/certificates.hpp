// A private authority for tests that speak TLS to a peer of their own: ca.pem and <name>.crt/.key (P-256, CN = name,
// DNS <name>.evcosta.internal and localhost, IP 127.0.0.1) in a temporary folder that is removed with the object. The
// same shape as deploy/pki.sh, without starting a program. Not thread-safe.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace evc::testing {

class Certificates {
 public:
  explicit Certificates(const std::vector<std::string>& names);
  // Leaves of the authority in `authority_dir` (ca.pem, ca.key), each valid for `life` from now.
  Certificates(const std::string& authority_dir, const std::vector<std::string>& names, std::chrono::seconds life);
  ~Certificates();
  const std::string& dir() const { return dir_; }
  // A new key and certificate for `name` in place of the old pair, by two renames.
  void renew(const std::string& name);
  // Of the newest certificate, as a decimal number.
  std::string serial(const std::string& name) const { return serials_.at(name); }

 private:
  struct Authority;
  std::string dir_;
  std::unique_ptr<Authority> authority_;
  std::chrono::seconds life_{86'400};
  std::map<std::string, std::string> serials_;
};

}  // namespace evc::testing
