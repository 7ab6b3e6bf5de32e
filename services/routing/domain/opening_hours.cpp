#include "services/routing/domain/opening_hours.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace evc::routing {
namespace {

constexpr int kDayMinutes = 24 * 60;
constexpr int kWeekMinutes = 7 * kDayMinutes;
constexpr std::string_view kDays[] = {"Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"};

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t end = text.find(separator);
    parts.push_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<int> day_of(std::string_view text) {
  const auto found = std::ranges::find(kDays, text);
  if (found == std::end(kDays)) return std::nullopt;
  return static_cast<int>(found - std::begin(kDays));
}

using DaySet = std::array<bool, 7>;

// "Mo-Fr,Su"; holidays are left out of the set.
std::optional<DaySet> days_of(std::string_view text) {
  DaySet set{};
  for (const std::string_view part : split(text, ',')) {
    if (part == "PH" || part == "SH") continue;
    const std::size_t dash = part.find('-');
    const auto first = day_of(part.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : day_of(part.substr(dash + 1));
    if (!first || !last) return std::nullopt;
    for (int day = *first;; day = (day + 1) % 7) {
      set[static_cast<std::size_t>(day)] = true;
      if (day == *last) break;
    }
  }
  return set;
}

std::optional<int> minute_of(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : -100; };
  const int hours = digit(0) * 10 + digit(1), minutes = digit(3) * 10 + digit(4);
  if (hours < 0 || hours > 48 || minutes < 0 || minutes > 59) return std::nullopt;
  return hours * 60 + minutes;
}

}  // namespace

std::optional<OpeningHours> OpeningHours::parse(std::string_view text) {
  OpeningHours hours;
  bool any = false;
  for (std::string_view rule : split(text, ';')) {
    if (rule.empty()) continue;
    any = true;
    DaySet days;
    days.fill(true);
    // A rule begins with a letter when it names days.
    const std::size_t space = rule.find(' ');
    const std::string_view head = rule.substr(0, space);
    if (rule != "24/7" && head != "off" && head != "closed" && !head.empty() && (head[0] < '0' || head[0] > '9')) {
      const auto named = days_of(head);
      if (!named) return std::nullopt;
      days = *named;
      rule = space == std::string_view::npos ? std::string_view() : trimmed(rule.substr(space));
    }
    std::vector<Span> spans;
    if (rule == "24/7" || rule.empty()) {
      spans.push_back({0, kDayMinutes});
    } else if (rule != "off" && rule != "closed") {
      for (const std::string_view part : split(rule, ',')) {
        const std::size_t dash = part.find('-');
        if (dash == std::string_view::npos) return std::nullopt;
        const auto from = minute_of(trimmed(part.substr(0, dash))), to = minute_of(trimmed(part.substr(dash + 1)));
        if (!from || !to || *from >= kDayMinutes) return std::nullopt;
        spans.push_back({*from, *to > *from ? *to : *to + kDayMinutes});
      }
    }
    for (std::size_t day = 0; day < days.size(); ++day) {
      if (days[day]) hours.days_[day] = spans;
    }
  }
  if (!any) return std::nullopt;
  return hours;
}

bool OpeningHours::open(double week_second, double seconds) const {
  double at = std::fmod(week_second / 60, kWeekMinutes);
  if (at < 0) at += kWeekMinutes;
  const double end = at + std::min(seconds / 60, double{kWeekMinutes});
  // One span after the other takes it further.
  for (bool further = true; further && at < end;) {
    further = false;
    for (int day = -2; day < 14; ++day) {
      for (const Span& span : days_[static_cast<std::size_t>((day + 7) % 7)]) {
        const int from = day * kDayMinutes + span.from, to = day * kDayMinutes + span.to;
        if (from > at || to <= at) continue;
        at = to;
        further = true;
      }
    }
  }
  return at > end || (at == end && seconds > 0);
}

}  // namespace evc::routing
