// The table of idempotency keys with the statements of kit/messaging/idempotency.cpp; the cases are decided by its
// rules. Every function is called inside a transaction.
#pragma once

#include <map>
#include <string>

#include "kit/messaging/idempotency_rules.hpp"
#include "proofs/simulator/call.hpp"
#include "proofs/simulator/protocol_switches.hpp"

namespace evc::simulator {

struct KeyTaken {
  messaging::KeyCase which = messaging::KeyCase::kInProgress;
  std::int64_t attempt = 0;
  std::string recovery_point;
  Reply stored;
};

class Keys {
 public:
  Keys(Engine& engine, const Switches& switches) : engine_(engine), switches_(switches) {}

  KeyTaken begin(const std::string& key, const std::string& fingerprint) {
    auto [place, fresh] = rows_.try_emplace(key);
    auto& row = place->second;
    if (fresh) row.fingerprint = fingerprint;
    const bool free = fresh || (row.state == "running" && row.fingerprint == fingerprint &&
                                (row.locked_until <= engine_.now() || switches_.no_lease));
    if (!free) return {.which = messaging::case_of_held(row.fingerprint, fingerprint, row.state), .stored = row.answer};
    ++row.attempt;
    row.locked_until = engine_.now() + kLease;
    const auto point = switches_.no_recovery_point ? std::string() : row.recovery_point;
    return {.which = messaging::case_of_taken(row.attempt), .attempt = row.attempt, .recovery_point = point};
  }
  // False: another request has taken the key over. Roll back.
  bool holds(const std::string& key, std::int64_t attempt) const {
    const auto& row = rows_.at(key);
    return row.state == "running" && (row.attempt == attempt || switches_.no_attempt_fence);
  }
  void advance(const std::string& key, std::string point) {
    rows_.at(key).recovery_point = std::move(point);
    rows_.at(key).locked_until = engine_.now() + kLease;
  }
  void complete(const std::string& key, Reply reply) {
    rows_.at(key).state = "finished";
    rows_.at(key).answer = std::move(reply);
  }
  void release(const std::string& key, std::int64_t attempt) {
    if (holds(key, attempt)) rows_.at(key).locked_until = engine_.now();
  }

 private:
  static constexpr Ms kLease{20'000};
  struct Row {
    std::string fingerprint, state = "running", recovery_point;
    std::int64_t attempt = 0;
    Ms locked_until{0};
    Reply answer;
  };
  Engine& engine_;
  const Switches& switches_;
  std::map<std::string, Row> rows_;
};

}  // namespace evc::simulator
