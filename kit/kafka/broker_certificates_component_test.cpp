#include "kit/kafka/broker_certificates.hpp"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "kit/kafka/producer.hpp"
#include "kit/kafka/testing/broker.hpp"
#include "kit/testing/certificates.hpp"
#include "kit/testing/run_task.hpp"

namespace evc::kafka {
namespace {

using namespace std::chrono_literals;

// The serial number, in decimal, of what the broker shows to a new connection; empty when there is none.
std::string shown_serial() {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> connection(BIO_new_ssl_connect(context.get()), BIO_free_all);
  BIO_set_conn_hostname(connection.get(), std::getenv("EVC_TEST_KAFKA"));
  SSL* ssl = nullptr;
  BIO_get_ssl(connection.get(), &ssl);
  BIO_do_connect(connection.get());
  const X509* certificate = SSL_get0_peer_certificate(ssl);
  std::uint64_t serial = 0;
  if (!certificate || ASN1_INTEGER_get_uint64(&serial, X509_get0_serialNumber(certificate)) != 1) return "";
  return std::to_string(serial);
}

std::string content(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(BrokerCertificates, ABrokerShowsItsRenewedOneAndGoesOn) {
  if (!testing::broker_present()) GTEST_SKIP() << "run it under tools/testenv";
  const std::string dir = std::getenv("EVC_TEST_TLS_DIR");
  const auto topic = testing::fresh_topic("broker");
  Worker worker;
  Producer producer(worker, {.connect = testing::connect_as("platform-admin"), .topics = {topic}});
  const auto send = [&] { return evc::testing::run_task(worker, producer.send({{.topic = topic, .key = "k"}})); };
  ASSERT_TRUE(send());
  evc::testing::Certificates certificates(dir, {"kafka-broker"}, 3'600s);
  for (int round = 0; round < 2; ++round) {
    certificates.renew("kafka-broker");
    const auto base = certificates.dir() + "/kafka-broker";
    std::ofstream(dir + "/kafka-broker.pem.new") << content(base + ".key") << content(base + ".crt");
    std::filesystem::rename(dir + "/kafka-broker.pem.new", dir + "/kafka-broker.pem");
    const auto told = reload_broker_certificates(testing::connect_as("platform-admin"));
    ASSERT_TRUE(told) << told.error().detail;
    EXPECT_EQ(*told, 1);
    EXPECT_TRUE(
        evc::testing::run_until(worker, [&] { return shown_serial() == certificates.serial("kafka-broker"); }, 10s));
    EXPECT_TRUE(send()) << "who is connected stays so";
  }
  EXPECT_EQ(producer.rebuilds(), 0);
}

TEST(BrokerCertificates, WhoMayNotIsRefused) {
  if (!testing::broker_present()) GTEST_SKIP() << "run it under tools/testenv";
  const auto told = reload_broker_certificates(testing::connect_as("user"));
  ASSERT_FALSE(told);
  EXPECT_EQ(told.error().code, Code::kForbidden);
}

}  // namespace
}  // namespace evc::kafka
