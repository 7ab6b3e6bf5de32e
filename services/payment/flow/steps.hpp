// Takes the steps at the provider that the database says are due, and writes down what is found out. The provider is
// asked between transactions; a crash at any point leaves a job that is taken up again when its lease ends, and every
// call repeats under its key. A step whose outcome stays open is asked about for ever, at growing distances (a gauge
// counts those past their deadline). On one worker.
#pragma once

#include <memory>

#include "kit/runtime/worker.hpp"
#include "services/payment/flow/recorder.hpp"
#include "services/payment/provider/provider_client.hpp"
#include "services/payment/store/job_store.hpp"

namespace evc::payment {

struct StepOptions {
  std::chrono::milliseconds poll{100};
  std::chrono::milliseconds lease{15'000};
  std::chrono::milliseconds never_heard_after{
      15'000};  // a hold that the provider does not know by then was never asked for
  std::chrono::milliseconds longest_pause{30'000};
  std::size_t parallel = 16;
};

class Steps {
 public:
  Steps(Worker& worker, postgres::Pool& pool, ProviderClient& provider, Recorder& recorder, StepOptions options);

  // Until the worker's task group is cancelled: due jobs, and holds whose time is over.
  Task<> run();
  // Asks about one leased job and writes the finding; gives the payment as it is then.
  Task<Result<Payment>> take(RequestContext& context, store::JobRow job);
  // Writes a finding that somebody else brought.
  Task<Result<Payment>> record(RequestContext& context, Uuid payment_id, Step step, Finding finding,
                               std::optional<Uuid> causation_id);
  Task<Result<void>> expire(RequestContext& context, Uuid payment_id);

 private:
  Task<Finding> ask(RequestContext& context, const Payment& payment, const store::JobRow& job);
  // What follows from a finding; the payment's row is locked.
  Task<Result<Reaction>> react(RequestContext& context, postgres::Transaction& transaction, Payment payment, Step step,
                               Finding finding);
  Task<> take_in_background(store::JobRow job);
  Task<> take_due();
  Task<> expire_holds();
  std::chrono::milliseconds pause_after(int attempts) const;

  Worker& worker_;
  postgres::Pool& pool_;
  ProviderClient& provider_;
  Recorder& recorder_;
  StepOptions options_;
  std::size_t running_ = 0;
};

}  // namespace evc::payment
