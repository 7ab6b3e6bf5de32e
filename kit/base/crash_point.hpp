// Steps at whose borders a process may die: what a recovery has to cope with lies between two of them. EVC_STEP names a
// step in place; a shipped program goes on as if it were not there (one call of an empty function), one linked with
// kit/testing/crash_points dies before or after it when a test says so. A name stands once, "<who>.<flow>.<step>". The
// names lie in a section of their own that a shipped program is linked without, so the list of steps is the code's own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

namespace evc {

enum class CrashSide : std::uint8_t { kBefore, kAfter };

// Any thread, any time. `id`: crash_point_id of the step's name.
void crash_point(std::uint64_t id, CrashSide side) noexcept;

// FNV-1a, 64 bits.
constexpr std::uint64_t crash_point_id(const char* name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (; *name != '\0'; ++name) hash = (hash ^ static_cast<unsigned char>(*name)) * 0x100000001b3;
  return hash;
}

// As it stands in the section `evc_crash_points`: an array without holes.
struct alignas(64) CrashPointName {
  char text[64] = {};

  template <std::size_t kSize>
  consteval CrashPointName(const char (&name)[kSize]) {
    static_assert(kSize <= sizeof(text));
    for (std::size_t i = 0; i < kSize; ++i) text[i] = name[i];
  }
};

template <CrashPointName kName>
struct CrashPoint {
  [[gnu::section("evc_crash_points"), gnu::used]] static constexpr CrashPointName kEntry = kName;

  // Not a reference to the entry, which would keep it in a shipped program; naming it is what makes it exist.
  static constexpr std::uint64_t kId = (static_cast<void>(&kEntry), crash_point_id(kName.text));
};

template <class T>
T&& after_step(std::uint64_t id, T&& value) noexcept {
  crash_point(id, CrashSide::kAfter);
  return std::forward<T>(value);
}

}  // namespace evc

// The expression's value, and a point on either side of it.
#define EVC_STEP(name, ...)                                                     \
  (::evc::crash_point(::evc::CrashPoint<name>::kId, ::evc::CrashSide::kBefore), \
   ::evc::after_step(::evc::CrashPoint<name>::kId, (__VA_ARGS__)))

// The same for what has no value.
#define EVC_VOID_STEP(name, ...)                                                 \
  do {                                                                           \
    ::evc::crash_point(::evc::CrashPoint<name>::kId, ::evc::CrashSide::kBefore); \
    __VA_ARGS__;                                                                 \
    ::evc::crash_point(::evc::CrashPoint<name>::kId, ::evc::CrashSide::kAfter);  \
  } while (false)
