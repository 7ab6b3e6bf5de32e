#include "tools/synthetic_country/map_writer.hpp"

#include <osmium/builder/attr.hpp>
#include <osmium/io/any_output.hpp>
#include <osmium/memory/buffer.hpp>

namespace evc::synthetic {
namespace {

constexpr std::size_t kBufferBytes = 4 << 20;

struct Way {
  std::uint64_t first_node = 0;
  std::uint32_t tags = 0;
};

struct TurnRelation {
  std::int64_t from, via, to;
  std::string kind;
};

}  // namespace

struct MapWriter::File {
  explicit File(const std::string& path)
      : writer(osmium::io::File(path), osmium::io::overwrite::allow), buffer(kBufferBytes) {}

  void flush_when_full() {
    if (buffer.committed() + kBufferBytes / 8 > buffer.capacity()) flush();
  }
  void flush() {
    osmium::memory::Buffer full(kBufferBytes);
    std::swap(full, buffer);
    writer(std::move(full));
  }

  osmium::io::Writer writer;
  osmium::memory::Buffer buffer;
  std::vector<Way> ways;
  std::vector<std::int64_t> way_nodes;
  std::vector<TagList> tag_lists;
  std::vector<TurnRelation> turns;
};

MapWriter::MapWriter(const std::string& path) : file_(std::make_unique<File>(path)) {}
MapWriter::~MapWriter() = default;

std::uint64_t MapWriter::ways() const {
  return file_->ways.size();
}
std::uint64_t MapWriter::restrictions() const {
  return file_->turns.size();
}

std::int64_t MapWriter::node(Degrees position, const TagList& tags) {
  using namespace osmium::builder::attr;
  const auto id = static_cast<std::int64_t>(++nodes_);
  osmium::builder::add_node(file_->buffer, _id(id), _version(1), _location(position.lon, position.lat), _tags(tags));
  file_->flush_when_full();
  return id;
}

std::int64_t MapWriter::way(std::vector<std::int64_t> nodes, TagList tags) {
  file_->ways.push_back({file_->way_nodes.size(), static_cast<std::uint32_t>(file_->tag_lists.size())});
  file_->way_nodes.insert(file_->way_nodes.end(), nodes.begin(), nodes.end());
  // Most streets have the tags of the one before.
  if (!file_->tag_lists.empty() && file_->tag_lists.back() == tags) {
    --file_->ways.back().tags;
  } else {
    file_->tag_lists.push_back(std::move(tags));
  }
  return static_cast<std::int64_t>(file_->ways.size());
}

void MapWriter::restriction(std::int64_t from_way, std::int64_t via_node, std::int64_t to_way, std::string kind) {
  file_->turns.push_back({from_way, via_node, to_way, std::move(kind)});
}

void MapWriter::finish() {
  using namespace osmium::builder::attr;
  File& file = *file_;
  for (std::size_t i = 0; i < file.ways.size(); ++i) {
    const std::uint64_t end = i + 1 < file.ways.size() ? file.ways[i + 1].first_node : file.way_nodes.size();
    const std::vector<osmium::object_id_type> nodes(
        file.way_nodes.begin() + static_cast<std::ptrdiff_t>(file.ways[i].first_node),
        file.way_nodes.begin() + static_cast<std::ptrdiff_t>(end));
    osmium::builder::add_way(file.buffer, _id(static_cast<std::int64_t>(i + 1)), _version(1), _nodes(nodes),
                             _tags(file.tag_lists[file.ways[i].tags]));
    file.flush_when_full();
  }
  std::int64_t id = 0;
  for (const TurnRelation& turn : file.turns) {
    osmium::builder::add_relation(
        file.buffer, _id(++id), _version(1), _member(osmium::item_type::way, turn.from, "from"),
        _member(osmium::item_type::node, turn.via, "via"), _member(osmium::item_type::way, turn.to, "to"),
        _tag("type", "restriction"), _tag("restriction", turn.kind.c_str()));
    file.flush_when_full();
  }
  file.flush();
  file.writer.close();
}

}  // namespace evc::synthetic
