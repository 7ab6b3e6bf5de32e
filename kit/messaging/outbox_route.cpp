#include "kit/messaging/outbox_route.hpp"

#include <cctype>
#include <charconv>

#include "contracts/events.hpp"
#include "kit/http/operation.hpp"
#include "kit/messaging/outbox_reader.hpp"

namespace evc::messaging {
namespace {

using http::Request;
using http::Response;

constexpr std::size_t kLongestKey = 255;

Result<std::int64_t> sequence_in(const Request& request, const char* name) {
  const auto text = request.query.get(name).value_or("");
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || value < 1)
    return fail_field(std::string("?") + name, "an integer from 1");
  return value;
}

Result<MissingEvents> asked_for(const Request& request, const std::string& service) {
  MissingEvents asked{.topic = std::string(request.query.get("topic").value_or("")),
                      .key = std::string(request.query.get("key").value_or(""))};
  const auto* topic = contracts::find_topic(asked.topic);
  if (!topic || topic->producer != service) return fail_field("?topic", "a topic that this service writes");
  if (asked.key.empty() || asked.key.size() > kLongestKey) return fail_field("?key", "1 to 255 bytes");
  EVC_TRY(from, sequence_in(request, "from"));
  EVC_TRY(to, sequence_in(request, "to"));
  if (to < from) return fail_field("?to", "not below from");
  asked.from = from;
  asked.to = to;
  return asked;
}

Task<Response> answer(postgres::Pool& pool, std::string service, RequestContext& context, Request& request) {
  auto asked = asked_for(request, service);
  if (!asked) co_return http::problem(asked.error(), context, request.path);
  auto held = co_await read_held(context, pool, std::move(*asked));
  if (!held) co_return http::problem(held.error(), context, request.path);
  co_return Response::json(200, encode_held(*held));
}

}  // namespace

void add_outbox_operation(http::Router& router, const std::string& service, postgres::Pool& pool) {
  auto capital = service;
  capital[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(capital[0])));
  http::add_operation(
      router, service, "get" + capital + "Events",
      [&pool, service](RequestContext& context, Request& request) { return answer(pool, service, context, request); });
}

}  // namespace evc::messaging
