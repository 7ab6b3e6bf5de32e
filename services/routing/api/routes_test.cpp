#include "services/routing/api/routes.hpp"

#include <gtest/gtest.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <thread>

#include "kit/testing/manual_clock.hpp"
#include "kit/testing/run_task.hpp"
#include "services/routing/networks/load_network.hpp"

namespace evc::routing {
namespace {

RoutingShared shipped() {
  const auto vehicles = load_vehicles("data/vehicles.json").value();
  return {.network = std::make_shared<const LiveNetwork>(load_shipped("data/network", vehicles).value()),
          .pool = std::make_shared<CpuPool>(CpuPool::Options{.name = "search"})};
}

class RoutesTest : public ::testing::Test {
 protected:
  RoutesTest() : routes(worker, shared(), board) {}
  static const RoutingShared& shared() {
    static const RoutingShared value = shipped();
    return value;
  }
  http::Response get(Task<http::Response> (Routes::*operation)(RequestContext&, http::Request&),
                     const std::string& query) {
    http::Request request{.method = "GET", .query = http::Query::parse(query).value()};
    return testing_run(operation, request);
  }
  http::Response testing_run(Task<http::Response> (Routes::*operation)(RequestContext&, http::Request&),
                             http::Request& request) {
    RequestContext context;
    return evc::testing::run_task(worker, (routes.*operation)(context, request));
  }
  http::Response post(const std::string& body) {
    http::Request request{.method = "POST", .body = body};
    request.headers.add("content-type", "application/json");
    return testing_run(&Routes::find_route_by_body, request);
  }
  static json::Object body(const http::Response& response) { return json::parse(response.body).value().as_object(); }

