// Names of places as people type them: case and accents folded, the beginning of the name or of one of its words
// suffices, one wrong, missing, doubled or swapped letter is forgiven from four letters on, a state may stand at the
// end ("santos sp"). Best first: the whole name, the beginning of the name, of a word, then the same with a wrong
// letter; among equals the larger place. Built once, then read-only; some 100 bytes a name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace evc::routing {

// Lower case, Latin accents removed (Latin-1 and Extended-A), other characters than letters and digits become single
// spaces. Input is UTF-8; what is no Latin letter is dropped.
std::string fold(std::string_view text);

class PlaceIndex {
 public:
  struct Named {
    std::string_view name;
    std::string_view region;      // may be empty
    std::int64_t importance = 0;  // population, or what stands for it
  };
  explicit PlaceIndex(const std::vector<Named>& places);

  // At most `limit` numbers of places, as they were given.
  std::vector<std::uint32_t> find(std::string_view query, std::size_t limit) const;

 private:
  struct Entry {
    std::string name;  // folded
    std::string region;
    std::int64_t importance;
  };
  struct WordStart {
    std::uint32_t entry;
    std::uint32_t at;
  };
  struct Hit {
    int rank;
    std::uint32_t entry;
  };
  std::string_view text(const WordStart& start) const {
    return std::string_view(entries_[start.entry].name).substr(start.at);
  }
  using Range = std::pair<std::size_t, std::size_t>;
  Range starting_with(std::string_view prefix) const;
  bool wanted(std::uint32_t entry, std::string_view region) const {
    return region.empty() || entries_[entry].region == region;
  }
  void exact(std::string_view name, std::string_view region, std::vector<Hit>& hits) const;
  void forgiving(std::string_view name, std::string_view region, Range range, std::vector<Hit>& hits) const;

  std::vector<Entry> entries_;
  std::vector<WordStart> starts_;  // by the text from there on
};

}  // namespace evc::routing
