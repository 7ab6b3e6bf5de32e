// The payment service: the shell around services/payment/domain as its API, its jobs and its events have it.
#pragma once

#include "proofs/simulator/database.hpp"
#include "proofs/simulator/inbox_member.hpp"
#include "proofs/simulator/keys.hpp"
#include "proofs/simulator/provider_side.hpp"
#include "services/payment/domain/provider_reading.hpp"
#include "services/payment/domain/transitions.hpp"

namespace evc::simulator {

class PaymentService {
 public:
  PaymentService(Database& database, Broker& broker, ProviderSide& provider);
  Process& any();

  struct Order {
    std::string reference, puid;
    Uuid session_id;
    std::int64_t amount = 0;
    Currency currency;
    std::int64_t limit = 0;
  };
  struct More {
    std::string reference;
    std::int64_t number = 0;
    Money amount;
  };
  Go<void> create(Order order, ReplyTo to);
  Go<void> increment(More more, ReplyTo to);
  Go<void> ask(std::string reference, ReplyTo to);
  Go<void> webhook(std::string reference, ReplyTo to);

  struct Job {
    std::int64_t amount = 0;
    int attempts = 0;
    Ms due{0}, leased_until{-1}, created{0};
    bool done = false;
  };
  using JobId = std::pair<std::string, payment::Step>;  // reference

  Consumption consumption;
  std::map<std::string, payment::Payment> payments;  // by reference
  std::map<JobId, Job> jobs;
  std::set<std::string> closed;
  payment::Ledger ledger;
  std::vector<std::string> cases;
  std::vector<std::string> broken;  // transfers that the ledger refused

 private:
  struct Found {
    bool known = false;  // false: the transaction failed or the reference is closed
    payment::Payment payment;
    bool failed = false;  // the transaction did
  };
  void add_instance(int number, Broker& broker);
  Go<Reply> create_once(Order order);
  Go<Found> find_or_write(Order order);
  Go<Reply> increment_once(More more);
  Go<Found> find_or_write(More more);
  Go<payment::Finding> provider_increment(payment::Payment payment, payment::Increment increment);
  Go<payment::Finding> provider_step(payment::Payment payment, payment::Step step, std::int64_t amount);
  Go<payment::Finding> provider_look(std::string reference, payment::Step step);
  Go<void> work_on_jobs();
  Go<void> take(JobId id);
  std::optional<JobId> lease_due();
  Ms next_due() const;
  void write(const payment::Reaction& reaction, Ms first_try_after);
  Result<void> ended(const Body& body);
  Result<void> failed(const Body& body);
  void expire_holds();
  static Reply view(const payment::Payment& payment);

  Database& database_;
  Engine& engine_;
  ProviderSide& provider_;
  Keys keys_;
  Bell work_;
  std::vector<Process*> processes_;
  std::vector<std::unique_ptr<InboxMember>> members_;
};

}  // namespace evc::simulator
