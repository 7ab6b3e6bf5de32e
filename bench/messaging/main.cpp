#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

#include "bench/messaging/measurements.hpp"
#include "kit/kafka/testing/broker.hpp"

namespace evc::bench {
namespace {

constexpr const char* kUsage =
    "usage: tools/testenv --durable --only postgres,kafka bench_messaging latency|overhead|starvation|reemission\n"
    "  --rates 100,300,500  latency: events a second      --seconds N  of each step or phase (latency 20, else 5)\n"
    "  --pairs N            of alternated phases (10)     --events N   reemission (1000000)\n"
    "  --quota no           starvation without the quota  --reader both  starvation: a reader of both topics\n"
    "  --fill N             starvation: seconds of flood before the first pair (12)\n"
    "  --most-ms N          starvation: fail when the median rise of the p95 is above it\n"
    "  --result FILE        where the JSON goes, else to standard output, where the log goes, too\n"
    "What a person reads is on standard error.\n";

using Options = std::map<std::string, std::string>;

std::vector<double> numbers(const std::string& list) {
  std::vector<double> found;
  std::istringstream words(list);
  for (std::string each; std::getline(words, each, ',');) found.push_back(std::stod(each));
  return found;
}

json::Object measure(const std::string& what, const Options& options) {
  const auto number = [&options](const char* name, int otherwise) {
    const auto found = options.find(name);
    return found == options.end() ? otherwise : std::stoi(found->second);
  };
  const auto text = [&options](const char* name) {
    const auto found = options.find(name);
    return found == options.end() ? std::string() : found->second;
  };
  if (what == "latency")
    return latency(numbers(options.contains("--rates") ? options.at("--rates") : "100,300,500"),
                   std::chrono::seconds(number("--seconds", 20)));
  if (what == "overhead") return overhead(number("--pairs", 10), std::chrono::seconds(number("--seconds", 5)));
  if (what == "starvation")
    return starvation({.pairs = number("--pairs", 10),
                       .during = std::chrono::seconds(number("--seconds", 5)),
                       .fill = std::chrono::seconds(number("--fill", 12)),
                       .quota = text("--quota") == "no" ? Quota::kNone : Quota::kAsWritten,
                       .reader = text("--reader") == "both" ? Reader::kBothTopics : Reader::kPaymentsOnly});
  if (what == "reemission") return reemission(number("--events", 1'000'000));
  throw std::invalid_argument("there is no measurement " + what);
}

int run(int argc, char** argv) {
  if (argc < 2 || argc % 2 != 0) throw std::invalid_argument("a measurement and its options are expected");
  Options options;
  for (int i = 2; i < argc; i += 2) options[argv[i]] = argv[i + 1];
  if (!kafka::testing::broker_present()) throw std::invalid_argument("there are no servers");
  const auto result = measure(argv[1], options);
  // Standard output is the log's.
  if (const auto file = options.find("--result"); file != options.end())
    std::ofstream(file->second) << json::serialize(result) << "\n";
  else
    std::puts(json::serialize(result).c_str());
  const auto most = options.find("--most-ms");
  if (most == options.end() || result.at("medianRiseMs").to_number<double>() <= std::stod(most->second)) return 0;
  std::fprintf(stderr, "the median rise is above %s ms\n", most->second.c_str());
  return 1;
}

}  // namespace
}  // namespace evc::bench

int main(int argc, char** argv) {
  try {
    return evc::bench::run(argc, argv);
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "bench_messaging: %s\n%s", error.what(), evc::bench::kUsage);
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_messaging: %s\n", error.what());
    return 1;
  }
}
