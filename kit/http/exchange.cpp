#include "kit/http/exchange.hpp"

#include <array>

namespace evc::http {

Task<Result<void>> Exchange::begin(std::string request, SteadyTime deadline) {
  EVC_CO_CHECK(co_await lease_.stream().write_all(request, deadline));
  while (parser_.state() == ResponseParser::State::kHead) EVC_CO_CHECK(co_await read_more(deadline));
  if (parser_.state() == ResponseParser::State::kDone) finish();
  co_return Result<void>{};
}

Task<Result<void>> Exchange::read_more(SteadyTime deadline) {
  std::array<char, 8192> buffer{};
  EVC_CO_TRY(count, co_await lease_.stream().read_some(buffer, deadline));
  heard_ = true;
  received_.append(buffer.data(), count);
  feed();
  if (parser_.state() == ResponseParser::State::kFailed) {
    lease_.stream().close();
    co_return std::unexpected(parser_.error());
  }
  co_return Result<void>{};
}

void Exchange::feed() {
  using State = ResponseParser::State;
  while (!received_.empty() && (parser_.state() == State::kHead || parser_.state() == State::kBody))
    received_.erase(0, parser_.feed(received_));
}

Task<Result<std::string>> Exchange::read_all(SteadyTime deadline) {
  while (parser_.state() == ResponseParser::State::kBody) EVC_CO_CHECK(co_await read_more(deadline));
  finish();
  co_return parser_.take_body();
}

Task<Result<std::string>> Exchange::next(SteadyTime deadline) {
  while (parser_.state() == ResponseParser::State::kBody && parser_.body_bytes() == 0)
    EVC_CO_CHECK(co_await read_more(deadline));
  if (parser_.state() == ResponseParser::State::kDone) finish();
  co_return parser_.take_body();
}

void Exchange::finish() {
  if (finished_) return;
  finished_ = true;
  // Bytes behind the answer belong to nothing that was asked.
  if (parser_.head().keep_alive && received_.empty()) {
    lease_.give_back();
  } else {
    lease_.stream().close();
  }
}

}  // namespace evc::http
