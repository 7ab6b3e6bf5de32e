// Registration, verification and sign-in. Every account state takes the same steps: one look-up by index, one look-up
// in the keystore, one Argon2 run, an answer of the same form, padded to the next 25 ms; so neither text nor time tells
// whether an address is known.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "kit/http/message.hpp"
#include "kit/redis/client.hpp"
#include "kit/runtime/cpu_pool.hpp"
#include "services/auth/api/tokens.hpp"
#include "services/auth/domain/password.hpp"

namespace evc::auth_service {

struct RegisterRequest {
  std::string email, password, name;
};
BOOST_DESCRIBE_STRUCT(RegisterRequest, (), (email, password, name))
struct LoginRequest {
  std::string email, password;
};
BOOST_DESCRIBE_STRUCT(LoginRequest, (), (email, password))

class Credentials {
 public:
  struct Parts {
    Worker& worker;
    postgres::Pool& pool;
    postgres::Pool& keystore;
    redis::Client& redis;
    TokenIssuer& issuer;
    std::shared_ptr<PasswordHasher> hasher;
    std::shared_ptr<CpuPool> hashing;
    SealKey index_key;     // blind index of e-mail addresses
    SealKey keystore_key;  // key-encryption key of the keystore
    SealKey mail_key;      // seals queued mails
  };
  explicit Credentials(Parts parts);

  // Done whatever the state of the address: a mail says what happened. validation-failed for the shape alone.
  Task<Result<void>> register_account(RequestContext& context, RegisterRequest request);
  Task<Result<void>> verify(RequestContext& context, std::string token);
  // credentials-invalid, rate-limited, or service-unavailable without Redis (limits fail closed).
  Task<Result<TokenPair>> login(RequestContext& context, LoginRequest request, std::string address);

 private:
  struct Candidate {
    std::optional<Account> account;
    std::optional<SealKey> secret;
    std::string index;
  };
  Task<Result<Candidate>> look_up(RequestContext& context, const LoginRequest& request);
  Task<Result<void>> check_limits(RequestContext& context, const Candidate& candidate, const std::string& address);
  Task<> count_failure(RequestContext& context, const Candidate& candidate, const std::string& address);
  Task<Result<void>> create(RequestContext& context, Account account, SealKey secret, std::string index,
                            std::string token, std::string mail);
  Task<Result<TokenPair>> login_steps(RequestContext& context, LoginRequest request, std::string address);

  Parts parts_;
};

}  // namespace evc::auth_service
