// The console's files as a browser gets them, without a socket.
#include <gtest/gtest.h>

#include <filesystem>

#include "kit/testing/temporary_folder.hpp"
#include "services/gateway/console/console.hpp"

namespace evc::gateway {
namespace {

using testing::TemporaryFolder;

class ConsoleTest : public ::testing::Test {
 protected:
  ConsoleTest() {
    std::filesystem::create_directories(folder_.path("dist/assets"));
    write("index.html", "<!doctype html><title>console</title>");
    write("assets/app-1a2b.js", "console.log('a long script')");
    write("assets/app-1a2b.js.gz", "gzipped");
    write("assets/app-1a2b.js.br", "brotli");
    write("icon.svg", "<svg/>");
    write(".secret", "hidden");
    folder_.write("outside.txt", "outside");
    std::filesystem::create_symlink(folder_.path("outside.txt"), folder_.path("dist/link.txt"));
  }
  void write(const std::string& name, std::string_view bytes) { folder_.write("dist/" + name, bytes); }

  http::Response get(const std::string& path, std::string_view header = "", std::string_view value = "") {
    if (!console_) console_.emplace(folder_.path("dist"));
    http::Request request{.method = "GET", .path = "/console/" + path, .path_parameters = {{"path", path}}};
    if (!header.empty()) request.headers.add(header, value);
    return console_->answer(context_, request);
  }
  static std::string_view header(const http::Response& response, std::string_view name) {
    return response.headers.get(name).value_or("");
  }

  TemporaryFolder folder_;
  std::optional<Console> console_;
  RequestContext context_;
};

TEST_F(ConsoleTest, FilesComeWithWhatABrowserMustKnow) {
  const auto page = get("");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.body, "<!doctype html><title>console</title>");
  EXPECT_EQ(header(page, "Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(header(page, "Cache-Control"), "no-cache");
  const std::string policy(header(page, "Content-Security-Policy"));
  EXPECT_TRUE(policy.starts_with("default-src 'self'; script-src 'self';")) << policy;
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
  for (const char* name : {"Permissions-Policy", "Cross-Origin-Opener-Policy", "Referrer-Policy", "ETag", "Vary"})
    EXPECT_TRUE(page.headers.contains(name)) << name;
  const auto script = get("assets/app-1a2b.js");
  EXPECT_EQ(header(script, "Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(header(script, "Content-Type"), "text/javascript; charset=utf-8");
}

TEST_F(ConsoleTest, PagesOfTheConsoleAreItsIndex) {
  for (const char* page : {"stations", "stations/BR-1/sessions", "ops/"}) {
    EXPECT_EQ(get(page).body, "<!doctype html><title>console</title>") << page;
    EXPECT_EQ(header(get(page), "Cache-Control"), "no-cache");
  }
}

TEST_F(ConsoleTest, WhatLooksLikeAFileAndIsNoneIsNotFound) {
  for (const char* path :
       {"missing.js", "assets/app-old.js", "assets/", "assets", "stations/x.png", ".secret", "link.txt",
        "assets/app-1a2b.js.br", "../outside.txt", "assets/../../outside.txt", "/etc/passwd"}) {
    const auto answer = get(path);
    const bool index = answer.body == "<!doctype html><title>console</title>";
    EXPECT_TRUE(answer.status == 404 || index) << path << " " << answer.status;
    EXPECT_EQ(answer.body.find("outside\n"), std::string::npos);
    EXPECT_NE(answer.body, "outside") << path;
    EXPECT_NE(answer.body, "hidden") << path;
    EXPECT_NE(answer.body, "brotli") << path;
  }
  EXPECT_EQ(get("missing.js").status, 404);
  EXPECT_EQ(get("assets/app-old.js").status, 404);
  EXPECT_EQ(get("link.txt").status, 404);
  EXPECT_EQ(get(".secret").status, 404);
}

TEST_F(ConsoleTest, TheFormThatTheBrowserTakes) {
  const auto brotli = get("assets/app-1a2b.js", "Accept-Encoding", "gzip, br");
  EXPECT_EQ(brotli.body, "brotli");
  EXPECT_EQ(header(brotli, "Content-Encoding"), "br");
  EXPECT_EQ(get("assets/app-1a2b.js", "Accept-Encoding", "gzip").body, "gzipped");
  const auto plain = get("assets/app-1a2b.js");
  EXPECT_EQ(plain.body, "console.log('a long script')");
  EXPECT_NE(header(plain, "ETag"), header(brotli, "ETag")) << "each form is a thing of its own";
  EXPECT_EQ(header(get("icon.svg", "Accept-Encoding", "br"), "Content-Encoding"), "");
}

TEST_F(ConsoleTest, WhatTheBrowserHasIsNotSentAgain) {
  const std::string tag(header(get(""), "ETag"));
  for (const std::string& list : {tag, "W/" + tag, "\"other\", " + tag, std::string("*")}) {
    const auto answer = get("", "If-None-Match", list);
    EXPECT_EQ(answer.status, 304) << list;
    EXPECT_TRUE(answer.body.empty());
    EXPECT_EQ(header(answer, "ETag"), tag);
  }
  EXPECT_EQ(get("", "If-None-Match", "\"other\"").status, 200);
  EXPECT_EQ(get("", "If-None-Match", "x" + tag).status, 200);
}

TEST_F(ConsoleTest, LookingAgainFindsANewBuildAndKeepsTheOldOneWhenThereIsNone) {
  get("");
  write("index.html", "<!doctype html>second");
  EXPECT_EQ(get("").body, "<!doctype html><title>console</title>");
  console_->reload();
  EXPECT_EQ(get("").body, "<!doctype html>second");
  std::filesystem::remove_all(folder_.path("dist"));
  console_->reload();
  EXPECT_EQ(get("").body, "<!doctype html>second");
}

TEST(Encodings, TheSmallestThatIsAtHandAndWanted) {
  const EncodingsAtHand both{.gzip = true, .brotli = true};
  EXPECT_EQ(choose_encoding("gzip, deflate, br", both), Encoding::kBrotli);
  EXPECT_EQ(choose_encoding("gzip, br;q=0.5", both), Encoding::kGzip);
  EXPECT_EQ(choose_encoding("gzip, br", {.gzip = true}), Encoding::kGzip);
  EXPECT_EQ(choose_encoding("gzip;q=0, br;q=0", both), Encoding::kIdentity);
  EXPECT_EQ(choose_encoding("", both), Encoding::kIdentity);
  EXPECT_EQ(choose_encoding("br", {}), Encoding::kIdentity);
}

TEST(ConsoleWithoutFiles, SaysThatItIsNotInstalled) {
  const Console console("/nowhere/at/all");
  RequestContext context;
  const auto answer = console.answer(context, {.method = "GET", .path = "/console/"});
  EXPECT_EQ(answer.status, 404);
  EXPECT_NE(answer.body.find("console-not-installed"), std::string::npos);
}

}  // namespace
}  // namespace evc::gateway
