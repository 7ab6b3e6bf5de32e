// Profiles in PostgreSQL. Names come and go sealed.
#pragma once

#include <optional>
#include <string>

#include "kit/base/uuid.hpp"
#include "kit/postgres/pool.hpp"

namespace evc::user {

struct ProfileRow {
  Uuid id;
  std::string name_sealed;
  std::string locale;
  std::optional<Uuid> default_vehicle_id;
  WallTime created_at{};
};

// What is empty stays as it is.
struct ProfileUpdate {
  std::optional<std::string> name_sealed;
  std::optional<std::string> locale;
  std::optional<Uuid> default_vehicle_id;
};

Task<Result<std::optional<ProfileRow>>> find_profile(RequestContext& context, postgres::Pool& pool, Uuid id);
// Nothing happens when there is one already.
Task<Result<void>> insert_profile(RequestContext& context, postgres::Pool& pool, ProfileRow row);
// vehicle-not-found when the default vehicle is not one of this person's; not-found without a profile.
Task<Result<ProfileRow>> update_profile(RequestContext& context, postgres::Pool& pool, Uuid id, ProfileUpdate update);

}  // namespace evc::user
