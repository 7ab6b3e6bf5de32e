#include "kit/redis/resp.hpp"

#include <gtest/gtest.h>

#include "kit/redis/link.hpp"

namespace evc::redis {
namespace {

TEST(Resp, ACommandIsAnArrayOfBinaryStrings) {
  std::string bytes;
  append_command(bytes, {"SET", "key", std::string("\r\n\0", 3)});
  append_command(bytes, {"PING"});
  EXPECT_EQ(bytes, std::string("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$3\r\n\r\n\0\r\n*1\r\n$4\r\nPING\r\n", 45));
}

TEST(Resp, EveryKindOfReplyIsRead) {
  RespReader reader;
  ASSERT_TRUE(reader.feed("+OK\r\n-ERR no\r\n:42\r\n$-1\r\n$3\r\na\r\n\r\n*2\r\n:1\r\n*1\r\n$1\r\nx\r\n"));
  const auto next = [&reader] { return std::move(**reader.next()); };
  Reply reply = next();
  EXPECT_EQ(reply.kind, Reply::Kind::kStatus);
  EXPECT_EQ(reply.text, "OK");
  reply = next();
  EXPECT_EQ(reply.kind, Reply::Kind::kError);
  EXPECT_EQ(reply.text, "ERR no");
  EXPECT_EQ(next().integer, 42);
  EXPECT_EQ(next().kind, Reply::Kind::kNil);
  EXPECT_EQ(next().text, "a\r\n");
  reply = next();
  ASSERT_EQ(reply.elements.size(), 2U);
  EXPECT_EQ(reply.elements[1].elements.at(0).text, "x");
  auto nothing = reader.next();
  ASSERT_TRUE(nothing);
  EXPECT_FALSE(nothing->has_value());
}

TEST(Resp, AReplyMayComeByteByByte) {
  const std::string whole = "*2\r\n$2\r\nab\r\n:7\r\n";
  RespReader reader;
  for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
    ASSERT_TRUE(reader.feed(whole.substr(i, 1)));
    auto none = reader.next();
    ASSERT_TRUE(none);
    EXPECT_FALSE(none->has_value()) << i;
  }
  ASSERT_TRUE(reader.feed(whole.substr(whole.size() - 1)));
  auto reply = reader.next();
  ASSERT_TRUE(reply && *reply);
  EXPECT_EQ((*reply)->elements.at(1).integer, 7);
}

TEST(Resp, WhatIsNoRespIsRefused) {
  RespReader reader;
  ASSERT_TRUE(reader.feed("HTTP/1.1 400 Bad Request\r\n"));
  auto reply = reader.next();
  ASSERT_FALSE(reply);
  EXPECT_EQ(reply.error().code, Code::kProtocolError);
}

TEST(ReconnectPause, GrowsAndStaysBelowASecond) {
  EXPECT_EQ(reconnect_pause(0).count(), 0);
  for (int failures = 1; failures < 100; ++failures) {
    const auto pause = reconnect_pause(failures).count();
    const auto whole = std::min(1'000L, 50L << std::min(failures - 1, 5));
    EXPECT_GE(pause, whole / 2);
    EXPECT_LE(pause, whole);
  }
}

}  // namespace
}  // namespace evc::redis
