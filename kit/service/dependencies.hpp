// How settings become connection strings, secrets and folders of migrations. Plain functions, used at start only.
#pragma once

#include <string>
#include <vector>

#include "kit/base/secret.hpp"
#include "kit/net/tls.hpp"
#include "kit/service/settings.hpp"

namespace evc::service {

// libpq keywords with the service's certificate; over a Unix socket (host begins with /) without TLS.
std::string postgres_conninfo(const CommonSettings& settings, const std::string& database);

// <secrets.dir>/<name>
std::string secret_file(const CommonSettings& settings, const std::string& name);
// What is in that file, without the white space around it. Throws StartError.
Secret<std::string> read_secret(const CommonSettings& settings, const std::string& name);

// The first of these that is a folder: $EVC_SHARE_DIR, the working folder, <program>/../share/evcosta,
// <program>/../../.. (a build tree), each with `folder` below. Throws StartError.
std::string find_shared_folder(const std::string& folder);

net::TlsFiles service_tls_files(const CommonSettings& settings);

}  // namespace evc::service
