// Redis' protocol (RESP2) as text in and values out, by hiredis' formatter and reader. No I/O. Private to kit/redis.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kit/base/result.hpp"
#include "kit/redis/client.hpp"

namespace evc::redis {

void append_command(std::string& to, const std::vector<std::string>& arguments);

class RespReader {
 public:
  RespReader();
  ~RespReader();
  RespReader(RespReader&&) noexcept;
  RespReader& operator=(RespReader&&) noexcept;

  // protocol-error once what was fed is no RESP; the reader stays broken then.
  Result<void> feed(std::string_view bytes);
  // The next whole reply, nullopt while it is not there yet.
  Result<std::optional<Reply>> next();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace evc::redis
