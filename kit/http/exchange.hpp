// One request and its answer over one leased connection. The connection goes back to the pool when the answer ended in
// order, and is closed otherwise.
#pragma once

#include <memory>
#include <string>

#include "kit/http/connection_pool.hpp"
#include "kit/http/response_parser.hpp"

namespace evc::http {

class Exchange final : public ResponseStream {
 public:
  Exchange(ConnectionPool::Lease lease, ResponseParser parser) : lease_(std::move(lease)), parser_(std::move(parser)) {}

  // Sends the whole request and reads the answer's head.
  Task<Result<void>> begin(std::string request, SteadyTime deadline);
  ResponseHead& head() { return parser_.head(); }
  bool reused_connection() const { return lease_.reused(); }
  bool heard_anything() const { return heard_; }
  // The whole rest of the body.
  Task<Result<std::string>> read_all(SteadyTime deadline);
  Task<Result<std::string>> next(SteadyTime deadline) override;

 private:
  Task<Result<void>> read_more(SteadyTime deadline);
  void feed();
  void finish();

  ConnectionPool::Lease lease_;
  ResponseParser parser_;
  std::string received_;
  bool heard_ = false;
  bool finished_ = false;
};

}  // namespace evc::http
