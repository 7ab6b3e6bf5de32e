#include "kit/service/dependencies.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "kit/service/start_error.hpp"

namespace evc::service {
namespace {

// libpq's quoting of a value.
std::string in_quotes(std::string_view value) {
  std::string text = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') text += '\\';
    text += c;
  }
  return text + "'";
}

}  // namespace

net::TlsFiles service_tls_files(const CommonSettings& settings) {
  return net::tls_files(settings.tls.dir, settings.service.name);
}

std::string postgres_conninfo(const CommonSettings& settings, const std::string& database) {
  const PostgresSection& postgres = settings.postgres;
  std::string text =
      fmt::format("host={} port={} dbname={} user={} application_name={}", in_quotes(postgres.host), postgres.port,
                  in_quotes(database), in_quotes(postgres.user), in_quotes(settings.service.instance));
  if (postgres.host.starts_with('/')) return text;
  const net::TlsFiles files = service_tls_files(settings);
  return text + fmt::format(" sslmode=verify-full sslrootcert={} sslcert={} sslkey={}", in_quotes(files.ca),
                            in_quotes(files.certificate), in_quotes(files.key));
}

std::string secret_file(const CommonSettings& settings, const std::string& name) {
  return settings.secrets.dir + "/" + name;
}

Secret<std::string> read_secret(const CommonSettings& settings, const std::string& name) {
  const std::string path = secret_file(settings, name);
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  if (file) text << file.rdbuf();
  std::string secret = text.str();
  constexpr std::string_view kSpace = " \t\r\n";
  secret.erase(secret.find_last_not_of(kSpace) + 1);
  secret.erase(0, secret.find_first_not_of(kSpace));
  if (!file || secret.empty()) {
    throw StartError(ExitCode::kSettings, fmt::format("the secret {} is missing or empty", path),
                     "Secrets are made at the first start of the platform; secrets.dir (EVC_SECRETS_DIR) is where they "
                     "are looked for.");
  }
  return Secret<std::string>(std::move(secret));
}

std::string find_shared_folder(const std::string& folder) {
  std::vector<std::filesystem::path> roots;
  if (const char* share = std::getenv("EVC_SHARE_DIR")) roots.emplace_back(share);
  std::error_code failure;
  roots.push_back(std::filesystem::current_path(failure));
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", failure).parent_path();
  roots.push_back(program / "../share/evcosta");
  roots.push_back(program / "../../..");
  for (const auto& root : roots) {
    if (std::filesystem::is_directory(root / folder, failure)) return (root / folder).lexically_normal().string();
  }
  throw StartError(
      ExitCode::kSettings, fmt::format("the folder {} was not found", folder),
      "Start the program from the root of the source tree, or point EVC_SHARE_DIR at the installed files.");
}

}  // namespace evc::service
