// evcosta-synthetic-country: a made-up map of any size, for measuring what real ones of that size would cost.
#include <charconv>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "tools/synthetic_country/country.hpp"

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const char* usage = "usage: evcosta-synthetic-country FILE.osm.pbf [--nodes N] [--stations N] [--seed N]\n";
  evc::synthetic::CountryOptions options;
  bool understood = !words.empty() && !words[0].starts_with("--") && words.size() % 2 == 1;
  for (std::size_t i = 1; understood && i < words.size(); i += 2) {
    std::uint64_t* target = words[i] == "--nodes"      ? &options.nodes
                            : words[i] == "--stations" ? &options.stations
                            : words[i] == "--seed"     ? &options.seed
                                                       : nullptr;
    const char *begin = words[i + 1].data(), *end = begin + words[i + 1].size();
    understood = target != nullptr && std::from_chars(begin, end, *target).ptr == end && end != begin;
  }
  if (!understood || options.nodes < 1'000 || options.nodes > 100'000'000) {
    std::cerr << usage << "from 1,000 to 100,000,000 nodes\n";
    return 2;
  }
  try {
    const auto size = evc::synthetic::write_country(words[0], options);
    std::cout << words[0] << ": " << size.nodes << " nodes, " << size.ways << " ways, " << size.towns << " towns, "
              << size.stations << " stations, " << size.restrictions << " turn restrictions, seed " << options.seed
              << "\n";
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "evcosta-synthetic-country: " << error.what() << "\n";
    return 1;
  }
}
