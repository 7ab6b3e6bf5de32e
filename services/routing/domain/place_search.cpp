#include "services/routing/domain/place_search.hpp"

#include <algorithm>
#include <cstdint>
#include <ranges>
#include <tuple>

namespace evc::routing {
namespace {

// The base letters of U+00C0 to U+00FF, in order; a space where there is none.
constexpr std::string_view kLatin1Base = "aaaaaaaceeeeiiiidnooooo ouuuuypsaaaaaaaceeeeiiiidnooooo ouuuuypy";
static_assert(kLatin1Base.size() == 64);

bool starts_a_word(const std::string& name, std::string_view part) {
  for (std::size_t at = name.find(part); at != std::string::npos; at = name.find(part, at + 1)) {
    if (at == 0 || name[at - 1] == ' ') return true;
  }
  return false;
}

}  // namespace

std::string fold(std::string_view text) {
  std::string out;
  const auto put = [&](char c) {
    if (c != ' ' || (!out.empty() && out.back() != ' ')) out.push_back(c);
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(text[i]);
    if (byte < 0x80) {
      const bool upper = byte >= 'A' && byte <= 'Z';
      const bool plain = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9');
      put(upper ? static_cast<char>(byte + 32) : plain ? static_cast<char>(byte) : ' ');
    } else if (byte == 0xC3 && i + 1 < text.size()) {
      const auto next = static_cast<std::uint8_t>(text[++i]);
      if (next >= 0x80 && next <= 0xBF) put(kLatin1Base[next - 0x80]);
    } else if (byte == 0xCC || byte == 0xCD) {
      ++i;  // a combining accent
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

PlaceSearch::PlaceSearch(const Network& network) {
  for (std::size_t i = 0; i < network.places().size(); ++i) {
    const Place& place = network.places()[i];
    entries_.push_back({fold(place.name), fold(place.state), place.population, static_cast<NodeId>(i)});
  }
}

std::vector<NodeId> PlaceSearch::find(std::string_view query, std::size_t limit) const {
  const std::string whole = fold(query);
  if (whole.empty()) return {};
  std::string name = whole, state;
  if (const std::size_t space = whole.rfind(' '); space != std::string::npos && whole.size() - space == 3) {
    name = whole.substr(0, space);
    state = whole.substr(space + 1);
  }
  struct Hit {
    int rank;
    std::int64_t population;
    NodeId node;
  };
  std::vector<Hit> hits;
  for (const Entry& entry : entries_) {
    const std::string& wanted = !state.empty() && entry.state == state ? name : whole;
    if (!starts_a_word(entry.name, wanted)) continue;
    hits.push_back({entry.name == wanted ? 0 : entry.name.starts_with(wanted) ? 1 : 2, entry.population, entry.node});
  }
  std::ranges::sort(hits, [](const Hit& a, const Hit& b) {
    return std::tuple(a.rank, -a.population, a.node) < std::tuple(b.rank, -b.population, b.node);
  });
  std::vector<NodeId> nodes;
  for (const Hit& hit : hits | std::views::take(limit)) nodes.push_back(hit.node);
  return nodes;
}

}  // namespace evc::routing
