// Registration, sign-in and what the owner of an account does with its password and address. Every account state takes
// the same steps: one look-up by index, one look-up in the keystore, one Argon2 run, an answer of the same form on a
// grid of 25 ms; so neither text nor time tells whether an address is known. One per worker.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "kit/http/message.hpp"
#include "services/auth/api/account_requests.hpp"
#include "services/auth/api/password_work.hpp"
#include "services/auth/api/people.hpp"
#include "services/auth/api/second_factor.hpp"
#include "services/auth/api/sign_in_throttle.hpp"
#include "services/auth/api/tokens.hpp"

namespace evc::auth_service {

struct RegisterRequest {
  std::string email, password, name;
};
BOOST_DESCRIBE_STRUCT(RegisterRequest, (), (email, password, name))
struct LoginRequest {
  std::string email, password;
  std::optional<std::string> code;
};
BOOST_DESCRIBE_STRUCT(LoginRequest, (), (email, password, code))
struct AddressRequest {
  std::string email;
};
BOOST_DESCRIBE_STRUCT(AddressRequest, (), (email))
struct ResetRequest {
  std::string code, new_password;
};
BOOST_DESCRIBE_STRUCT(ResetRequest, (), (code, new_password))
struct PasswordChangeRequest {
  std::string password, new_password;
};
BOOST_DESCRIBE_STRUCT(PasswordChangeRequest, (), (password, new_password))
struct EmailChangeRequest {
  std::string password, new_email;
};
BOOST_DESCRIBE_STRUCT(EmailChangeRequest, (), (password, new_email))

// What a person who is signed in gives to another service.
struct AccountProof {
  Uuid account_id;
  std::string session_id, password;
  std::optional<std::string> code;
};

struct SignedIn {
  TokenPair tokens;
  std::string device_mark;
};

// A try to sign in, by whatever way it came.
struct SignInAttempt {
  std::string email, password;
  std::optional<std::string> code;
  // Instead of the password, when only the code was missing a moment ago: IdentityProof::proved of then.
  std::optional<std::string> proved;
};

// Somebody who has proved who they are …
struct ProvedPerson {
  Person person;
  std::string device_mark;
  std::string methods;  // how (RFC 8176), apart by spaces
};
// … or has proved the password, and the second factor's code is needed beside it.
struct IdentityProof {
  std::optional<ProvedPerson> person;
  std::string proved;  // digest of what signs in to the account now; another text once that changes
};

class Credentials {
 public:
  struct Parts {
    postgres::Pool& pool;
    TokenIssuer& issuer;
    SignInThrottle& throttle;
    SecondFactor& second_factor;
    AccountRequests& requests;
    PasswordWork passwords;
    std::shared_ptr<const KnownPasswords> known_passwords;
    SealKey index_key;  // blind index of e-mail addresses
    SealKey mail_key;   // seals queued mails
  };
  explicit Credentials(Parts parts) : parts_(std::move(parts)) {}

  // Done whatever the state of the address: a mail says what happened. validation-failed for the shape alone.
  Task<Result<void>> register_account(RequestContext& context, RegisterRequest request);
  Task<Result<void>> verify(RequestContext& context, std::string token);
  // Whoever it is, without a session. credentials-invalid, rate-limited, overloaded, or service-unavailable without
  // Redis (limits fail closed).
  Task<Result<IdentityProof>> identify(RequestContext& context, SignInAttempt attempt, Origin origin);
  // nullopt: the password is right, and the second factor's code is needed beside it. Errors as of identify().
  Task<Result<std::optional<SignedIn>>> login(RequestContext& context, LoginRequest request, Origin origin);

  // Done whatever the state of the address.
  Task<Result<void>> request_reset(RequestContext& context, AddressRequest request);
  // Ends every session of the person. verification-invalid.
  Task<Result<void>> confirm_reset(RequestContext& context, ResetRequest request);

  // The person of the token that asks, once the password was proved: failures are counted. credentials-invalid.
  Task<Result<Person>> prove(RequestContext& context, std::string password);
  // The person of the token that asks, by that alone.
  Task<Result<Person>> signed_in_person(RequestContext& context);
  // As prove(), and the second factor where there is one.
  Task<Result<Person>> prove_both(RequestContext& context, std::string password, std::string code);
  // For another service that was asked for what cannot be undone: the password, and the second factor where one is on.
  // Counted like prove(). credentials-invalid; validation-failed at /code when only that is missing.
  Task<Result<void>> prove_account(RequestContext& context, AccountProof proof);
  // The first code of a second factor; wrong ones are counted.
  Task<Result<RecoveryCodes>> confirm_second_factor(RequestContext& context, std::string code);
  // Ends every session of the person and begins a new one here. forbidden for operators, whose passwords are set on the
  // machine that runs auth.
  Task<Result<SignedIn>> change_password(RequestContext& context, PasswordChangeRequest request, Origin origin);
  // Done whether or not the new address is taken: mails say what happened. forbidden for operators.
  Task<Result<void>> request_email_change(RequestContext& context, EmailChangeRequest request);
  // verification-invalid, also when the address was taken or the password changed meanwhile.
  Task<Result<void>> confirm_email_change(RequestContext& context, std::string code);

 private:
  struct Candidate {
    std::optional<Account> account;
    std::optional<SealKey> secret;
    MarkedFor marked_for;
  };
  Task<Result<Candidate>> look_up(RequestContext& context, std::string email);
  // What a sign-in that failed is answered, once the log has it.
  Task<Error> refuse(RequestContext& context, std::optional<SealKey> secret);
  Task<Result<bool>> check_first_factor(RequestContext& context, const Candidate& candidate, SignInAttempt attempt);
  Task<Result<IdentityProof>> identity_steps(RequestContext& context, SignInAttempt attempt, Origin origin);
  Task<Result<std::optional<SignedIn>>> login_steps(RequestContext& context, LoginRequest request, Origin origin);
  Task<Result<void>> register_steps(RequestContext& context, RegisterRequest request);
  enum class Factors { kPassword, kBoth };
  struct PasswordProof {
    std::string password;
    Factors factors = Factors::kPassword;
    std::optional<std::string> code;
  };
  // Failures are counted by session. credentials-invalid; kCodeNeeded when the code alone is missing.
  Task<Result<SecondFactorVerdict>> check_proof(RequestContext& context, Person person, std::string session_id,
                                                PasswordProof proof);
  Task<Result<Person>> prove_steps(RequestContext& context, PasswordProof proof);
  Task<Result<void>> replace_password(RequestContext& context, Uuid account_id, std::string code_hash,
                                      std::string password_hash);
  Task<Result<Person>> active_person(RequestContext& context, Uuid account_id);
  // Holds the account's row. verification-invalid unless it is an active driver's.
  Task<Result<Person>> person_in(RequestContext& context, postgres::Transaction& transaction, Uuid account_id);

  Parts parts_;
};

}  // namespace evc::auth_service
