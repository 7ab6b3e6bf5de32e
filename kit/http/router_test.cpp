#include "kit/http/router.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace evc::http {
namespace {

Task<Response> nothing(RequestContext&, Request&) {
  co_return Response::empty();
}

class RouterTest : public testing::Test {
 protected:
  void SetUp() override {
    router.add("GET", "/stations", nothing);
    router.add("GET", "/stations/events", nothing);
    router.add("GET", "/stations/{stationId}", nothing);
    router.add("DELETE", "/stations/{stationId}", nothing);
    router.add("POST", "/charging/{sessionId}/stop", nothing);
    router.add("GET", "/", nothing);
  }
  Result<Router::Match> match(std::string method, std::string path) {
    request = Request{.method = std::move(method), .path = std::move(path)};
    return router.match(request);
  }
  Router router;
  Request request;
};

TEST_F(RouterTest, LiteralsWinOverParameters) {
  ASSERT_TRUE(match("GET", "/stations/events"));
  EXPECT_EQ(request.route, "/stations/events");
  ASSERT_TRUE(match("GET", "/stations/BR-1"));
  EXPECT_EQ(request.route, "/stations/{stationId}");
  EXPECT_EQ(request.path_parameter("stationId").value(), "BR-1");
  EXPECT_FALSE(request.path_parameter("other"));
}

TEST_F(RouterTest, AParameterIsTriedWhenTheLiteralLacksTheMethod) {
  ASSERT_TRUE(match("DELETE", "/stations/events"));
  EXPECT_EQ(request.path_parameter("stationId").value(), "events");
}

TEST_F(RouterTest, UnknownPathsAreNotFound) {
  for (const char* path : {"/nothing", "/stations/", "/stations/a/b", "/charging//stop", "//", "/STATIONS"}) {
    const auto found = match("GET", path);
    ASSERT_FALSE(found) << path;
    EXPECT_EQ(found.error().code, Code::kNotFound) << path;
  }
}

TEST_F(RouterTest, OtherMethodsAreNotAllowedAndNamed) {
  const auto found = match("PUT", "/stations/x");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Code::kMethodNotAllowed);
  EXPECT_EQ(found.error().detail, "DELETE, GET");
}

TEST_F(RouterTest, HeadIsServedByGet) {
  EXPECT_TRUE(match("HEAD", "/stations"));
  EXPECT_FALSE(match("HEAD", "/charging/1/stop"));
  EXPECT_TRUE(match("GET", "/"));
}

TEST_F(RouterTest, ASubtreeTakesWhatIsBelowAndNothingElseWants) {
  router.add("GET", "/console/{path}", nothing, {.extent = Extent::kSubtree});
  router.add("GET", "/console/about", nothing);
  for (const auto& [path, below] : {std::pair{"/console/", ""},
                                    {"/console/a", "a"},
                                    {"/console/a/b.js", "a/b.js"},
                                    {"/console/a//", "a//"},
                                    {"/console/about/us", "about/us"}}) {
    ASSERT_TRUE(match("GET", path)) << path;
    EXPECT_EQ(request.route, "/console/{path}");
    EXPECT_EQ(request.path_parameter("path").value(), below);
  }
  ASSERT_TRUE(match("GET", "/console/about"));
  EXPECT_EQ(request.route, "/console/about");
  EXPECT_FALSE(match("GET", "/console"));
  const auto wrong = match("POST", "/console/a/b");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, Code::kMethodNotAllowed);
  EXPECT_TRUE(match("HEAD", "/console/a/b"));
  EXPECT_THROW(router.add("GET", "/x/y", nothing, {.extent = Extent::kSubtree}), std::logic_error);
}

TEST_F(RouterTest, ARouteGivenTwiceIsAStartFailure) {
  EXPECT_THROW(router.add("GET", "/stations/{other}", nothing), std::logic_error);
  EXPECT_EQ(router.routes().size(), 6U);
}

}  // namespace
}  // namespace evc::http
