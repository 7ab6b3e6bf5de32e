// A second factor beside the password: an authenticator app (TOTP), with recovery codes for the day when it is lost.
// Whoever calls has proved the password already. No code is taken twice. One per worker.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kit/postgres/pool.hpp"
#include "services/auth/api/people.hpp"

namespace evc::auth_service {

struct TotpEnrolment {
  std::string secret, uri;
};
BOOST_DESCRIBE_STRUCT(TotpEnrolment, (), (secret, uri))
struct RecoveryCodes {
  std::vector<std::string> recovery_codes;
};
BOOST_DESCRIBE_STRUCT(RecoveryCodes, (), (recovery_codes))

enum class SecondFactorVerdict {
  kGood,        // the code is, or the account asks for none
  kCodeNeeded,  // none was given
  kWrong,       // wrong, too old, or used already
};

class SecondFactor {
 public:
  SecondFactor(postgres::Pool& pool, SealKey mail_key) : pool_(pool), mail_key_(std::move(mail_key)) {}

  // Uses the code up when it is good.
  Task<Result<SecondFactorVerdict>> check(RequestContext& context, Person person, std::optional<std::string> code);
  // A new secret that holds once confirm() has seen its first code. forbidden when one holds.
  Task<Result<TotpEnrolment>> enrol(RequestContext& context, Person person);
  // credentials-invalid for a wrong code (whoever calls counts them), not-found when nothing has waited for one in the
  // last ten minutes.
  Task<Result<RecoveryCodes>> confirm(RequestContext& context, Person person, std::string code);
  // After check(). not-found when there is none.
  Task<Result<void>> disable(RequestContext& context, Person person);

 private:
  postgres::Pool& pool_;
  SealKey mail_key_;
};

}  // namespace evc::auth_service
