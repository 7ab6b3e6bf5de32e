#include "services/routing/import/osm_passes.hpp"

#include <exception>
#include <osmium/handler.hpp>
#include <osmium/io/any_input.hpp>
#include <osmium/osm.hpp>
#include <osmium/visitor.hpp>

namespace evc::routing {
namespace {

Tags tags_of(const osmium::OSMObject& object) {
  Tags tags;
  for (const osmium::Tag& tag : object.tags()) tags.add(tag.key(), tag.value());
  return tags;
}

bool worth_a_look(const osmium::OSMObject& object) {
  return object.tags().has_key("amenity") || object.tags().has_key("place") || object.tags().has_key("highway");
}

std::string name_of_way(const Tags& tags) {
  const std::string ref(tags["ref"]), name(tags["name"]);
  if (ref.empty() || name.empty()) return ref + name;
  return ref + " " + name;
}

class WayHandler : public osmium::handler::Handler {
 public:
  WayHandler(OsmWays& out, const std::function<std::uint32_t(const std::string&)>& name_of)
      : out_(out), name_of_(name_of) {}

  void way(const osmium::Way& way) {
    if (way.nodes().empty()) return;
    const Tags tags = tags_of(way);
    if (const auto car = car_way(tags); car && way.nodes().size() >= 2) add(way, *car, tags);
    const std::string_view highway = tags["highway"];
    if (!tags["amenity"].empty() || highway == "rest_area" || highway == "services") mark(way);
  }

  void relation(const osmium::Relation& relation) {
    const auto kind = car_restriction(tags_of(relation));
    if (!kind) return;
    OsmTurn turn{.kind = *kind};
    int from = 0, to = 0, via_nodes = 0;
    for (const osmium::RelationMember& member : relation.members()) {
      const std::string_view role = member.role();
      const bool is_way = member.type() == osmium::item_type::way;
      if (role == "from" && is_way && ++from == 1) turn.from = member.ref();
      if (role == "to" && is_way && ++to == 1) turn.to = member.ref();
      if (role == "via" && is_way) turn.via_ways.push_back(member.ref());
      if (role == "via" && member.type() == osmium::item_type::node && ++via_nodes == 1) turn.via_node = member.ref();
    }
    // Several from or to are allowed for a few kinds only, which say nothing about a single turn.
    if (from == 1 && to == 1 && (turn.via_ways.empty() ? via_nodes == 1 : via_nodes == 0)) {
      out_.turns.push_back(std::move(turn));
    } else {
      ++out_.turns_left_out;
    }
  }

 private:
  void add(const osmium::Way& way, const CarWay& car, const Tags& tags) {
    roads::RawWay raw{.osm_id = way.id(),
                      .first_ref = static_cast<std::uint32_t>(out_.nodes.size()),
                      .name = name_of_(name_of_way(tags)),
                      .road_class = car.road_class,
                      .speed_along = car.speed_along,
                      .speed_against = car.speed_against,
                      .ferry_ms = car.ferry_ms.value_or(0)};
    if (car.toll) raw.flags |= roads::kRawToll;
    if (car.off_ground) raw.flags |= roads::kRawOffGround;
    if (car.road_class == roads::RoadClass::kFerry) raw.flags |= roads::kRawFerry;
    out_.ways.push_back(raw);
    for (const osmium::NodeRef& node : way.nodes()) out_.nodes.push_back(node.ref());
  }

  void mark(const osmium::Way& way) {
    MarkedWay marked{.id = way.id(), .tags = {}, .nodes = {}};
    for (const osmium::Tag& tag : way.tags()) marked.tags.emplace_back(tag.key(), tag.value());
    for (const osmium::NodeRef& node : way.nodes()) marked.nodes.push_back(node.ref());
    out_.marked.push_back(std::move(marked));
  }

  OsmWays& out_;
  const std::function<std::uint32_t(const std::string&)>& name_of_;
};

class NodeHandler : public osmium::handler::Handler {
 public:
  NodeHandler(std::vector<roads::RawNode>& out, const NodeNumbers& numbers, const VisitNode& visit)
      : out_(out), numbers_(numbers), visit_(visit) {}

  void node(const osmium::Node& node) {
    if (!node.location().valid()) return;
    const roads::Point point{node.location().y(), node.location().x()};
    const auto number = numbers_.find(node.id());
    if (number) out_[*number].point = point;
    if (node.tags().empty()) return;
    const Tags tags = tags_of(node);
    if (number) {
      const CarNode car = car_node(tags);
      out_[*number].blocked = car.blocked;
      out_[*number].delay_ms = car.delay_ms;
    }
    if (worth_a_look(node)) visit_(node.id(), point, tags);
  }

 private:
  std::vector<roads::RawNode>& out_;
  const NodeNumbers& numbers_;
  const VisitNode& visit_;
};

// Runs one pass; what libosmium throws becomes the reason.
template <class Handler>
Result<std::string> pass(const std::string& path, osmium::osm_entity_bits::type entities, Handler& handler) {
  try {
    osmium::io::Reader reader(osmium::io::File(path), entities);
    const std::string timestamp = reader.header().get("osmosis_replication_timestamp");
    osmium::apply(reader, handler);
    reader.close();
    return timestamp;
  } catch (const std::exception& error) {
    return fail(Code::kValidationFailed, path + ": " + error.what());
  }
}

}  // namespace

Result<OsmWays> read_ways(const std::string& path, const std::function<std::uint32_t(const std::string&)>& name_of) {
  OsmWays ways;
  WayHandler handler(ways, name_of);
  EVC_TRY(timestamp, pass(path, osmium::osm_entity_bits::way | osmium::osm_entity_bits::relation, handler));
  ways.timestamp = timestamp;
  return ways;
}

Result<std::vector<roads::RawNode>> read_nodes(const std::string& path, const NodeNumbers& numbers,
                                               const VisitNode& visit) {
  std::vector<roads::RawNode> nodes(numbers.size(), roads::RawNode{.point = {kNotLocated, kNotLocated}});
  NodeHandler handler(nodes, numbers, visit);
  EVC_CHECK(pass(path, osmium::osm_entity_bits::node, handler));
  return nodes;
}

}  // namespace evc::routing
