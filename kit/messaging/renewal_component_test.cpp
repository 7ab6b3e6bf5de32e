// Certificates of a few seconds' life, renewed under load: relay, inbox and their pools take each new one over, and
// every event has its effect once and in order.
#include <gtest/gtest.h>

#include <set>

#include "kit/messaging/testing/consumer_side.hpp"
#include "kit/messaging/testing/outbox_side.hpp"
#include "kit/testing/certificates.hpp"

namespace evc::messaging {
namespace {

using namespace std::chrono_literals;

constexpr auto kLife = 8s;
constexpr int kRenewals = 4;

std::shared_ptr<net::Identity> identity_of(const evc::testing::Certificates& certificates) {
  return std::make_shared<net::Identity>(net::tls_files(certificates.dir(), "platform-admin"));
}

TEST(Renewal, CertificatesOfAFewSecondsCostNoEvent) {
  if (!kafka::testing::broker_present()) GTEST_SKIP() << "run it under tools/testenv";
  evc::testing::Certificates certificates(std::getenv("EVC_TEST_TLS_DIR"), {"platform-admin"}, kLife);
  Worker worker;
  const auto identity = identity_of(certificates);
  testing::OutboxSide producer(worker, kafka::testing::fresh_topic("renewal", 2), identity);
  testing::ConsumerSide consumer(worker, producer.topic(), identity);
  producer.start_relay();
  consumer.start();

  int written = 0;
  const auto write = [&](int count) {
    for (const char* key : {"a", "b", "c"}) producer.append(key, written + 1, written + count + 1);
    written += count;
  };
  std::set<std::string> serials;
  for (int renewal = 0; renewal < kRenewals; ++renewal) {
    const auto next = std::chrono::steady_clock::now() + kLife / 2;
    while (std::chrono::steady_clock::now() < next) {
      write(2);
      ASSERT_TRUE(evc::testing::run_until(worker, [turns = 0]() mutable { return ++turns > 20; }));
    }
    serials.insert(certificates.serial("platform-admin"));
    certificates.renew("platform-admin");
  }
  const auto newest = certificates.serial("platform-admin");
  // Everybody has the newest one before the last events are written.
  const auto in_use =
      "SELECT count(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname IN (current_database(), '" +
      producer.database().name() + "') AND application_name IN ('test', 'relay') AND client_serial <> " + newest;
  ASSERT_TRUE(consumer.becomes(in_use, "0"));
  write(5);
  const auto total = std::to_string(3 * written);
  ASSERT_TRUE(consumer.becomes("SELECT count(*) FROM effect", total, 30s));
  EXPECT_EQ(consumer.database().value("SELECT count(DISTINCT event_id) FROM effect"), total);
  EXPECT_EQ(
      consumer.database().value("SELECT bool_and(n = place)::text FROM (SELECT n, row_number() OVER (PARTITION BY "
                                "key ORDER BY id) AS place FROM effect) AS e"),
      "true");
  EXPECT_EQ(consumer.database().value("SELECT count(*) FROM dead_letter"), "0");
  EXPECT_EQ(serials.size(), static_cast<std::size_t>(kRenewals));
  EXPECT_TRUE(producer.relay().health());
  EXPECT_TRUE(consumer.inbox().health());
  std::printf("%d renewals of certificates that live %lld s, %s events\n", kRenewals,
              static_cast<long long>(kLife.count()), total.c_str());
  consumer.stop();
  producer.stop_relay();
}

}  // namespace
}  // namespace evc::messaging
