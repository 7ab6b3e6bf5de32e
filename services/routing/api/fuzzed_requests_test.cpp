// Requests that nobody would write, against the handlers in this process: every answer is a route, an explanation or a
// problem that names what is wrong; never an internal error, and none takes longer than its deadline leaves. 2,000 by
// default, a million with EVCOSTA_TEST_LONG=1; the seed is printed.
#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iterator>
#include <map>
#include <random>
#include <sstream>

#include "kit/base/json.hpp"
#include "kit/testing/run_task.hpp"
#include "services/routing/api/routes.hpp"
#include "services/routing/domain/imported/country_fixture_test.hpp"
#include "services/routing/domain/overlay_planner.hpp"
#include "services/routing/networks/load_network.hpp"

namespace evc::routing {
namespace {

using Words = std::vector<std::string>;

Words words(const char* text) {
  std::istringstream in(text);
  return {std::istream_iterator<std::string>(in), {}};
}

const Words kNames = words(
    "via vehicle soc minStopSoc minArrivalSoc maxChargeSoc objective connectors networks exclude avoidNetworks "
    "minPowerKw temperatureC windMps windFromDeg pois poiDetourSeconds locale overheadSeconds payloadKg maxSpeedKmh "
    "consumptionFactor departAt alternatives geometryFormat speed");
const Words kValues = words(
    "0 1 0.1 0.5 0.95 -1 1e9 1e-9 nan inf 12 60 100 200 en pt-BR food food,rest time money mixed:0.5 CCS2 Type2 true "
    "null place:sp-santos;dwell=600 -21.95,-45.95;dwell=600 -23.2,-45.9;dwell=1e9 tesla-model-3-lr polyline6 %00 ção "
    "2026-11-30T08:00:00-03:00 2026-13-30T08:00:00Z BR-SP-0001 , ;");
const Words kWrongPoints = words("place: place:nowhere 0,0 90,180 -91,0 1e308,1 nan,nan , -23.2,-44.7,3 -10,-40");

class Fuzzer {
 public:
  Fuzzer(std::uint64_t seed, Words points) : random_(seed), points_(std::move(points)) {}

  std::string query() {
    std::string text = "from=" + point() + "&to=" + point();
    for (std::size_t more = below(5); more > 0; --more) text += "&" + one_of(kNames) + "=" + one_of(kValues);
    return damaged(std::move(text));
  }
  std::string body() {
    static const char* const kForms[] = {"\"*\"", "*", "[\"*\"]", "[*]", "{\"x\":\"*\"}"};
    std::string text = "{\"from\":\"" + point() + "\",\"to\":\"" + point() + "\"";
    for (std::size_t more = below(5); more > 0; --more) {
      std::string form = kForms[below(std::size(kForms))];
      form.replace(form.find('*'), 1, one_of(kValues));
      text += ",\"" + one_of(kNames) + "\":" + form;
    }
    return damaged(text + "}");
  }
  std::size_t below(std::size_t limit) { return random_() % limit; }

 private:
  const std::string& one_of(const Words& list) { return list[below(list.size())]; }
  const std::string& point() { return one_of(below(8) == 0 ? kWrongPoints : points_); }

  std::string damaged(std::string text) {
    for (std::size_t hits = below(4) == 0 ? below(4) : 0; hits > 0 && !text.empty(); --hits) {
      const std::size_t at = below(text.size());
      if (below(3) == 0) {
        text.erase(at, 1 + below(5));
      } else if (below(2) == 0) {
        text[at] = static_cast<char>(random_());
      } else {
        text.insert(at, text.substr(below(text.size()), below(12)));
      }
    }
    return text;
  }

