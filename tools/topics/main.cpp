#include <charconv>
#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>

#include "tools/topics/provision.hpp"

namespace {

constexpr const char* kUsage =
    "usage: evcosta-topics --bootstrap HOST:PORT[,…] --tls-dir DIR --topics contracts/topics.yaml [--brokers N]\n"
    "                      [--readers-first SECONDS]\n"
    "Creates topics, access rules and quotas as the file says and waits until they take effect. DIR holds ca.pem and\n"
    "platform-admin.{crt,key}, and the principals' certificates for the final check. Safe to run again.\n"
    "--brokers: so many must be in the cluster first. --readers-first: no one may write before all groups have "
    "joined,\n"
    "or the time is over (for topics that are made again while services run).\n";

std::map<std::string, std::string> parse(int argc, char** argv) {
  std::map<std::string, std::string> flags{
      {"--bootstrap", ""}, {"--tls-dir", ""}, {"--topics", ""}, {"--brokers", "0"}, {"--readers-first", "0"}};
  for (int i = 1; i < argc; i += 2) {
    const auto flag = flags.find(argv[i]);
    if (flag == flags.end()) throw std::invalid_argument(std::string("unknown argument ") + argv[i]);
    if (i + 1 == argc) throw std::invalid_argument(std::string("a value is missing after ") + argv[i]);
    flag->second = argv[i + 1];
  }
  for (const auto& [name, value] : flags)
    if (value.empty()) throw std::invalid_argument(name + " is missing");
  return flags;
}

int number(const std::map<std::string, std::string>& flags, const std::string& name) {
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

int provision(const std::map<std::string, std::string>& flags) {
  const auto catalogue = evc::topics::load_topic_catalogue(flags.at("--topics"));
  const auto report = evc::topics::provision(
      catalogue, flags.at("--bootstrap"), flags.at("--tls-dir"),
      {.brokers = number(flags, "--brokers"), .readers_first = std::chrono::seconds(number(flags, "--readers-first"))});
  if (!report) {
    std::fprintf(stderr, "evcosta-topics: %s: %s\n", std::string(evc::info(report.error().code).name).c_str(),
                 report.error().detail.c_str());
    return 1;
  }
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
    return provision(parse(argc, argv));
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "evcosta-topics: %s\n%s", error.what(), kUsage);
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "evcosta-topics: %s\n", error.what());
    return 1;
  }
}
