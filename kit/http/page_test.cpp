#include "kit/http/page.hpp"

#include <gtest/gtest.h>

namespace evc::http {
namespace {

Request asked(const std::string& name, const std::string& value) {
  Request request;
  request.query = Query::parse(name + "=" + value).value();
  return request;
}

TEST(Page, ACursorLeadsBackToItsRow) {
  const WallTime time{std::chrono::microseconds{1'790'000'000'123'456}};
  const Uuid id = uuid_v7();
  const auto position = read_page_cursor(asked("cursor", page_cursor(time, id)));
  ASSERT_TRUE(position);
  EXPECT_EQ(**position, (PagePosition{time, id}));
  EXPECT_FALSE(read_page_cursor(Request{}).value());
}

TEST(Page, WhatIsNoCursorOrLimitIsRefusedWithItsPlace) {
  for (const char* bad : {"", "AAAA", "!", "MTIz", "LjEyMw"}) {
    const auto position = read_page_cursor(asked("cursor", bad));
    ASSERT_FALSE(position) << bad;
    EXPECT_EQ(position.error().fields.at(0).pointer, "?cursor");
  }
  for (const char* bad : {"0", "201", "-1", "5x", "", "1.5", "99999999999999999999"}) {
    const auto limit = read_page_limit(asked("limit", bad));
    ASSERT_FALSE(limit) << bad;
    EXPECT_EQ(limit.error().fields.at(0).pointer, "?limit");
  }
  EXPECT_EQ(read_page_limit(asked("limit", "200")).value(), 200);
  EXPECT_EQ(read_page_limit(Request{}).value(), 50);
}

}  // namespace
}  // namespace evc::http
