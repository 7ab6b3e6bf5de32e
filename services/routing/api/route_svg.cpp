#include "services/routing/api/route_svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "kit/http/markup.hpp"

namespace evc::routing {
namespace {

constexpr double kWidth = 800, kLeastHeight = 200, kMostHeight = 1'200, kMargin = 40;

// From degrees to the drawing's units, so that everything drawn fits.
class Frame {
 public:
  void add(const Position& position) {
    west_ = std::min(west_, position.lon);
    east_ = std::max(east_, position.lon);
    south_ = std::min(south_, position.lat);
    north_ = std::max(north_, position.lat);
  }
  void close() {
    const double middle = std::cos((north_ + south_) / 2 * std::numbers::pi / 180);
    const double wide = std::max(1e-3, (east_ - west_) * middle), high = std::max(1e-3, north_ - south_);
    scale_ = std::min((kWidth - 2 * kMargin) / wide, (kMostHeight - 2 * kMargin) / high);
    stretch_ = middle * scale_;
    height_ = std::max(kLeastHeight, high * scale_ + 2 * kMargin);
  }
  double height() const { return height_; }
  double x(const Position& position) const { return kMargin + (position.lon - west_) * stretch_; }
  double y(const Position& position) const { return kMargin + (north_ - position.lat) * scale_; }

 private:
  double west_ = 180, east_ = -180, south_ = 90, north_ = -90;
  double scale_ = 1, stretch_ = 1, height_ = kLeastHeight;
};

template <class Visit>
void each_point(const TripPlan& plan, Visit&& visit) {
  for (const TripLeg& leg : plan.legs) {
    if (!leg.line.empty()) {
      for (const Position& position : leg.line) visit(position);
      continue;
    }
    for (const PathPoint& point : leg.path) visit(point.position);
  }
}

std::string line(const Frame& frame, const TripPlan& plan, std::string_view style) {
  std::string points;
  each_point(plan, [&](const Position& at) { points += fmt::format("{:.1f},{:.1f} ", frame.x(at), frame.y(at)); });
  return fmt::format("<polyline fill=\"none\" {} points=\"{}\"/>\n", style, points);
}

std::string mark(const Frame& frame, const Position& at, std::string_view colour, const std::string& text) {
  const double x = frame.x(at), y = frame.y(at);
  // Words stand where there is room for them.
  const bool left = x > kWidth * 0.6;
  return fmt::format(
      "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"6\" fill=\"{}\"/><text x=\"{:.1f}\" y=\"{:.1f}\" "
      "text-anchor=\"{}\">{}</text>\n",
      x, y, colour, left ? x - 9 : x + 9, y + 4, left ? "end" : "start", http::escape_markup(text));
}

std::string plan_marks(const Frame& frame, const TripNetwork& network, const TripPlan& plan) {
  std::string out = mark(frame, plan.legs.front().from.position, "#1a7f37",
                         fmt::format("{} {:.0f} %", plan.legs.front().from.name, plan.legs.front().depart_soc * 100));
  for (const auto& stop : plan.stop_after) {
    if (!stop) continue;
    const Site& site = network.sites()[stop->site];
    out += mark(frame, site.position, "#0969da",
                fmt::format("{} {:.0f} → {:.0f} %, {:.0f} min", site.name, stop->arrive_soc * 100,
                            stop->depart_soc * 100, stop->charge_seconds / 60));
  }
  return out + mark(frame, plan.legs.back().to.position, "#cf222e",
                    fmt::format("{} {:.0f} %", plan.legs.back().to.name, plan.totals.arrive_soc * 100));
}

std::string gap_marks(const Frame& frame, const Infeasibility& why) {
  std::string out;
  if (why.gap_from && why.gap_to) {
    const Position &from = why.gap_from->position, &to = why.gap_to->position;
    out += fmt::format(
        "<line x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" y2=\"{:.1f}\" stroke=\"#cf222e\" stroke-width=\"3\" "
        "stroke-dasharray=\"6 6\"/>\n",
        frame.x(from), frame.y(from), frame.x(to), frame.y(to));
    out += mark(frame, from, "#1a7f37", why.gap_from->name) + mark(frame, to, "#cf222e", why.gap_to->name);
  }
  if (why.furthest) out += mark(frame, why.furthest->position, "#bf8700", why.furthest->name);
  return out;
}

}  // namespace

std::string route_svg(const TripNetwork& network, const TripAnswer& answer) {
  Frame frame;
  std::string title = "No route";
  if (answer.plan) {
    each_point(*answer.plan, [&](const Position& at) { frame.add(at); });
    for (const TripPlan& plan : answer.alternatives) each_point(plan, [&](const Position& at) { frame.add(at); });
    for (const auto& stop : answer.plan->stop_after) {
      if (stop) frame.add(network.sites()[stop->site].position);
    }
    frame.add(answer.plan->legs.front().from.position);
    frame.add(answer.plan->legs.back().to.position);
    const TripTotals& totals = answer.plan->totals;
    title =
        fmt::format("{} – {}: {:.0f} km, {:.1f} h, {} stops", answer.plan->legs.front().from.name,
                    answer.plan->legs.back().to.name, totals.distance_m / 1000, totals.seconds / 3600, totals.stops);
  } else if (answer.infeasible) {
    for (const auto& point : {answer.infeasible->gap_from, answer.infeasible->gap_to, answer.infeasible->furthest}) {
      if (point) frame.add(point->position);
    }
    title += fmt::format(": {:.1f} kWh are missing", answer.infeasible->gap_missing_wh / 1000);
  }
  frame.close();
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" font-family=\"sans-serif\" "
      "font-size=\"12\">\n<title>{}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
      kWidth, frame.height(), http::escape_markup(title));
  for (const TripPlan& plan : answer.alternatives)
    out += line(frame, plan, "stroke=\"#8c959f\" stroke-width=\"2\" stroke-dasharray=\"5 4\"");
  if (answer.plan) {
    out += line(frame, *answer.plan, "stroke=\"#0969da\" stroke-width=\"3\"");
    out += plan_marks(frame, network, *answer.plan);
  } else if (answer.infeasible) {
    out += gap_marks(frame, *answer.infeasible);
  }
  return out + "</svg>\n";
}

}  // namespace evc::routing
