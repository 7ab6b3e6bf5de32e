#include "services/routing/api/routes.hpp"

#include <algorithm>
#include <charconv>

#include "services/routing/api/answer.hpp"
#include "services/routing/api/route_svg.hpp"

namespace evc::routing {
namespace {

constexpr std::size_t kQueryLength = 100;
constexpr std::size_t kDefaultPlaces = 10;
constexpr std::size_t kMostPlaces = 50;

struct PlacesQuestion {
  std::string text;
  std::size_t limit = kDefaultPlaces;
};

Result<PlacesQuestion> places_question(const http::Query& query) {
  PlacesQuestion question;
  for (const auto& [name, value] : query.all()) {
    if (name == "q") {
      question.text = value;
    } else if (name == "limit") {
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), question.limit);
      const bool number = error == std::errc() && end == value.data() + value.size();
      if (!number || question.limit < 1 || question.limit > kMostPlaces) return fail_field("?limit", "must be 1 to 50");
    } else {
      return fail_field("?" + name, "unknown parameter");
    }
  }
  if (question.text.empty() || question.text.size() > kQueryLength) return fail_field("?q", "1 to 100 characters");
  return question;
}

Result<AskedTrip> request_of_query(const http::Query& query, const LoadedNetwork& loaded) {
  EVC_TRY(parameters, parameters_of_query(query));
  return trip_request(parameters, Source::kQuery, loaded);
}

Result<AskedTrip> request_of_body(const http::Request& request, const LoadedNetwork& loaded) {
  EVC_TRY(parameters, http::body_as<TripParameters>(request));
  return trip_request(parameters, Source::kBody, loaded);
}

// A search ends this long before its request's deadline: the answer must still be made and travel.
constexpr std::chrono::milliseconds kAnswerTime{750};
constexpr std::chrono::milliseconds kTryAgainAfter{1'000};

// A search that has not begun by then is refused: who asks again in a second waits no longer, and no caller takes the
// service for a slow one.
constexpr std::chrono::milliseconds kQueueTime{1'000};

// Ways out of an impossible trip are looked for no longer than this: others wait for the same thread.
constexpr std::chrono::milliseconds kExplainTime{1'000};

// A search without an answer in its time is the service's limit, not a fault of whoever waits for it.
Error told(Error error, Source source) {
  // The planner names parameters; whoever asked knows them by pointers.
  if (error.code == Code::kLocationNotRoutable) {
    for (FieldError& field : error.fields) field.pointer = (source == Source::kQuery ? "?" : "/") + field.pointer;
  }
  if (error.code != Code::kDeadlineExceeded) return error;
  return {.code = Code::kOverloaded, .detail = std::move(error.detail), .retry_after = kTryAgainAfter};
}

struct Planned {
  Result<TripAnswer> answer;
  double milliseconds = 0;
};

}  // namespace

void Routes::add_to(http::Router& router) {
  const http::RouteOptions options{.access = http::Access::kToken, .scope = "routing:read", .body_limit_bytes = 65'536};
  router.add(
      "GET", "/places",
      [this](RequestContext& context, http::Request& request) { return search_places(context, request); }, options);
  router.add(
      "GET", "/routing",
      [this](RequestContext& context, http::Request& request) { return find_route(context, request); }, options);
  router.add(
      "GET", "/routing.svg",
      [this](RequestContext& context, http::Request& request) { return draw_route(context, request); }, options);
  router.add(
      "POST", "/routing",
      [this](RequestContext& context, http::Request& request) { return find_route_by_body(context, request); },
      options);
  router.add(
      "GET", "/routing/vehicles",
      [this](RequestContext& context, http::Request& request) { return list_vehicles(context, request); }, options);
}

Task<http::Response> Routes::search_places(RequestContext& context, http::Request& request) {
  const auto question = places_question(request.query);
  if (!question) co_return http::problem(question.error(), context);
  json::Array places;
  const auto loaded = shared_.network->current();
  const TripNetwork& network = *loaded->network;
  for (const NodeId node : network.search_places(question->text, question->limit))
    places.push_back(place_json(network.place(node)));
  co_return http::Response::json(200, json::Object{{"places", std::move(places)}});
}

Task<http::Response> Routes::list_vehicles(RequestContext&, http::Request&) {
  json::Array vehicles;
  const auto loaded = shared_.network->current();
  for (const ev::Vehicle& vehicle : loaded->vehicles) vehicles.push_back(vehicle_json(vehicle));
  co_return http::Response::json(200, json::Object{{"vehicles", std::move(vehicles)}});
}

Task<http::Response> Routes::find_route(RequestContext& context, http::Request& request) {
  auto loaded = shared_.network->current();
  Result<AskedTrip> trip = request_of_query(request.query, *loaded);
  co_return co_await answer(context, std::move(loaded), std::move(trip), {.source = Source::kQuery});
}

Task<http::Response> Routes::find_route_by_body(RequestContext& context, http::Request& request) {
  auto loaded = shared_.network->current();
  Result<AskedTrip> trip = request_of_body(request, *loaded);
  co_return co_await answer(context, std::move(loaded), std::move(trip), {.source = Source::kBody});
}

Task<http::Response> Routes::draw_route(RequestContext& context, http::Request& request) {
  auto loaded = shared_.network->current();
  Result<AskedTrip> trip = request_of_query(request.query, *loaded);
  co_return co_await answer(context, std::move(loaded), std::move(trip), {.kind = AnswerForm::Kind::kDrawing});
}

Task<http::Response> Routes::answer(RequestContext& context, std::shared_ptr<const LoadedNetwork> loaded,
                                    Result<AskedTrip> asked, AnswerForm form) {
  if (!asked) co_return http::problem(asked.error(), context);
  if (context.expired()) co_return http::problem({.code = Code::kDeadlineExceeded}, context);
  TripRequest trip = std::move(asked->trip);
  // The pool's thread may not touch the context: it gets copies.
  const Clock* clock = context.clock;
  const SteadyTime enough = context.deadline - kAnswerTime;
  trip.give_up = [clock, enough] { return clock->steady() >= enough; };
  auto search = [planner = loaded->planner, trip, clock, enough]() mutable {
    const SteadyTime begin = clock->steady();
    trip.give_up_explaining = [clock, until = std::min(enough, begin + kExplainTime)] {
      return clock->steady() >= until;
    };
    Result<TripAnswer> found = planner->plan(trip);
    return Planned{std::move(found), std::chrono::duration<double, std::milli>(clock->steady() - begin).count()};
  };
  const SteadyTime begun_by = std::min(enough, clock->steady() + kQueueTime);
  auto planned = co_await shared_.pool->run(worker_, begun_by, std::move(search));
  if (!planned) co_return http::problem(told(std::move(planned).error(), form.source), context);
  if (!planned->answer) co_return http::problem(told(std::move(planned->answer).error(), form.source), context);
  if (form.kind == AnswerForm::Kind::kDrawing) {
    const std::string drawing = route_svg(*loaded->network, *planned->answer);
    co_return http::Response::text(200, drawing, "image/svg+xml");
  }
  const AnswerContext answer_context{.request = trip,
                                     .network = *loaded->network,
                                     .stations = *stations_,
                                     .style = asked->style,
                                     .now = clock->wall(),
                                     .milliseconds = planned->milliseconds};
  co_return http::Response::json(200, answer_json(*planned->answer, answer_context));
}

}  // namespace evc::routing
