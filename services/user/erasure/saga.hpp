// Erases people step by step until nothing is left, whatever dies meanwhile: each step is idempotent, and only after it
// succeeded the state moves on. freeze → look once more whether anything is open → auth destroys the person's secret
// (from here there is no way back) and all that it holds → profile and vehicles. Until the secret goes it can still be
// refused. One per worker; the loops run on the first one.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "kit/postgres/pool.hpp"
#include "kit/runtime/worker.hpp"
#include "services/user/peers/account_client.hpp"
#include "services/user/peers/record_client.hpp"
#include "services/user/store/erasures.hpp"

namespace evc::user {

class ErasureSaga {
 public:
  struct Parts {
    postgres::Pool& pool;
    AccountClient& account;
    RecordClient& charges;
    RecordClient& payments;
    std::function<void(const Uuid&)> forget;  // what this worker keeps of a person in memory
  };
  explicit ErasureSaga(Parts parts) : parts_(std::move(parts)) {}

  // What is in the way of erasing this person now.
  Task<Result<std::optional<OpenPart>>> open_part(RequestContext& context, std::string pseudonym);
  // Takes the steps that are due of one erasure: of this one, or of any (nullopt). False when none was due. A step that
  // fails is put off; its error is logged here.
  Task<Result<bool>> advance(RequestContext& context, std::optional<Uuid> id);
  // Deletes again what a restored backup has brought back of people who were erased. How many that were.
  Task<Result<std::int64_t>> replay(RequestContext& context);

 private:
  Task<Result<void>> step(RequestContext& context, Erasure& erasure);
  Task<Result<void>> freeze(RequestContext& context, Erasure& erasure);
  Task<Result<void>> decide(RequestContext& context, Erasure& erasure);
  Task<Result<void>> destroy(RequestContext& context, Erasure& erasure);
  Task<Result<void>> clear(RequestContext& context, Erasure& erasure);
  Task<Result<void>> refuse(RequestContext& context, Erasure& erasure, OpenPart part);
  Task<Result<void>> move(RequestContext& context, Erasure& erasure, ErasureState to, std::chrono::milliseconds wait);
  Task<> put_off(RequestContext& context, Erasure erasure, Error error);

  Parts parts_;
};

// Until the worker ends.
Task<> run_erasures(Worker& worker, ErasureSaga& saga);
// Shows how many are under way and how long the oldest has been, until the worker ends. Once per process.
Task<> publish_erasure_figures(Worker& worker, postgres::Pool& pool);
// Until it is done once.
Task<> replay_erasures(Worker& worker, ErasureSaga& saga);

}  // namespace evc::user
