// What the provider knows about one hold, as its API shows it and its journal keeps it.
#pragma once

#include <boost/describe.hpp>
#include <optional>
#include <string>

#include "kit/base/clock.hpp"
#include "kit/base/json.hpp"
#include "kit/base/money.hpp"

namespace evc::payment_provider {

enum class Status { kAuthorised, kDeclined, kCaptured, kVoided, kExpired };
BOOST_DESCRIBE_ENUM(Status, kAuthorised, kDeclined, kCaptured, kVoided, kExpired)

struct Authorisation {
  std::string id;
  std::string reference;  // the merchant's
  std::string token;
  Status status = Status::kAuthorised;
  Money amount;    // what is or was held
  Money captured;  // 0 until captured
  std::optional<std::string> decline_reason;
  WallTime created_at{};
  WallTime expires_at{};
  std::optional<Money> refunded;  // of what was captured; absent: nothing
};
BOOST_DESCRIBE_STRUCT(Authorisation, (),
                      (id, reference, token, status, amount, captured, decline_reason, created_at, expires_at,
                       refunded))

struct AuthoriseRequest {
  std::string reference;
  Money amount;
  std::string token;  // empty: Pix
};
BOOST_DESCRIBE_STRUCT(AuthoriseRequest, (), (reference, amount, token))

struct AmountRequest {
  Money amount;
};
BOOST_DESCRIBE_STRUCT(AmountRequest, (), (amount))

}  // namespace evc::payment_provider
