// Who is turned away first when a service is overloaded: by rate class, as a share of what may be under way at once.
// Stopping a charge comes last, and may exceed the limit; the health of processes has a listener of its own. Pure.
#pragma once

#include <string_view>

namespace evc::gateway {

double share_of(std::string_view rate_class);

}  // namespace evc::gateway
