#include "services/user/peers/record_client.hpp"

namespace evc::user {
namespace {

constexpr std::string_view kFirstPage = "?limit=200";

std::unexpected<Error> not_understood(const std::string& service) {
  return fail(Code::kUpstreamFailed, service + "'s answer about a person's records is not understood");
}

}  // namespace

Task<Result<http::Response>> RecordClient::post(RequestContext& context, std::string pseudonym, std::string what,
                                                std::string query) {
  http::Call call{.method = "POST",
                  .target = path_ + what + query,
                  .route_class = path_ + what,
                  .repeat = http::Call::Repeat::kIdempotent};
  call.headers.set("content-type", "application/json");
  call.body = json::serialize(json::Object{{"userId", pseudonym}});
  co_return co_await ask(context, peer_, std::move(call));
}

Task<Result<json::Array>> RecordClient::all(RequestContext& context, std::string pseudonym, std::size_t limit_bytes) {
  json::Array records;
  std::size_t bytes = 0;
  for (std::string query(kFirstPage);;) {
    EVC_CO_TRY(response, co_await post(context, pseudonym, "", query));
    bytes += response.body.size();
    if (bytes > limit_bytes)
      co_return fail(Code::kServiceUnavailable, "there is more than one answer can hold; an operator can export it");
    auto body = json::parse(response.body);
    auto* page = body && body->is_object() ? body->get_object().if_contains(member_) : nullptr;
    if (page == nullptr || !page->is_array()) co_return not_understood(peer_.name);
    for (json::Value& record : page->get_array()) records.push_back(std::move(record));
    const auto* cursor = body->get_object().if_contains("nextCursor");
    if (cursor == nullptr) co_return records;
    if (!cursor->is_string()) co_return not_understood(peer_.name);
    query = std::string(kFirstPage) + "&cursor=" + std::string(cursor->get_string());
  }
}

Task<Result<std::int64_t>> RecordClient::open(RequestContext& context, std::string pseudonym) {
  EVC_CO_TRY(response, co_await post(context, std::move(pseudonym), "/open", ""));
  auto body = json::parse(response.body);
  const auto* open = body && body->is_object() ? body->get_object().if_contains("open") : nullptr;
  if (open == nullptr || !open->is_int64()) co_return not_understood(peer_.name);
  co_return open->get_int64();
}

}  // namespace evc::user
