#include "services/user/peers/service_call.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "kit/base/json.hpp"

namespace evc::user {
namespace {

constexpr std::chrono::seconds kAskAgain{2};
constexpr std::array kTold{Code::kNotFound,     Code::kConflict,         Code::kCredentialsInvalid,
                           Code::kTokenInvalid, Code::kValidationFailed, Code::kRateLimited};

struct ProblemField {
  std::string pointer, detail;
};
BOOST_DESCRIBE_STRUCT(ProblemField, (), (pointer, detail))
struct Problem {
  std::string code;
  std::optional<std::string> detail;
  std::optional<std::vector<ProblemField>> errors;
};
BOOST_DESCRIBE_STRUCT(Problem, (), (code, detail, errors))

Error silent(std::string_view service) {
  return {.code = Code::kServiceUnavailable,
          .detail = std::string(service) + " does not answer now",
          .retry_after = kAskAgain};
}

std::optional<std::chrono::milliseconds> retry_after(const http::Response& response) {
  const auto text = response.headers.get("retry-after");
  std::int64_t seconds = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), seconds).ec != std::errc()) return {};
  return std::chrono::seconds(seconds);
}

}  // namespace

Error error_of(std::string_view service, const http::Response& response) {
  auto problem = json::decode_text<Problem>(response.body, json::Unknown::kIgnore);
  const auto code = problem ? code_from_name(problem->code) : std::nullopt;
  if (!code || std::ranges::find(kTold, *code) == kTold.end()) return silent(service);
  Error error{.code = *code, .detail = problem->detail.value_or(""), .retry_after = retry_after(response)};
  if (problem->errors)
    for (ProblemField& field : *problem->errors) error.fields.push_back({field.pointer, field.detail});
  return error;
}

Task<Result<http::Response>> ask(RequestContext& context, ServicePeer peer, http::Call call) {
  auto token = co_await peer.tokens->token(context);
  if (!token) co_return std::unexpected(silent("auth"));
  call.headers.set("authorization", "Bearer " + *token);
  auto response = co_await peer.client->send(context, std::move(call));
  if (!response) co_return std::unexpected(silent(peer.name));
  if (response->status >= 300) co_return std::unexpected(error_of(peer.name, *response));
  co_return std::move(*response);
}

}  // namespace evc::user