  std::mt19937_64 random_;
  Words points_;
};

// Of the whole process, whatever else the machine does; one request runs at a time.
double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

class FuzzedRequests : public ::testing::Test {
 protected:
  http::Response ask(Routes& routes, Fuzzer& fuzzer, std::chrono::milliseconds time) {
    RequestContext own = background_context(time);
    if (fuzzer.below(2) == 0) {
      const auto query = http::Query::parse(fuzzer.query());
      if (!query) return {.status = 400};
      http::Request request{.method = "GET", .query = *query};
      const bool drawn = fuzzer.below(8) == 0;
      return testing::run_task(worker, drawn ? routes.draw_route(own, request) : routes.find_route(own, request));
    }
    http::Request request{.method = "POST", .body = fuzzer.body()};
    request.headers.add("content-type", "application/json");
    return testing::run_task(worker, routes.find_route_by_body(own, request));
  }

  // A problem names its code; in time.
  void expect_answered(Routes& routes, Fuzzer& fuzzer) {
    // What waits for a processor that others have must not fail: the longest is long, and counts as the usual one.
    static constexpr std::chrono::milliseconds kTimes[] = {std::chrono::milliseconds(100), std::chrono::seconds(1),
                                                           std::chrono::seconds(60)};
    constexpr double kUsualSeconds = 4.5;
    const std::chrono::milliseconds time = kTimes[fuzzer.below(std::size(kTimes))];
    const double begin = cpu_seconds();
    const http::Response response = ask(routes, fuzzer, time);
    const double taken = cpu_seconds() - begin;
    slowest = std::max(slowest, taken);
    ASSERT_LE(taken, std::min(kUsualSeconds, std::chrono::duration<double>(time).count()));
    ++answers[response.status];
    const bool known = response.status == 200 || response.status == 400 || response.status == 422 ||
                       response.status == 404 || response.status == 503 || response.status == 504;
    ASSERT_TRUE(known) << response.status << ' ' << response.body;
    // Only when the time was too short for any search.
    ASSERT_TRUE(response.status < 500 || time <= std::chrono::seconds(1)) << response.body;
    if (response.status == 200 || response.body.empty()) return;
    const auto problem = json::parse(response.body);
    ASSERT_TRUE(problem) << response.body;
    ASSERT_TRUE(problem->as_object().contains("code")) << response.body;
  }

  Worker worker;
  std::vector<ev::Vehicle> vehicles = load_vehicles("data/vehicles.json").value();
  std::map<int, std::size_t> answers;
  double slowest = 0;
};

TEST_F(FuzzedRequests, AreAnsweredOrRefusedWithAReasonAndInTime) {
  const bool full = std::getenv("EVCOSTA_TEST_LONG") != nullptr;
  const auto seed = static_cast<std::uint64_t>(full ? std::random_device{}() : 1);
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  Fuzzer on_shipped(seed, words("place:sp-sao-paulo place:rj-paraty place:pr-curitiba -23.55,-46.63 -22,-46")),
      on_country(seed + 1, words("-22,-46 -21.98,-45.96 -21.96,-45.98 -21.94,-45.99 -21.99,-45.94"));
  const auto board = std::make_shared<StationBoard>();
  const auto pool = std::make_shared<CpuPool>(CpuPool::Options{.name = "search"});
  const imported::Country country(
      {.seed = 2, .side = 8, .stations = 5, .stretch = 10, .pois = 50, .hours = "Mo-Fr 08:00-20:00"});
  const auto of_country = std::make_shared<const LoadedNetwork>(
      LoadedNetwork{country.network(), std::make_shared<const OverlayPlanner>(country.network()), vehicles});
  Routes shipped(worker, {std::make_shared<LiveNetwork>(load_shipped("data/network", vehicles).value()), pool}, board),
      mapped(worker, {std::make_shared<LiveNetwork>(of_country), pool}, board);
  for (std::size_t i = 0; i < (full ? 1'000'000U : 2'000U); ++i) {
    const bool on_the_shipped = i % 64 == 0;
    expect_answered(on_the_shipped ? shipped : mapped, on_the_shipped ? on_shipped : on_country);
    if (HasFatalFailure()) FAIL() << "request " << i;
  }
  for (const auto& [status, count] : answers) std::printf("%d: %zu\n", status, count);
  std::printf("the slowest took %.3f s of CPU\n", slowest);
  EXPECT_GT(answers[200], 100U);
  EXPECT_GT(answers[422], 100U);
}

}  // namespace
}  // namespace evc::routing
