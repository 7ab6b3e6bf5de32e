// The charging service: the shell around services/charging/domain as its API, its deadlines and its facts have it.
#pragma once

#include "kit/resilience/circuit_breaker.hpp"
#include "proofs/simulator/database.hpp"
#include "proofs/simulator/inbox_member.hpp"
#include "proofs/simulator/keys.hpp"
#include "proofs/simulator/payment_service.hpp"
#include "services/charging/domain/session.hpp"

namespace evc::simulator {

class ChargingService {
 public:
  ChargingService(Database& database, Broker& broker, PaymentService& payment, Ms longest_stall);
  Process& any();

  struct Start {
    std::string key, puid, station;
    std::int64_t energy_limit_wh = 0;
  };
  // 201 and 202 carry the session's id as body. 409 and 503 are no answers.
  Go<void> start(Start order, ReplyTo to);
  Go<void> stop(std::string session, ReplyTo to);

  charging::HoldRules hold_rules;
  Consumption consumption;
  std::map<std::string, charging::Session> sessions;
  std::map<std::string, std::vector<charging::SessionState>> timeline;
  std::vector<std::string> cases;
  std::map<std::string, Ms> available_from;  // stations

 private:
  struct Placed {
    std::optional<charging::Session> session;
    int refused = 0;  // status
  };
  void add_instance(int number, Broker& broker, Ms longest_stall);
  Go<Reply> start_once(Start order);
  Go<Placed> place(Start order, const KeyTaken& taken);
  Go<charging::Input> hold(charging::Session session, int attempt);
  Go<Reply> settle(std::string id, std::string key, std::int64_t attempt, charging::Input hold);
  Go<Reply> refuse(std::string key, std::int64_t attempt, int status);
  Go<void> watch_deadlines();
  Go<void> ask_for_increments();
  Go<void> ask_for_one(std::string id);
  Go<void> move_on(std::string id);
  Result<void> on_payment(const Body& body);
  Result<void> on_station(const Body& body);
  void record(charging::Outcome outcome);
  void publish(const charging::Outcome& outcome);
  Ms next_deadline() const;

  Database& database_;
  Engine& engine_;
  PaymentService& payment_;
  Keys keys_;
  Bell changed_;
  int placed_ = 0;
  std::vector<Process*> processes_;
  std::vector<std::unique_ptr<InboxMember>> members_;
};

}  // namespace evc::simulator
