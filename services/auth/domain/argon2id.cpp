#include "services/auth/domain/argon2id.hpp"

#include <argon2.h>

#include <charconv>
#include <cstdlib>
#include <memory>

#include "kit/base/bytes.hpp"

namespace evc::auth_service {
namespace {

constexpr std::string_view kPrefix = "$argon2id$v=19$m=";
constexpr std::size_t kBlockBytes = 1024;  // aligned as one, which is more than any instruction set asks for

struct Freed {
  void operator()(std::uint8_t* memory) const { std::free(memory); }
};

struct Arena {
  std::unique_ptr<std::uint8_t, Freed> memory;
  std::size_t size = 0;
};

Arena& arena_of_thread() {
  thread_local Arena arena;
  return arena;
}

int lend(std::uint8_t** memory, std::size_t bytes) {
  Arena& arena = arena_of_thread();
  const std::size_t wanted = (bytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
  if (arena.size < wanted) {
    arena.memory.reset(static_cast<std::uint8_t*>(std::aligned_alloc(kBlockBytes, wanted)));
    arena.size = arena.memory ? wanted : 0;
  }
  *memory = arena.memory.get();
  return arena.memory ? ARGON2_OK : ARGON2_MEMORY_ALLOCATION_ERROR;
}

void keep(std::uint8_t* /*memory*/, std::size_t /*bytes*/) {}

std::uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));  // libargon2 only reads it
}

std::string without_padding(std::string text) {
  while (text.ends_with('=')) text.pop_back();
  return text;
}

std::optional<std::string> unpadded_base64(std::string_view text) {
  std::string padded(text);
  while (padded.size() % 4 != 0) padded += '=';
  return base64_decode(padded);
}

// Takes `<number><end>` off the front.
std::optional<std::uint32_t> take_number(std::string_view& text, std::string_view end) {
  std::uint32_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
  if (!text.starts_with(end)) return std::nullopt;
  text.remove_prefix(end.size());
  return number;
}

}  // namespace

std::string to_text(const PhcString& phc) {
  return std::string(kPrefix) + std::to_string(phc.cost.memory_kib) + ",t=" + std::to_string(phc.cost.passes) +
         ",p=" + std::to_string(phc.cost.lanes) + "$" + without_padding(base64_encode(phc.salt)) + "$" +
         without_padding(base64_encode(phc.hash));
}

std::optional<PhcString> parse_phc(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  const auto memory_kib = take_number(text, ",t=");
  const auto passes = memory_kib ? take_number(text, ",p=") : std::nullopt;
  const auto lanes = passes ? take_number(text, "$") : std::nullopt;
  const auto dollar = text.find('$');
  if (!lanes || dollar == std::string_view::npos) return std::nullopt;
  auto salt = unpadded_base64(text.substr(0, dollar));
  auto hash = unpadded_base64(text.substr(dollar + 1));
  if (!salt || !hash || hash->empty()) return std::nullopt;
  return PhcString{.cost = {.memory_kib = *memory_kib, .passes = *passes, .lanes = *lanes},
                   .salt = std::move(*salt),
                   .hash = std::move(*hash)};
}

std::optional<std::string> argon2id(std::string_view input, std::string_view salt, Argon2Cost cost,
                                    std::size_t hash_bytes) {
  std::string hash(hash_bytes, '\0');
  argon2_context context{};
  context.out = bytes_of(hash);
  context.outlen = static_cast<std::uint32_t>(hash.size());
  context.pwd = bytes_of(input);
  context.pwdlen = static_cast<std::uint32_t>(input.size());
  context.salt = bytes_of(salt);
  context.saltlen = static_cast<std::uint32_t>(salt.size());
  context.t_cost = cost.passes;
  context.m_cost = cost.memory_kib;
  context.lanes = cost.lanes;
  context.threads = 1;
  context.version = ARGON2_VERSION_13;
  context.allocate_cbk = lend;
  context.free_cbk = keep;
  context.flags = ARGON2_DEFAULT_FLAGS;
  if (argon2_ctx(&context, Argon2_id) != ARGON2_OK) return std::nullopt;
  return hash;
}

}  // namespace evc::auth_service
