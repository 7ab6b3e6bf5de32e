// evcosta-route: the route engine's models from the command line, on files.
#include <charconv>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "services/routing/command/frvcp_command.hpp"
#include "services/routing/command/validate_command.hpp"

namespace evc::routing::command {
namespace {

constexpr const char* kUsage =
    "usage: evcosta-route frvcp INSTANCE.json NODE,NODE,… [--start Q] [--reserve Q] [--final-reserve Q]\n"
    "         where to charge on a fixed route, and how much: JSON on standard output; status 1 when it cannot be "
    "made\n";

std::string file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  if (!in) throw std::runtime_error("cannot read " + path);
  return text.str();
}

double number(const std::string& name, const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    throw std::invalid_argument(name + " needs a number");
  return value;
}

Outcome run_frvcp(const std::vector<std::string>& words) {
  FrvcpOptions options;
  std::vector<std::string> places;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::optional<double>* option = words[i] == "--start"           ? &options.start
                                    : words[i] == "--reserve"       ? &options.reserve
                                    : words[i] == "--final-reserve" ? &options.final_reserve
                                                                    : nullptr;
    if (option == nullptr) {
      places.push_back(words[i]);
      continue;
    }
    if (i + 1 == words.size()) throw std::invalid_argument(words[i] + " needs a number");
    *option = number(words[i], words[i + 1]);
    ++i;
  }
  if (places.size() != 2) throw std::invalid_argument("frvcp needs an instance and a route");
  return frvcp(file(places[0]), places[1], options);
}

Outcome run(const std::vector<std::string>& words) {
  if (words.empty()) throw std::invalid_argument("a command is missing");
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  if (words[0] == "frvcp") return run_frvcp(rest);
  if (words[0] == "validate") {
    if (rest.size() != 2) throw std::invalid_argument("validate needs rows and cycles");
    return validate(file(rest[0]), file(rest[1]));
  }
  throw std::invalid_argument("unknown command " + words[0]);
}

}  // namespace
}  // namespace evc::routing::command

int main(int argc, char** argv) {
  using namespace evc::routing::command;
  try {
    const Outcome outcome = run({argv + 1, argv + argc});
    std::fputs(outcome.out.c_str(), stdout);
    std::fputs(outcome.err.c_str(), stderr);
    return outcome.status;
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "evcosta-route: %s\n%s", error.what(), kUsage);
  } catch (const std::runtime_error& error) {
    std::fprintf(stderr, "evcosta-route: %s\n", error.what());
  }
  return kBadInput;
}
