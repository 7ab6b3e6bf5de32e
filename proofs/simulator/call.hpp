// A call from one simulated process to another: the request may be lost, arrive late or meet a process that is down;
// the answer may be lost or come when nobody waits any more.
#pragma once

#include <memory>
#include <optional>

#include "proofs/simulator/engine.hpp"

namespace evc::simulator {

struct Reply {
  int status = 0;  // 0: none came
  std::string body;
};
using ReplyTo = std::shared_ptr<Answer<Reply>>;

inline void answer(Engine& engine, const ReplyTo& to, Reply reply) {
  if (engine.random.one_in(engine.weather.lost_in)) return;
  to->value = std::move(reply);
  engine.arrive(to, Ms(1));
}

// `serve` makes the coroutine that answers; it runs in the server.
template <class Serve>
Go<Reply> call(Engine& engine, Process& server, Ms limit, Serve serve) {
  const auto to = std::make_shared<Answer<Reply>>();
  co_await engine.sleep(Ms(1));
  const bool lost = engine.random.one_in(engine.weather.lost_in);
  if (!lost && !server.up) co_return Reply{};
  if (!lost) engine.spawn(server, serve(to));
  co_await engine.wait(to, limit);
  co_return to->value.value_or(Reply{});
}

}  // namespace evc::simulator
