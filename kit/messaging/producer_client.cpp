#include "kit/messaging/producer_client.hpp"

#include <fmt/format.h>

#include "contracts/events.hpp"
#include "kit/http/target.hpp"

namespace evc::messaging {
namespace {

struct Producers {
  std::map<std::string, std::shared_ptr<http::Client>> clients;
  ServiceTokenSource token;
};

Task<Result<HeldEvents>> ask(std::shared_ptr<const Producers> producers, RequestContext& context,
                             MissingEvents missing) {
  const auto* topic = contracts::find_topic(missing.topic);
  const auto client = topic ? producers->clients.find(std::string(topic->producer)) : producers->clients.end();
  if (client == producers->clients.end()) co_return fail(Code::kNotFound, "nobody to ask about " + missing.topic);
  EVC_CO_TRY(token, co_await producers->token(context));
  const std::string path = fmt::format("/internal/{}/events", client->first);
  http::Call call{.method = "GET",
                  .target = fmt::format("{}?topic={}&key={}&from={}&to={}", path, http::percent_encode(missing.topic),
                                        http::percent_encode(missing.key), missing.from, missing.to),
                  .route_class = path,
                  .repeat = http::Call::Repeat::kIdempotent};
  call.headers.set("authorization", "Bearer " + token);
  EVC_CO_TRY(response, co_await client->second->send(context, std::move(call)));
  if (response.status != 200)
    co_return fail(Code::kUpstreamFailed, fmt::format("{} answered {}", client->first, response.status));
  EVC_CO_TRY(body, json::parse(response.body));
  co_return decode_held(body, missing);
}

}  // namespace

AskProducer ask_over_http(std::map<std::string, std::shared_ptr<http::Client>> clients, ServiceTokenSource token) {
  const auto producers = std::make_shared<const Producers>(std::move(clients), std::move(token));
  return [producers](RequestContext& context, MissingEvents missing) {
    return ask(producers, context, std::move(missing));
  };
}

}  // namespace evc::messaging
