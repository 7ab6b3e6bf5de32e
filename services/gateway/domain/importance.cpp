#include "services/gateway/domain/importance.hpp"

#include <array>
#include <utility>

namespace evc::gateway {

double share_of(std::string_view rate_class) {
  constexpr std::array<std::pair<std::string_view, double>, 12> kShares{{
      {"stop", 1.5},
      {"charge", 1.0},
      {"partner", 0.95},  // what the payment provider says settles charges
      {"write", 0.9},
      {"refresh", 0.9},
      {"operations", 0.85},
      {"stream", 0.8},
      {"read", 0.8},
      {"public", 0.7},
      {"sign-in", 0.6},
      {"search", 0.5},
      {"export", 0.4},
  }};
  for (const auto& [name, share] : kShares) {
    if (name == rate_class) return share;
  }
  return 0.5;
}

}  // namespace evc::gateway
