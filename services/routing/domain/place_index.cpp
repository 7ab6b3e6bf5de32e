#include "services/routing/domain/place_index.hpp"

#include <algorithm>
#include <tuple>

namespace evc::routing {
namespace {

constexpr std::size_t kForgivenFrom = 4;  // letters

// The base letters of U+00C0 to U+00FF and of U+0100 to U+017F, in order; a space where there is none.
constexpr std::string_view kLatin1Base = "aaaaaaaceeeeiiiidnooooo ouuuuypsaaaaaaaceeeeiiiidnooooo ouuuuypy";
constexpr std::string_view kExtendedBase =
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiiiiijjkkklllllll"
    "lllnnnnnnnnnoooooooorrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
static_assert(kLatin1Base.size() == 64 && kExtendedBase.size() == 128);

// How well a name fits; smaller is better.
enum Rank { kWhole, kBeginning, kWord, kWholeForgiven, kBeginningForgiven, kWordForgiven };

// Whether the typed text, with at most one letter changed, left out, added or swapped with the next, begins `text`.
// `length` is how much of the text it covers.
struct Fit {
  bool fits = false;
  std::size_t length = 0;
};
Fit begins_forgiving(std::string_view typed, std::string_view text) {
  std::size_t i = 0;
  while (i < typed.size() && i < text.size() && typed[i] == text[i]) ++i;
  if (i == typed.size()) return {true, i};
  const auto rest = [&](std::size_t typed_at, std::size_t text_at) -> Fit {
    if (typed_at > typed.size() || text_at > text.size()) return {};
    const std::string_view left = typed.substr(typed_at);
    return {text.substr(text_at).starts_with(left), text_at + left.size()};
  };
  Fit best;
  const auto consider = [&](Fit fit) {
    if (fit.fits && (!best.fits || fit.length > best.length)) best = fit;
  };
  consider(rest(i + 1, i + 1));
  consider(rest(i, i + 1));
  consider(rest(i + 1, i));
  if (i + 1 < typed.size() && i + 1 < text.size() && typed[i] == text[i + 1] && typed[i + 1] == text[i])
    consider(rest(i + 2, i + 2));
  return best;
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
    } else if ((byte >= 0xC3 && byte <= 0xC5) && i + 1 < text.size()) {
      const auto next = static_cast<std::uint8_t>(text[++i]);
      if (next < 0x80 || next > 0xBF) continue;
      put(byte == 0xC3 ? kLatin1Base[next - 0x80] : kExtendedBase[(byte - 0xC4) * 64 + next - 0x80]);
    } else if (byte == 0xCC || byte == 0xCD) {
      ++i;  // a combining accent
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

PlaceIndex::PlaceIndex(const std::vector<Named>& places) {
  entries_.reserve(places.size());
  for (const Named& place : places) {
    const auto number = static_cast<std::uint32_t>(entries_.size());
    entries_.push_back({fold(place.name), fold(place.region), place.importance});
    const std::string& name = entries_.back().name;
    for (std::size_t at = 0; at < name.size(); ++at)
      if (at == 0 || name[at - 1] == ' ') starts_.push_back({number, static_cast<std::uint32_t>(at)});
  }
  std::ranges::sort(starts_, [this](const WordStart& a, const WordStart& b) {
    return std::tuple(text(a), a.entry, a.at) < std::tuple(text(b), b.entry, b.at);
  });
}

PlaceIndex::Range PlaceIndex::starting_with(std::string_view prefix) const {
  const auto head = [&](const WordStart& start) { return text(start).substr(0, prefix.size()); };
  const auto range = std::ranges::equal_range(starts_, prefix, {}, head);
  return {static_cast<std::size_t>(range.begin() - starts_.begin()),
          static_cast<std::size_t>(range.end() - starts_.begin())};
}

void PlaceIndex::exact(std::string_view name, std::string_view region, std::vector<Hit>& hits) const {
  const auto [begin, end] = starting_with(name);
  for (std::size_t i = begin; i < end; ++i) {
    const WordStart& start = starts_[i];
    if (!wanted(start.entry, region)) continue;
    const bool whole = entries_[start.entry].name.size() == name.size();
    hits.push_back({start.at > 0 ? kWord : whole ? kWhole : kBeginning, start.entry});
  }
}

void PlaceIndex::forgiving(std::string_view name, std::string_view region, Range range, std::vector<Hit>& hits) const {
  for (std::size_t i = range.first; i < range.second; ++i) {
    const WordStart& start = starts_[i];
    const Fit fit = begins_forgiving(name, text(start));
    if (!fit.fits || !wanted(start.entry, region)) continue;
    const bool whole = entries_[start.entry].name.size() <= fit.length;
    hits.push_back({start.at > 0 ? kWordForgiven : whole ? kWholeForgiven : kBeginningForgiven, start.entry});
  }
}

std::vector<std::uint32_t> PlaceIndex::find(std::string_view query, std::size_t limit) const {
  const std::string whole = fold(query);
  if (whole.empty()) return {};
  std::string_view name = whole, region;
  if (const std::size_t space = whole.rfind(' '); space != std::string::npos) {
    name = std::string_view(whole).substr(0, space);
    region = std::string_view(whole).substr(space + 1);
  }
  std::vector<Hit> hits;
  exact(whole, {}, hits);
  if (!region.empty()) exact(name, region, hits);
  // The wrong letter is mostly not among the first ones; only when nothing else is found every word is looked at.
  const auto forgive = [&](std::string_view typed, std::string_view of_region, bool everywhere) {
    if (typed.size() < kForgivenFrom) return;
    const Range all{0, starts_.size()};
    forgiving(typed, of_region, everywhere ? all : starting_with(typed.substr(0, typed.size() / 2)), hits);
  };
  for (const bool everywhere : {false, true}) {
    if (hits.size() >= limit || (everywhere && !hits.empty())) break;
    forgive(whole, {}, everywhere);
    if (!region.empty()) forgive(name, region, everywhere);
  }
  const auto before = [this](const Hit& a, const Hit& b) {
    return std::tuple(a.rank, -entries_[a.entry].importance, a.entry) <
           std::tuple(b.rank, -entries_[b.entry].importance, b.entry);
  };
  std::ranges::sort(hits, before);
  std::vector<std::uint32_t> found;
  for (const Hit& hit : hits) {
    if (found.size() == limit) break;
    if (std::ranges::find(found, hit.entry) == found.end()) found.push_back(hit.entry);
  }
  return found;
}

}  // namespace evc::routing
