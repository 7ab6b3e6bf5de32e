// What a process with live crash points and its tests share: a mapped file with a row for each step, in it for each
// side how many deaths are ordered, how often it was reached, how many died there. It outlasts the processes; any
// number of them may use it at the same time. Little-endian: a head of 64 bytes ("EVCRASH1", number of rows), then rows
// of 128 (name of 64 bytes; before: ordered, reached, died; after: the same).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "kit/base/crash_point.hpp"

namespace evc::testing {

class CrashTable {
 public:
  // Of a program with these steps; makes the file when nobody has yet. Ends the process when it belongs to other steps.
  CrashTable(const std::string& path, const std::vector<std::string>& names);
  // As a test opens it: once the program has made it, before that it has no rows.
  explicit CrashTable(const std::string& path);

  std::vector<std::string> names() const;
  void order(const std::string& name, CrashSide side);
  std::uint64_t ordered(const std::string& name, CrashSide side) const;
  std::uint64_t reached(const std::string& name, CrashSide side) const;
  std::uint64_t died(const std::string& name, CrashSide side) const;

  // Counts, and does not return when a death was ordered.
  void reach(std::uint64_t id, CrashSide side);

 private:
  struct Border {
    std::uint64_t ordered, reached, died;
  };
  struct Row {
    std::array<char, 64> name;
    std::array<Border, 2> borders;  // by CrashSide
    std::array<std::uint64_t, 2> reserved;
  };
  struct Head {
    std::array<char, 8> magic;
    std::uint64_t rows;
    std::array<std::uint64_t, 6> reserved;
  };
  static_assert(sizeof(Row) == 128 && sizeof(Head) == 64);

  void index(Head* head);
  Border& border(const std::string& name, CrashSide side) const;

  std::map<std::uint64_t, Row*> rows_;  // by crash_point_id
};

}  // namespace evc::testing