  Worker worker;
  std::shared_ptr<StationBoard> board = std::make_shared<StationBoard>();
  Routes routes;
};

TEST_F(RoutesTest, ARouteHasLegsStopsTotalsAndALineOnTheMap) {
  const auto response = get(&Routes::find_route, "from=place:sp-sao-paulo&to=place:rj-paraty&soc=0.8&alternatives=3");
  ASSERT_EQ(response.status, 200) << response.body;
  const auto answer = body(response);
  EXPECT_TRUE(answer.at("feasible").as_bool());
  EXPECT_EQ(answer.at("vehicle").as_string(), "byd-dolphin-gs");
  const auto& stops = answer.at("stops").as_array();
  ASSERT_GE(stops.size(), 1u);
  EXPECT_EQ(stops[0].at("status").as_string(), "unknown");
  EXPECT_FALSE(stops[0].as_object().contains("statusAgeSeconds"));
  EXPECT_EQ(answer.at("legs").as_array().size(), stops.size() + 1);
  EXPECT_EQ(answer.at("legs").at(0).at("to").at("stationId"), stops[0].at("stationId"));
  EXPECT_GT(answer.at("geometry").at("coordinates").as_array().size(), 5u);
  EXPECT_EQ(answer.at("certificate").at("status").as_string(), "exact");
  EXPECT_LE(answer.at("alternatives").as_array().size(), 3u);
}

TEST_F(RoutesTest, ThePostTwinGivesTheSameTrip) {
  const auto by_get =
      body(get(&Routes::find_route,
               "from=place:pr-curitiba&to=place:sc-florianopolis&minArrivalSoc=0.2&via=place:sc-joinville;dwell=600"));
  const auto by_post = body(post(
      R"({"from":"place:pr-curitiba","to":"place:sc-florianopolis","minArrivalSoc":0.2,"via":["place:sc-joinville;dwell=600"]})"));
  EXPECT_EQ(by_get.at("totals"), by_post.at("totals"));
  EXPECT_EQ(by_get.at("totals").at("dwellSeconds").to_number<double>(), 600);
}

TEST_F(RoutesTest, WrongValuesAreNamedByPointer) {
  const auto pointer = [&](const std::string& query) {
    const auto response = get(&Routes::find_route, query);
    EXPECT_EQ(response.status, 422) << query << response.body;
    const auto problem = body(response);
    return problem.contains("errors") ? std::string(problem.at("errors").at(0).at("pointer").as_string())
                                      : std::string();
  };
  EXPECT_EQ(pointer("to=place:rj-paraty"), "?from");
  EXPECT_EQ(pointer("from=1,2,3&to=place:rj-paraty"), "?from");
  EXPECT_EQ(pointer("from=95,0&to=place:rj-paraty"), "?from");
  EXPECT_EQ(pointer("from=place:sp-santos&to=place:rj-paraty&soc=1.5"), "?soc");
  EXPECT_EQ(pointer("from=place:sp-santos&to=place:rj-paraty&soc=nan"), "?soc");
  EXPECT_EQ(pointer("from=place:sp-santos&to=place:rj-paraty&soc=0.5&soc=0.6"), "?soc");
  EXPECT_EQ(pointer("from=place:sp-santos&to=place:rj-paraty&speed=1"), "?speed");
  EXPECT_EQ(pointer("from=place:sp-santos&to=place:rj-paraty&objective=mixed:2"), "?objective");
  EXPECT_EQ(pointer("from=place:sp-santos&to=place:rj-paraty&alternatives=1.5"), "?alternatives");
  EXPECT_EQ(pointer("from=place:sp-santos&to=place:rj-paraty&alternatives=8888888888"), "?alternatives") << "no int";
  EXPECT_EQ(pointer("from=place:sp-santos&to=place:rj-paraty&consumptionFactor=3"), "?consumptionFactor");
  EXPECT_EQ(pointer("from=place:sp-santos&to=place:rj-paraty&via=place:sp-santos;stay=1"), "?via");
  EXPECT_EQ(pointer("from=place:sp-santos&to=place:rj-paraty&departAt=tomorrow"), "?departAt");
  const std::string trip = "from=place:sp-santos&to=place:rj-paraty&";
  EXPECT_EQ(pointer(trip + "departAt=2026-11-30T08:00:00"), "?departAt") << "no offset";
  EXPECT_EQ(pointer(trip + "locale=pt"), "?locale");
  EXPECT_EQ(pointer(trip + "geometryFormat=kml"), "?geometryFormat");
  EXPECT_EQ(pointer(trip + "pois=food,hotel"), "?pois");
  EXPECT_EQ(pointer(trip + "pois=food,food"), "?pois");
  EXPECT_EQ(pointer(trip + "pois=food&poiDetourSeconds=3601"), "?poiDetourSeconds");
  const auto response = post(R"({"from":"place:sp-santos","to":"place:rj-paraty","soc":2})");
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(body(response).at("errors").at(0).at("pointer").as_string(), "/soc");
}

TEST_F(RoutesTest, WhatIsNotThereIsSaid) {
  const auto code = [&](const std::string& query) {
    return std::string(body(get(&Routes::find_route, query)).at("code").as_string());
  };
  EXPECT_EQ(code("from=place:nowhere&to=place:rj-paraty"), "place-not-found");
  EXPECT_EQ(code("from=place:sp-santos&to=place:rj-paraty&vehicle=horse"), "vehicle-not-found");
  EXPECT_EQ(code("from=-3.1,-60&to=place:rj-paraty"), "location-not-routable");
  const auto off = body(get(&Routes::find_route, "from=place:sp-santos&to=-3.1,-60"));
  EXPECT_EQ(off.at("errors").at(0).at("pointer").as_string(), "?to");
  EXPECT_NE(off.at("errors").at(0).at("detail").as_string().find("the nearest point is -"), std::string::npos);
  const auto by_body = body(post(R"({"from":"-3.1,-60","to":"place:rj-paraty"})"));
  EXPECT_EQ(by_body.at("errors").at(0).at("pointer").as_string(), "/from");
}

TEST_F(RoutesTest, TheLineComesEncodedWhenAskedFor) {
  const std::string trip = "from=place:sp-sao-paulo&to=place:rj-paraty&alternatives=2&geometryFormat=";
  const auto plain = body(get(&Routes::find_route, trip + "geojson")),
             encoded = body(get(&Routes::find_route, trip + "polyline6"));
  EXPECT_EQ(plain.at("geometry").at("type").as_string(), "LineString");
  EXPECT_EQ(encoded.at("geometry").at("type").as_string(), "polyline6");
  EXPECT_FALSE(encoded.at("geometry").at("points").as_string().empty());
  for (const auto& other : encoded.at("alternatives").as_array())
    EXPECT_EQ(other.at("geometry").at("type").as_string(), "polyline6");
}

TEST_F(RoutesTest, ADepartureGivesStopsTheirTimes) {
  const auto answer =
      body(get(&Routes::find_route, "from=place:sp-sao-paulo&to=place:rj-paraty&departAt=2026-11-30T08:00:00-03:00"));
  const auto& stop = answer.at("stops").at(0).as_object();
  const auto arrive = parse_rfc3339(stop.at("arriveAt").as_string()),
             leave = parse_rfc3339(stop.at("leaveAt").as_string());
  ASSERT_TRUE(arrive && leave);
  const auto leg = std::chrono::duration<double>(*arrive - *parse_rfc3339("2026-11-30T11:00:00Z")).count();
  EXPECT_NEAR(leg, answer.at("legs").at(0).at("seconds").to_number<double>(), 0.2);
  EXPECT_NEAR(std::chrono::duration<double>(*leave - *arrive).count(),
              stop.at("seconds").to_number<double>() + stop.at("overheadSeconds").to_number<double>(), 0.2);
  EXPECT_EQ(stop.at("hours").as_string(), "unknown") << "the shipped list says none";
}

TEST_F(RoutesTest, AnImpossibleTripIsExplainedInTheLanguageAskedFor) {
  const std::string trip = "from=place:sp-sao-paulo&to=place:rj-paraty&minPowerKw=900&soc=0.5";
  const auto said = [&](const std::string& locale) {
    const auto obstacle = body(get(&Routes::find_route, trip + locale)).at("obstacle").as_object();
    return std::string(obstacle.at("text").as_string()) + " " +
           std::string(obstacle.at("relaxations").at(0).at("text").as_string());
  };
  EXPECT_TRUE(said("").starts_with("Os filtros não deixam")) << said("");
  EXPECT_TRUE(said("&locale=en").starts_with("The filters leave")) << said("&locale=en");
  EXPECT_NE(said("&locale=es").find("Salga con"), std::string::npos) << said("&locale=es");
}

TEST_F(RoutesTest, AnImpossibleTripExplainsItself) {
  const auto response = get(&Routes::find_route, "from=place:sp-sao-paulo&to=place:rj-paraty&minPowerKw=900&soc=0.5");
  ASSERT_EQ(response.status, 200) << response.body;
  const auto answer = body(response);
  EXPECT_FALSE(answer.at("feasible").as_bool());
  EXPECT_EQ(answer.at("obstacle").at("reason").as_string(), "filtersTooNarrow");
  EXPECT_GT(answer.at("obstacle").at("gap").at("missingKwh").to_number<double>(), 0);
  EXPECT_GT(answer.at("obstacle").at("furthestLeftKm").to_number<double>(), 0);
  ASSERT_FALSE(answer.at("obstacle").at("relaxations").as_array().empty());
  EXPECT_GT(answer.at("obstacle").at("relaxations").at(0).at("seconds").to_number<double>(), 3600);
}

TEST_F(RoutesTest, ARouteIsDrawn) {
  const auto drawing = get(&Routes::draw_route, "from=place:sp-sao-paulo&to=place:rj-paraty&alternatives=2");
  ASSERT_EQ(drawing.status, 200) << drawing.body;
  EXPECT_EQ(drawing.headers.get("Content-Type"), "image/svg+xml");
  EXPECT_TRUE(drawing.body.starts_with("<svg ") && drawing.body.ends_with("</svg>\n"));
  EXPECT_NE(drawing.body.find("<title>São Paulo, SP – Paraty, RJ: 2"), std::string::npos);
  EXPECT_NE(drawing.body.find("<polyline"), std::string::npos);
  const auto gap = get(&Routes::draw_route, "from=place:sp-sao-paulo&to=place:rj-paraty&minPowerKw=900&soc=0.5");
  EXPECT_NE(gap.body.find("<title>No route"), std::string::npos);
  EXPECT_EQ(get(&Routes::draw_route, "from=place:sp-sao-paulo").status, 422);
}

TEST_F(RoutesTest, AStayWithAPlugChargesAndADriverMayUseMore) {
  const std::string trip =
      "from=place:sp-sao-paulo&to=place:rj-rio-de-janeiro&via=place:sp-sao-jose-dos-campos;dwell=5400";
  const auto stay = body(get(&Routes::find_route, trip));
  ASSERT_TRUE(stay.at("feasible").as_bool());
  ASSERT_FALSE(stay.at("stops").as_array().empty());
  EXPECT_TRUE(stay.at("stops").at(0).at("parked").as_bool());
  EXPECT_EQ(stay.at("totals").at("dwellSeconds").to_number<double>(), 5400);
  const auto heavy = body(get(&Routes::find_route, trip + "&consumptionFactor=1.3"));
  EXPECT_GT(heavy.at("totals").at("energyKwh").to_number<double>(),
            1.15 * stay.at("totals").at("energyKwh").to_number<double>());
}

TEST_F(RoutesTest, PlacesAndVehicles) {
  const auto places = body(get(&Routes::search_places, "q=parat%C3%BD"));
  EXPECT_EQ(places.at("places").as_array().at(0).at("id").as_string(), "rj-paraty");
  EXPECT_EQ(get(&Routes::search_places, "").status, 422);
  EXPECT_EQ(get(&Routes::search_places, "q=a&limit=51").status, 422);
  EXPECT_GE(body(get(&Routes::list_vehicles, "")).at("vehicles").as_array().size(), 12u);
}

TEST_F(RoutesTest, AnExpiredRequestIsNotSearched) {
  http::Request request{.method = "GET",
                        .query = http::Query::parse("from=place:sp-sao-paulo&to=place:ba-salvador").value()};
  RequestContext context;
  context.deadline = context.clock->steady() - std::chrono::seconds(1);
  EXPECT_EQ(evc::testing::run_task(worker, routes.find_route(context, request)).status, 504);
}

TEST_F(RoutesTest, ASearchWithoutTimeIsRefusedWhileTheCallerStillListens) {
  http::Request request{.method = "GET",
                        .query = http::Query::parse("from=place:sp-sao-paulo&to=place:ba-salvador").value()};
  RequestContext context;
  context.deadline = context.clock->steady() + std::chrono::milliseconds(500);
  const auto response = evc::testing::run_task(worker, routes.find_route(context, request));
  EXPECT_LT(context.clock->steady(), context.deadline);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(body(response).at("code").as_string(), "overloaded");
  EXPECT_EQ(response.headers.get("Retry-After"), "1");
}

Task<> long_search(CpuPool& pool, Worker& worker, std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  auto search = [end] {
    std::this_thread::sleep_until(end);
    return 0;
  };
  const auto done = co_await pool.run(worker, end, search);
  EXPECT_TRUE(done);
}

TEST_F(RoutesTest, ASearchWaitsForOthersNoLongerThanASecond) {
  worker.tasks().spawn("long", long_search(*shared().pool, worker, std::chrono::milliseconds(1'300)));
  const auto response = get(&Routes::find_route, "from=place:sp-sao-paulo&to=place:rj-paraty");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(body(response).at("code").as_string(), "overloaded");
  EXPECT_EQ(response.headers.get("Retry-After"), "1");
  worker.tasks().spawn("shorter", long_search(*shared().pool, worker, std::chrono::milliseconds(400)));
  EXPECT_EQ(get(&Routes::find_route, "from=place:sp-sao-paulo&to=place:rj-paraty").status, 200);
}

TEST(StationBoardTest, AdviceCarriesItsAge) {
  evc::testing::ManualClock clock;
  StationBoard board;
  EXPECT_EQ(board.advice("BR-SP-0001", 1, clock.wall()).status, "unknown");
  const auto page = json::parse(
      R"({"version":7,"more":false,"stations":[{"version":7,"station":{"stationId":"BR-SP-0001","name":"x","position":{"lat":1,"lon":2},
    "status":"online","statusAgeSeconds":5,"price":{},"connectors":[{"connectorId":1,"type":"CCS2","maxPowerKw":60,"status":"charging","statusAgeSeconds":10},
    {"connectorId":2,"type":"CCS2","maxPowerKw":60,"status":"available"}]}}]})");
  ASSERT_TRUE(page);
  const auto more = board.apply(*page, clock.wall());
  ASSERT_TRUE(more) << more.error().detail;
  EXPECT_FALSE(*more);
  EXPECT_EQ(board.version(), 7);
  clock.advance(std::chrono::seconds(30));
  EXPECT_EQ(board.advice("BR-SP-0001", 1, clock.wall()).status, "occupied");
  EXPECT_EQ(board.advice("BR-SP-0001", 1, clock.wall()).age_seconds, 40);
  EXPECT_EQ(board.advice("BR-SP-0001", 2, clock.wall()).status, "available");
  EXPECT_EQ(board.advice("BR-SP-0001", 9, clock.wall()).status, "unknown");
}

}  // namespace
}  // namespace evc::routing
