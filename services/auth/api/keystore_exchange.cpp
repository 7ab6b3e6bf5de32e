#include "services/auth/api/keystore_exchange.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "kit/base/bytes.hpp"
#include "services/auth/store/audit_log.hpp"
#include "services/auth/store/people_secrets.hpp"

namespace evc::auth_service {
namespace {

constexpr std::size_t kSecretBytes = 32;

std::unexpected<Error> file_problem(const std::string& path, const char* what) {
  return fail(Code::kServiceUnavailable, path + " " + what + ": " + std::strerror(errno));
}

Result<void> sync_folder_of(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = opened >= 0 && ::fsync(opened) == 0;
  if (opened >= 0) ::close(opened);
  if (!synced) return file_problem(folder, "could not be written to the disk");
  return {};
}

// On the disk before its name is: what a crash leaves is the whole file or none.
Result<void> write_secret(const std::string& path, const std::string& text) {
  const std::string partial = path + ".part";
  const int file = ::open(partial.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return file_problem(partial, "cannot be made");
  const bool written =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  ::close(file);
  if (!written || std::rename(partial.c_str(), path.c_str()) != 0) return file_problem(path, "could not be written");
  return sync_folder_of(path);
}

Result<void> take_place(const std::string& successor, const std::string& path) {
  if (std::rename(successor.c_str(), path.c_str()) != 0) return file_problem(path, "could not be replaced");
  return sync_folder_of(path);
}

// One exchange at a time on this machine; free again when the process ends. On a file of its own that stays: the key's
// is replaced, and whoever locks what it was locks nothing.
class ExchangeLock {
 public:
  explicit ExchangeLock(const std::string& key_file)
      : file_(::open((key_file + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR)),
        held_(file_ >= 0 && ::flock(file_, LOCK_EX | LOCK_NB) == 0) {}
  ~ExchangeLock() {
    if (file_ >= 0) ::close(file_);
  }
  ExchangeLock(const ExchangeLock&) = delete;
  ExchangeLock& operator=(const ExchangeLock&) = delete;
  bool held() const { return held_; }

 private:
  int file_;
  bool held_;
};

}  // namespace

Result<KeystoreKey::Named> KeystoreExchange::successor() const {
  const std::string path = next_key_file(parts_.key_file);
  if (!std::filesystem::exists(path)) EVC_CHECK(write_secret(path, hex_encode(random_bytes(kSecretBytes))));
  return KeystoreKey::from_file(parts_.key_file).all().front();
}

Task<Result<std::size_t>> KeystoreExchange::reseal_round(RequestContext& context, postgres::Transaction& holding,
                                                         KeystoreKey::Named under) {
  const KeystoreKey keys = KeystoreKey::from_file(parts_.key_file);
  std::size_t all = 0;
  std::optional<Uuid> after;
  for (;;) {
    RequestContext step = context;
    step.deadline = context.clock->steady() + std::chrono::seconds(15);
    // It is still ours: its connection lives, and is not taken for idle.
    EVC_CO_TRY(held, co_await hold_exchange(step, holding));
    if (!held) co_return fail(Code::kConflict, "another exchange is under way");
    EVC_CO_TRY(page, co_await reseal_page(step, parts_.keystore, under, keys, after, parts_.batch));
    all += page.resealed;
    if (!page.end) co_return all;
    after = page.end;
  }
}

// Another round until one finds nobody: an id that is written while a round is beyond it is met in the next.
Task<Result<std::size_t>> KeystoreExchange::reseal(RequestContext& context, postgres::Transaction& holding,
                                                   KeystoreKey::Named under) {
  std::size_t all = 0;
  for (;;) {
    EVC_CO_TRY(some, co_await reseal_round(context, holding, under));
    if (some == 0) co_return all;
    all += some;
  }
}

Task<Result<void>> KeystoreExchange::conclude(RequestContext& context, std::string key_id) {
  // Told twice rather than never, when it ends in between.
  EVC_CO_CHECK(co_await write_audit(context, parts_.pool,
                                    {.action = AuditAction::kKeystoreKeyExchanged,
                                     .actor = AuditActor::kMachine,
                                     .subject = {},
                                     .detail = {{"keyId", key_id}}}));
  co_return co_await forget_opening_keys(context, parts_.keystore);
}

Task<Result<KeystoreExchange::Outcome>> KeystoreExchange::carry_out(RequestContext& context) {
  if (!std::filesystem::exists(parts_.key_file)) co_return file_problem(parts_.key_file, "cannot be read");
  const ExchangeLock lock(parts_.key_file);
  if (!lock.held()) co_return fail(Code::kConflict, "another exchange is under way, or its lock cannot be made");
  EVC_CO_TRY(holding, co_await parts_.keystore.begin(context));
  EVC_CO_TRY(held, co_await hold_exchange(context, holding));
  if (!held) co_return fail(Code::kConflict, "another exchange is under way");
  co_return co_await steps(context, holding);
}

Task<Result<KeystoreExchange::Outcome>> KeystoreExchange::steps(RequestContext& context,
                                                                postgres::Transaction& holding) {
  EVC_CO_TRY(names, co_await keystore_key_names(context, parts_.keystore));
  const bool begun = std::filesystem::exists(next_key_file(parts_.key_file));
  const std::string present = KeystoreKey::from_file(parts_.key_file).all().back().id;
  if (!begun && !names.opening.empty() && names.sealing == present) {
    // It had ended but for its last step.
    EVC_CO_CHECK(co_await conclude(context, present));
    co_return Outcome{.key_id = present, .resealed = 0, .resumed = true};
  }
  EVC_CO_TRY(next, successor());
  EVC_CO_CHECK(co_await seal_under(context, parts_.keystore, next.id, present, context.clock->wall()));
  EVC_CO_TRY(resealed, co_await reseal(context, holding, next));
  EVC_CO_CHECK(take_place(next_key_file(parts_.key_file), parts_.key_file));
  RequestContext last = context;
  last.deadline = context.clock->steady() + std::chrono::seconds(15);
  EVC_CO_CHECK(co_await conclude(last, next.id));
  co_return Outcome{.key_id = next.id, .resealed = resealed, .resumed = begun};
}

}  // namespace evc::auth_service
