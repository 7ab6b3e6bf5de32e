// A private authority for tests that speak TLS to a peer of their own: ca.pem and <name>.crt/.key (P-256, CN = name,
// DNS <name>.evcosta.internal and localhost, IP 127.0.0.1) in a temporary folder that is removed with the object. The
// same shape as deploy/pki.sh, without starting a program.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace evc::testing {

class Certificates {
 public:
  explicit Certificates(const std::vector<std::string>& names);
  ~Certificates();
  const std::string& dir() const { return dir_; }
  // A new key and certificate for `name`, in place of the old pair.
  void renew(const std::string& name);

 private:
  struct Authority;
  std::string dir_;
  std::unique_ptr<Authority> authority_;
};

}  // namespace evc::testing
