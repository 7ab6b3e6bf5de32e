// The provider's truth: holds by id and by the merchant's reference, and what was answered to each idempotency key.
// Every effect goes to the journal before it counts, so that a killed provider comes back with what it did. No network
// here; one thread.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "kit/base/result.hpp"
#include "simulators/payment_provider/authorisation.hpp"

namespace evc::payment_provider {

struct BookOptions {
  std::chrono::milliseconds hold{std::chrono::hours{6}};
  std::chrono::milliseconds expired_hold{2'000};  // of the token expired-hold
};

class Book {
 public:
  // `append` makes one line durable enough to survive the process.
  using Append = std::function<void(const std::string& line)>;
  Book(BookOptions options, const Clock& clock, Append append);

  // Takes over a line of an earlier run's journal. schema-invalid when it is none.
  Result<void> replay(const std::string& line);

  struct Answer {
    Authorisation authorisation;
    enum class Effect {
      kNew,
      kRepeated
    } effect = Effect::kNew;  // kRepeated: the key was used before, nothing happened now
  };
  // Errors: idempotency-key-reused (other content under this key), not-found, conflict (the state does not allow it),
  // constraint-violation (refused for good), validation-failed.
  Result<Answer> authorise(const std::string& key, const AuthoriseRequest& request);
  Result<Answer> capture(const std::string& key, const std::string& id, const Money& amount);
  Result<Answer> release(const std::string& key, const std::string& id);
  Result<Answer> refund(const std::string& key, const std::string& id, const Money& amount);
  Result<Answer> increment(const std::string& key, const std::string& id, const Money& amount);

  // Expires it first when its time is over.
  std::optional<Authorisation> find(const std::string& id);
  std::optional<Authorisation> find_by_reference(const std::string& reference);
  std::size_t size() const { return by_id_.size(); }

 private:
  struct Remembered {
    std::string fingerprint;
    std::string id;
  };
  Result<std::optional<Answer>> repeated(const std::string& key, const std::string& fingerprint);
  Authorisation* live(const std::string& id);
  void record(const std::string& key, const std::string& fingerprint, const Authorisation& authorisation);

  BookOptions options_;
  const Clock& clock_;
  Append append_;
  std::map<std::string, Authorisation> by_id_;
  std::map<std::string, std::string> id_by_reference_;
  std::map<std::string, Remembered> by_key_;
};

}  // namespace evc::payment_provider
