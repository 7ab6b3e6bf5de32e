// The payment provider with its moods: it answers late, twice, wrongly or not at all, but keeps its own books: a key is
// one operation, a hold is captured or let go once. A request that reached it takes effect within kSlowest.
#pragma once

#include <map>

#include "proofs/simulator/call.hpp"

namespace evc::simulator {

class ProviderSide {
 public:
  explicit ProviderSide(Engine& engine);
  Process& process() { return process_; }
  static constexpr Ms kSlowest{5'000};

  Go<void> authorise(std::string reference, std::int64_t amount, ReplyTo to);
  Go<void> capture(std::string id, std::int64_t amount, ReplyTo to);
  Go<void> release(std::string id, ReplyTo to);
  Go<void> increment(std::string id, std::int64_t number, std::int64_t amount, ReplyTo to);
  Go<void> look(std::string reference, ReplyTo to);

  struct Hold {
    std::string id, reference, status;
    std::int64_t amount = 0, captured = 0;
    Ms expires_at{0};
    std::map<std::int64_t, bool> increments;  // by number: granted?
  };
  std::map<std::string, Hold> holds;  // by reference
  bool declines = false;
  bool declines_increments = false;
  Ms hold_lasts{0};
  std::function<void(const std::string&)> on_expired;

 private:
  Go<void> delay();
  Hold* by_id(const std::string& id);
  void expire(Hold& hold);
  void reply(const ReplyTo& to, Hold* hold, int status);
  Engine& engine_;
  Process& process_;
};

}  // namespace evc::simulator
