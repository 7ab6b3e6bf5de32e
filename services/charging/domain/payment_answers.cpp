#include "services/charging/domain/payment_answers.hpp"

#include <string>

#include "kit/base/json.hpp"

namespace evc::charging {
namespace {

std::string member(const json::Value& body, std::string_view name) {
  const auto* value = body.is_object() ? body.get_object().if_contains(name) : nullptr;
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

Input from_state(std::string_view state) {
  if (state == "authorised") return Input::kHoldAuthorised;
  if (state == "declined") return Input::kHoldDeclined;
  if (state == "failed") return Input::kHoldFailed;
  if (state == "voided") return Input::kReleased;
  if (state == "expired") return Input::kHoldExpired;
  return Input::kHoldUnknown;
}

}  // namespace

Input hold_state_told(int status, std::string_view text) {
  const auto body = json::parse(text);
  if (!body) return Input::kHoldUnknown;
  if (status < 300) return from_state(member(*body, "state"));
  const std::string code = member(*body, "code");
  if (code == "payment-declined") return Input::kHoldDeclined;
  if (code == "payment-failed") return Input::kHoldFailed;
  if (code == "payment-not-found") return Input::kNeverHeld;
  return Input::kHoldUnknown;
}

Input hold_answered(int status, std::string_view body) {
  const Input input = hold_state_told(status, body);
  // A fresh hold can be authorised, refused or open; anything else is not an answer to this question.
  const bool answers = input == Input::kHoldAuthorised || input == Input::kHoldDeclined || input == Input::kHoldFailed;
  return answers ? input : Input::kHoldUnknown;
}

IncrementAnswer increment_told(std::int64_t number, int status, std::string_view text) {
  IncrementAnswer answer{.number = number};
  const auto body = json::parse(text);
  if (!body) return answer;
  if (status >= 400) {
    const std::string code = member(*body, "code");
    const bool no = code == "conflict" || code == "payment-not-found" || code == "validation-failed";
    if (no) answer.input = Input::kIncrementRefused;
    return answer;
  }
  const std::string state = member(*body, "state");
  if (state == "declined" || state == "failed") answer.input = Input::kIncrementRefused;
  boost::system::error_code none;
  const auto* held = body->find_pointer("/held/amount", none);
  if (state == "authorised" && held != nullptr && held->is_int64()) {
    answer.input = Input::kIncrementAuthorised;
    answer.held_minor = held->get_int64();
  }
  return answer;
}

}  // namespace evc::charging
