#include "services/auth/domain/device.hpp"

#include <array>
#include <charconv>

#include "kit/base/bytes.hpp"

namespace evc::auth_service {
namespace {

constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kLabelLimit = 64;
constexpr std::string_view kUnknownDevice = "unknown device";

struct Word {
  std::string_view in_agent, shown;
};
// The first that is found counts: most browsers name their ancestors too.
constexpr std::array<Word, 6> kBrowsers{{{"Edg/", "Edge"},
                                         {"OPR/", "Opera"},
                                         {"SamsungBrowser/", "Samsung Internet"},
                                         {"Firefox/", "Firefox"},
                                         {"Chrome/", "Chrome"},
                                         {"Safari/", "Safari"}}};
constexpr std::array<Word, 6> kSystems{{{"Android", "Android"},
                                        {"iPhone", "iPhone"},
                                        {"iPad", "iPad"},
                                        {"Windows", "Windows"},
                                        {"Mac OS X", "Mac"},
                                        {"Linux", "Linux"}}};

template <std::size_t N>
std::string_view first_of(const std::array<Word, N>& words, std::string_view agent) {
  for (const Word& word : words) {
    if (agent.find(word.in_agent) != std::string_view::npos) return word.shown;
  }
  return {};
}

// Seconds since 1970 in whole days: enough for a life of months, and of no use for following somebody.
std::int64_t day_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::days>(time.time_since_epoch()).count();
}

std::string seal_of(const SealKey& key, const MarkedFor& account, std::string_view id_and_day) {
  const Digest digest = hmac_sha256(key.reveal(), hex_encode(account.email_index) + "." +
                                                      hex_encode(account.credentials) + "." + std::string(id_and_day));
  return base64url_encode(view(digest));
}

}  // namespace

std::string device_label(std::string_view user_agent) {
  const std::string_view browser = first_of(kBrowsers, user_agent);
  if (!browser.empty()) {
    const std::string_view system = first_of(kSystems, user_agent);
    return std::string(browser) + (system.empty() ? "" : ", " + std::string(system));
  }
  std::string label;
  for (const char c : user_agent.substr(0, user_agent.find_first_of(" /("))) {
    if (c > ' ' && c < 0x7F && label.size() < kLabelLimit) label += c;
  }
  return label.empty() ? std::string(kUnknownDevice) : label;
}

std::string new_device_mark(const SealKey& key, const MarkedFor& account, WallTime now) {
  const std::string id_and_day = base64url_encode(random_bytes(kIdBytes)) + "." + std::to_string(day_of(now));
  return id_and_day + "." + seal_of(key, account, id_and_day);
}

std::optional<std::string> marked_device(const SealKey& key, const MarkedFor& account, std::string_view mark,
                                         WallTime now) {
  const auto last_dot = mark.rfind('.');
  const auto first_dot = mark.find('.');
  if (first_dot == std::string_view::npos || first_dot == last_dot) return std::nullopt;
  const std::string_view id_and_day = mark.substr(0, last_dot);
  if (!equal_constant_time(seal_of(key, account, id_and_day), mark.substr(last_dot + 1))) return std::nullopt;
  std::int64_t day = 0;
  const std::string_view day_text = id_and_day.substr(first_dot + 1);
  const auto parsed = std::from_chars(day_text.data(), day_text.data() + day_text.size(), day);
  if (parsed.ec != std::errc() || parsed.ptr != day_text.data() + day_text.size()) return std::nullopt;
  if (WallTime(std::chrono::days(day)) + kDeviceMarkLife <= now) return std::nullopt;
  return std::string(id_and_day.substr(0, first_dot));
}

std::optional<std::string_view> cookie(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const auto end = header.find(';');
    std::string_view pair = header.substr(0, end);
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=')
      return pair.substr(name.size() + 1);
    if (end == std::string_view::npos) break;
    header.remove_prefix(end + 1);
  }
  return std::nullopt;
}

std::string device_cookie(std::string_view mark) {
  return std::string(kDeviceCookie) + "=" + std::string(mark) +
         "; Path=/; Max-Age=" + std::to_string(std::chrono::seconds(kDeviceMarkLife).count()) +
         "; Secure; HttpOnly; SameSite=Strict";
}

}  // namespace evc::auth_service
