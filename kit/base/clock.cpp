#include "kit/base/clock.hpp"

#include <fmt/format.h>

namespace evc {
namespace {

class SystemClock : public Clock {
 public:
  WallTime wall() const override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
  SteadyTime steady() const override { return std::chrono::steady_clock::now(); }
};

// Reads fixed-width numbers and separators; every method returns false once something did not fit.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  bool number(int digits, int low, int high, int& value) {
    if (static_cast<int>(text_.size()) < digits) return false;
    value = 0;
    for (int i = 0; i < digits; ++i) {
      const char c = text_[static_cast<std::size_t>(i)];
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
    }
    text_.remove_prefix(static_cast<std::size_t>(digits));
    return value >= low && value <= high;
  }
  bool one_of(std::string_view characters, char& taken) {
    if (text_.empty() || characters.find(text_.front()) == std::string_view::npos) return false;
    taken = text_.front();
    text_.remove_prefix(1);
    return true;
  }
  bool one_of(std::string_view characters) {
    char ignored = 0;
    return one_of(characters, ignored);
  }
  // `.` and one or more digits, cut to microseconds; nothing there is zero.
  bool fraction(int& microseconds) {
    microseconds = 0;
    if (!one_of(".")) return true;
    int scale = 100'000;
    bool any = false;
    while (!text_.empty() && text_.front() >= '0' && text_.front() <= '9') {
      microseconds += (text_.front() - '0') * scale;
      scale /= 10;
      any = true;
      text_.remove_prefix(1);
    }
    return any;
  }
  bool at_end() const { return text_.empty(); }

 private:
  std::string_view text_;
};

bool read_offset(Reader& reader, std::chrono::minutes& offset) {
  char sign = 0;
  if (!reader.one_of("Zz+-", sign)) return false;
  if (sign == 'Z' || sign == 'z') return true;
  int hours = 0;
  int minutes = 0;
  if (!reader.number(2, 0, 23, hours) || !reader.one_of(":") || !reader.number(2, 0, 59, minutes)) return false;
  offset = std::chrono::minutes(hours * 60 + minutes) * (sign == '-' ? -1 : 1);
  return true;
}

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

std::string format_rfc3339(WallTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::milliseconds>(time - day)};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

Result<WallTime> parse_rfc3339(std::string_view text) {
  Reader reader(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, microseconds = 0;
  std::chrono::minutes offset{0};
  const bool shape = reader.number(4, 0, 9999, year) && reader.one_of("-") && reader.number(2, 1, 12, month) &&
                     reader.one_of("-") && reader.number(2, 1, 31, day) && reader.one_of("Tt") &&
                     reader.number(2, 0, 23, hour) && reader.one_of(":") && reader.number(2, 0, 59, minute) &&
                     reader.one_of(":") && reader.number(2, 0, 59, second) && reader.fraction(microseconds) &&
                     read_offset(reader, offset) && reader.at_end();
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!shape || !date.ok()) return fail(Code::kValidationFailed, "not an RFC 3339 time");
  return WallTime{std::chrono::sys_days(date)} + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second) + std::chrono::microseconds(microseconds) - offset;
}

}  // namespace evc
