#include "services/auth/store/known_password_list.hpp"

#include <fstream>
#include <sstream>

namespace evc::auth_service {

Result<KnownPasswords> load_known_passwords(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || text.str().empty()) return fail(Code::kNotFound, "there is no list of known passwords at " + path);
  return KnownPasswords(text.str());
}

}  // namespace evc::auth_service
