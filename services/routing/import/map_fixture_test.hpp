// A small map of our own, written as OSM's XML: what the importer's rules are about, in one town by a hill.
//
//        north 5 ─── 6 school          all streets 30 km/h but the avenue
//              │     │
//   west 1 ─── 2 ─── 3 ─── 4 east      avenue 1-2-3-4: secondary, 60 km/h, 2-3 with a bend 20
//              │     │
//              7 ─── 8                 7-8 one-way to the east; gate at 21 on 3-8
//
// 1-9: bridge to a motorway ramp; 4 ⇢ 10: ferry; no left turn from 1-2 into 2-5; 30-31: yard behind a bollard.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace evc::routing {

class MapText {
 public:
  using TagList = std::vector<std::pair<std::string, std::string>>;

  void node(int id, double lat, double lon, const TagList& tags = {}) {
    text_ += "<node id=\"" + std::to_string(id) + "\" version=\"1\" lat=\"" + std::to_string(lat) + "\" lon=\"" +
             std::to_string(lon) + "\">" + tags_text(tags) + "</node>\n";
  }
  void way(int id, const std::vector<int>& nodes, const TagList& tags) {
    text_ += "<way id=\"" + std::to_string(id) + "\" version=\"1\">";
    for (const int ref : nodes) text_ += "<nd ref=\"" + std::to_string(ref) + "\"/>";
    text_ += tags_text(tags) + "</way>\n";
  }
  struct Member {
    std::string type;
    int ref;
    std::string role;
  };
  void relation(int id, const std::vector<Member>& members, const TagList& tags) {
    text_ += "<relation id=\"" + std::to_string(id) + "\" version=\"1\">";
    for (const Member& member : members) {
      text_ += "<member type=\"" + member.type + "\" ref=\"" + std::to_string(member.ref) + "\" role=\"" + member.role +
               "\"/>";
    }
    text_ += tags_text(tags) + "</relation>\n";
  }
  std::string text() const {
    return "<?xml version='1.0' encoding='UTF-8'?>\n<osm version=\"0.6\" generator=\"test\">\n" + text_ + "</osm>\n";
  }

 private:
  static std::string tags_text(const TagList& tags) {
    std::string text;
    for (const auto& [key, value] : tags) text += "<tag k=\"" + key + "\" v=\"" + value + "\"/>";
    return text;
  }
  std::string text_;
};

// Positions of the drawing: a step is 0.005 degrees, some 550 m.
inline double town_lat(double north) {
  return -22.5 + north * 0.005;
}
inline double town_lon(double east) {
  return -46.5 + east * 0.005;
}

inline MapText small_town() {
  MapText map;
  const auto node = [&](int id, double north, double east, const MapText::TagList& tags = {}) {
    map.node(id, town_lat(north), town_lon(east), tags);
  };
  node(1, 0, 0);
  node(2, 0, 1, {{"highway", "traffic_signals"}});
  node(3, 0, 2);
  node(4, 0, 3);
  node(5, 1, 1);
  node(6, 1, 2);
  node(7, -1, 1);
  node(8, -1, 2);
  node(9, 0.5, -1);
  node(10, 0, 4);
  node(11, 0, 5);
  node(20, 0.2, 1.5);
  node(21, -0.5, 2, {{"barrier", "gate"}});
  node(30, -1, 2.5);
  node(31, -1.5, 2.5);
  node(32, -1, 2.25, {{"barrier", "bollard"}});
  node(40, 0.1, 1,
       {{"amenity", "charging_station"},
        {"name", "Posto Sol"},
        {"operator", "Sol"},
        {"socket:type2_combo", "2"},
        {"socket:type2_combo:output", "150 kW"},
        {"socket:type2", "4"},
        {"fee", "yes"},
        {"opening_hours", "24/7"}});
  node(41, 0.4, 2.1, {{"amenity", "restaurant"}, {"name", "Cantina"}});
  node(42, 0, 1.1,
       {{"place", "town"}, {"name", "São João do Monte"}, {"population", "12 500"}, {"is_in:state_code", "SP"}});
  node(50, 1.1, 2.1);
  node(51, 1.1, 2.2);
  node(52, 1.2, 2.2);
  const auto street = [&](int id, const std::vector<int>& nodes, MapText::TagList tags = {}) {
    tags.insert(tags.begin(), {"highway", "residential"});
    map.way(id, nodes, tags);
  };
  map.way(100, {1, 2}, {{"highway", "secondary"}, {"maxspeed", "60"}, {"name", "Avenida"}});
  map.way(101, {2, 20, 3}, {{"highway", "secondary"}, {"maxspeed", "60"}, {"name", "Avenida"}});
  map.way(102, {3, 4}, {{"highway", "secondary"}, {"maxspeed", "60"}, {"name", "Avenida"}});
  street(103, {2, 5});
  street(104, {5, 6});
  street(105, {6, 3});
  street(106, {2, 7});
  street(107, {7, 8}, {{"oneway", "yes"}});
  street(108, {3, 21, 8});
  map.way(109, {1, 9}, {{"highway", "motorway_link"}, {"bridge", "yes"}, {"oneway", "no"}});
  map.way(110, {4, 10}, {{"route", "ferry"}, {"duration", "00:20"}});
  street(111, {10, 11});
  street(112, {8, 32, 30});
  street(113, {30, 31}, {{"access", "private"}});
  map.way(114, {50, 51, 52, 50}, {{"highway", "services"}, {"name", "Parada"}});
  map.relation(200, {{"way", 100, "from"}, {"node", 2, "via"}, {"way", 103, "to"}},
               {{"type", "restriction"}, {"restriction", "no_left_turn"}});
  map.relation(201, {{"way", 100, "from"}, {"node", 2, "via"}},
               {{"type", "restriction"}, {"restriction", "no_u_turn"}});
  return map;
}

}  // namespace evc::routing
