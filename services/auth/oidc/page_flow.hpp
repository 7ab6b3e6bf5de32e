// What a page carries while a person answers it, sealed so that only this service can have written it and only the
// browser that it was made for can send it back: the seal's place is a random mark in a cookie of that browser. So no
// other site can answer for somebody (CSRF), nor sign somebody in to an account of its own (login CSRF). Nothing is
// stored. Lives for kPageLife.
#pragma once

#include <optional>
#include <string>

#include "kit/base/json.hpp"
#include "kit/base/sealing.hpp"
#include "services/auth/domain/authorization.hpp"

namespace evc::auth_service {

struct PageFlow {
  std::string purpose;  // authorize or logout: a page answers only what it asked
  Parameters parameters;
  WallTime issued_at{};
  std::optional<std::string> email, proved;  // the password was right: the code is asked for
  std::optional<Uuid> sign_in;               // who was asked for consent, or to sign out
};
BOOST_DESCRIBE_STRUCT(PageFlow, (), (purpose, parameters, issued_at, email, proved, sign_in))

class PageSeal {
 public:
  explicit PageSeal(SealKey key) : key_(std::move(key)) {}
  std::string close(PageFlow flow, const std::string& browser_mark, WallTime now) const;
  // nullopt: of another browser, another purpose, too old or not ours.
  std::optional<PageFlow> open(const std::string& sealed, std::string_view purpose, const std::string& browser_mark,
                               WallTime now) const;

 private:
  SealKey key_;
};

}  // namespace evc::auth_service
