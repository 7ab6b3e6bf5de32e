#include <charconv>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "kit/kafka/broker_certificates.hpp"
#include "tools/topics/provision.hpp"

namespace {

constexpr const char* kUsage =
    "usage: evcosta-topics --bootstrap HOST:PORT[,…] --tls-dir DIR --topics contracts/topics.yaml [--brokers N]\n"
    "                      [--readers-first SECONDS]\n"
    "Creates topics, access rules and quotas as the file says and waits until they take effect. DIR holds ca.pem and\n"
    "platform-admin.{crt,key}, and the principals' certificates for the final check. Safe to run again.\n"
    "--brokers: so many must be in the cluster first. --readers-first: no one may write before all groups have "
    "joined,\n"
    "or the time is over (for topics that are made again while services run).\n"
    "       evcosta-topics renew-certificates --bootstrap HOST:PORT[,…] --tls-dir DIR\n"
    "Tells each broker to read its certificate again.\n";

using Flags = std::map<std::string, std::string>;

Flags parse(const std::vector<std::string>& words, Flags flags) {
  for (std::size_t i = 0; i < words.size(); i += 2) {
    const auto flag = flags.find(words[i]);
    if (flag == flags.end()) throw std::invalid_argument("unknown argument " + words[i]);
    if (i + 1 == words.size()) throw std::invalid_argument("a value is missing after " + words[i]);
    flag->second = words[i + 1];
  }
  for (const auto& [name, value] : flags)
    if (value.empty()) throw std::invalid_argument(name + " is missing");
  return flags;
}

int failed(const evc::Error& error) {
  std::fprintf(stderr, "evcosta-topics: %s: %s\n", std::string(evc::info(error.code).name).c_str(),
               error.detail.c_str());
  return 1;
}

int renew_certificates(const Flags& flags) {
  const auto brokers = evc::kafka::reload_broker_certificates(
      {.bootstrap = flags.at("--bootstrap"),
       .identity = std::make_shared<evc::net::Identity>(evc::net::tls_files(flags.at("--tls-dir"), "platform-admin")),
       .client_id = "topics-platform-admin"});
  if (!brokers) return failed(brokers.error());
  std::printf("brokers that have read their certificate again: %d\n", *brokers);
  return 0;
}

int number(const Flags& flags, const std::string& name) {
  const auto& text = flags.at(name);
  int value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size() || value < 0 || value > 600)
    throw std::invalid_argument(name + " must be a number from 0 to 600");
  return value;
}

std::string listed(const std::string& what, const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "; " + what + ": " : ", ") + name;
  return text;
}

int provision(const Flags& flags) {
  const auto catalogue = evc::topics::load_topic_catalogue(flags.at("--topics"));
  const auto report = evc::topics::provision(
      catalogue, flags.at("--bootstrap"), flags.at("--tls-dir"),
      {.brokers = number(flags, "--brokers"), .readers_first = std::chrono::seconds(number(flags, "--readers-first"))});
  if (!report) return failed(report.error());
  const auto remarks =
      listed("has not joined", report->not_joined) + listed("no certificate to try", report->not_probed);
  std::printf(
      "topics: %zu (%zu created, %zu altered), access rules: %zu (%zu added, %zu removed), "
      "quotas: %zu (%zu changed), in effect%s\n",
      report->topics, report->created, report->altered, report->rules, report->added, report->removed, report->quotas,
      report->quotas_changed, remarks.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    std::vector<std::string> words(argv + 1, argv + argc);
    if (!words.empty() && words.front() == "renew-certificates") {
      words.erase(words.begin());
      return renew_certificates(parse(words, {{"--bootstrap", ""}, {"--tls-dir", ""}}));
    }
    return provision(parse(
        words,
        {{"--bootstrap", ""}, {"--tls-dir", ""}, {"--topics", ""}, {"--brokers", "0"}, {"--readers-first", "0"}}));
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "evcosta-topics: %s\n%s", error.what(), kUsage);
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "evcosta-topics: %s\n", error.what());
    return 1;
  }
}
