// Numbers that are the same for a seed on every machine and every library. A value.
#pragma once

#include <cstdint>

namespace evc::synthetic {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  // splitmix64 (Steele, Lea and Flood)
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e37'79b9'7f4a'7c15);
    z = (z ^ (z >> 30U)) * 0xbf58'476d'1ce4'e5b9;
    z = (z ^ (z >> 27U)) * 0x94d0'49bb'1331'11eb;
    return z ^ (z >> 31U);
  }
  double part() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }  // [0, 1)
  double between(double low, double high) { return low + part() * (high - low); }
  std::uint64_t below(std::uint64_t limit) { return next() % limit; }
  bool chance(double share) { return part() < share; }

 private:
  std::uint64_t state_;
};

}  // namespace evc::synthetic
