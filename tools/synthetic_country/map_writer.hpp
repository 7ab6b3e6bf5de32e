// The order that a map file wants: nodes as they come, ways and relations kept until the end. Ids count from 1. One
// file per object; finish() ends it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace evc::synthetic {

using TagList = std::vector<std::pair<std::string, std::string>>;

struct Degrees {
  double lat = 0;
  double lon = 0;
};

class MapWriter {
 public:
  explicit MapWriter(const std::string& path);
  ~MapWriter();

  std::int64_t node(Degrees position, const TagList& tags = {});
  std::int64_t way(std::vector<std::int64_t> nodes, TagList tags);
  void restriction(std::int64_t from_way, std::int64_t via_node, std::int64_t to_way, std::string kind);
  void finish();

  std::uint64_t nodes() const { return nodes_; }
  std::uint64_t ways() const;
  std::uint64_t restrictions() const;

 private:
  struct File;
  std::unique_ptr<File> file_;
  std::uint64_t nodes_ = 0;
};

}  // namespace evc::synthetic
