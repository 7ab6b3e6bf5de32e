// The pictures of docs/guides/routing.md are what the service draws for the requests that stand beside them. A picture
// that is no longer true is drawn again by asking for it: curl … '/routing.svg?…' > docs/img/….
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "kit/testing/run_task.hpp"
#include "services/routing/api/routes.hpp"
#include "services/routing/networks/load_network.hpp"

namespace evc::routing {
namespace {

constexpr std::size_t kMostBytes = 60'000;

std::string file(const std::string& name) {
  std::ifstream in(name);
  EXPECT_TRUE(in) << name;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

struct Picture {
  std::string file, query;
};

// Of lines like: ![…](../img/routing-a-b.svg) `/routing.svg?from=…`
std::vector<Picture> pictures_of(const std::string& guide) {
  std::vector<Picture> pictures;
  const std::string image = "](../img/", asked = "`/routing.svg?";
  for (std::size_t at = guide.find(image); at != std::string::npos; at = guide.find(image, at + 1)) {
    const std::size_t name = at + image.size(), query = guide.find(asked, at) + asked.size();
    pictures.push_back({"docs/img/" + guide.substr(name, guide.find(')', name) - name),
                        guide.substr(query, guide.find('`', query) - query)});
  }
  return pictures;
}

TEST(GuidePictures, AreWhatTheServiceDraws) {
  Worker worker;
  const auto vehicles = load_vehicles("data/vehicles.json").value();
  Routes routes(worker,
                {.network = std::make_shared<const LiveNetwork>(load_shipped("data/network", vehicles).value()),
                 .pool = std::make_shared<CpuPool>(CpuPool::Options{.name = "search"})},
                std::make_shared<StationBoard>());
  const auto pictures = pictures_of(file("docs/guides/routing.md"));
  EXPECT_EQ(pictures.size(), 4U);
  for (const Picture& picture : pictures) {
    SCOPED_TRACE(picture.file + " of " + picture.query);
    http::Request request{.method = "GET", .query = http::Query::parse(picture.query).value()};
    RequestContext context;
    const http::Response response = evc::testing::run_task(worker, routes.draw_route(context, request));
    ASSERT_EQ(response.status, 200) << response.body;
    EXPECT_EQ(response.body, file(picture.file));
    EXPECT_LE(response.body.size(), kMostBytes);
  }
}

}  // namespace
}  // namespace evc::routing
