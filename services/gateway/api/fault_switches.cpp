#include "services/gateway/api/fault_switches.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "kit/base/uuid.hpp"
#include "kit/http/operation.hpp"
#include "kit/telemetry/log.hpp"

namespace evc::gateway {
namespace {

using http::Request;
using http::Response;

constexpr std::int64_t kLongestS = 900;
constexpr std::size_t kWhyLimit = 500;

struct SwitchOn {
  std::int64_t for_seconds = 0;
  std::string why;
};
BOOST_DESCRIBE_STRUCT(SwitchOn, (), (for_seconds, why))

// What is not there, or half of something, counts as absent: the keeper writes beside it and renames.
std::optional<json::Object> object_in(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::stringstream text;
  text << file.rdbuf();
  auto value = json::parse(text.str());
  if (!value || !value->is_object()) return std::nullopt;
  return std::move(*value).as_object();
}

std::string text_of(const json::Object& object, const char* name) {
  const auto* member = object.if_contains(name);
  return member != nullptr && member->is_string() ? std::string(member->get_string()) : "";
}

double seconds_of(const json::Object& object, const char* name) {
  const auto* member = object.if_contains(name);
  return member != nullptr && member->is_number() ? member->to_number<double>() : 0;
}

Result<void> put_file(const std::string& path, const json::Object& content) {
  const std::filesystem::path whole(path);
  const std::string beside = (whole.parent_path() / ("." + whole.filename().string() + "." + to_string(uuid_v7())));
  {
    std::ofstream file(beside, std::ios::binary);
    file << json::serialize(content);
    if (!file.flush()) return fail(Code::kInternal, "the wish cannot be written");
  }
  std::error_code error;
  std::filesystem::rename(beside, whole, error);
  if (error) return fail(Code::kInternal, "the wish cannot be written");
  return {};
}

Result<SwitchOn> read_switch_on(const Request& request) {
  EVC_TRY(wish, http::body_as<SwitchOn>(request));
  if (wish.for_seconds < 1 || wish.for_seconds > kLongestS) return fail_field("/forSeconds", "1 to 900");
  if (wish.why.empty() || wish.why.size() > kWhyLimit) return fail_field("/why", "1 to 500 characters");
  return wish;
}

template <class Answer>
Task<Response> told_or_problem(Answer answer, RequestContext& context, Request& request) {
  Result<Response> response = answer(context, request);
  if (!response) co_return http::problem(response.error(), context, request.path);
  co_return http::no_store(std::move(*response));
}

}  // namespace

FaultSwitches::FaultSwitches(std::string folder) : folder_(std::move(folder)) {}

std::optional<json::Object> FaultSwitches::described() const {
  return folder_.empty() ? std::nullopt : object_in(folder_ + "/known.json");
}

json::Object FaultSwitches::told(const std::string& name, const std::string& description, WallTime now) const {
  json::Object fault{{"name", name}, {"description", description}};
  const auto wanted = object_in(folder_ + "/wanted/" + name);
  const auto active = object_in(folder_ + "/active/" + name);
  const auto failed = object_in(folder_ + "/active/" + name + ".failed");
  if (wanted || active) {
    const json::Object& wish = wanted ? *wanted : *active;
    fault["state"] = active ? (wanted ? "on" : "ending") : "asked";
    const std::chrono::duration<double> until(seconds_of(wish, "until"));
    fault["endsAt"] = format_rfc3339(std::max(now, WallTime(std::chrono::duration_cast<WallTime::duration>(until))));
    fault["forSeconds"] = std::max<std::int64_t>(1, static_cast<std::int64_t>(seconds_of(wish, "for_s")));
    fault["askedBy"] = text_of(wish, "who").substr(0, 200);
    if (const std::string why = text_of(wish, "why"); !why.empty()) fault["why"] = why;
  } else if (failed) {
    fault["state"] = "failed";
    fault["error"] = text_of(*failed, "error").substr(0, kWhyLimit);
  } else {
    fault["state"] = "off";
  }
  return fault;
}

Result<json::Object> FaultSwitches::list(const RequestContext& context) const {
  json::Array faults;
  const auto descriptions = described();
  if (descriptions) {
    for (const auto& member : *descriptions) {
      const std::string name(member.key());
      faults.push_back(told(name, text_of(*descriptions, name.c_str()), context.clock->wall()));
    }
  }
  return json::Object{{"available", descriptions.has_value()}, {"faults", std::move(faults)}};
}

Result<std::string> FaultSwitches::known(const Request& request) const {
  const std::string& name = request.path_parameters.at("fault");
  const auto descriptions = described();
  if (!descriptions) return fail(Code::kNotFound, "this platform was not started for drills: ./evcosta up --faults");
  // From here on the name is one of the keeper's: it may stand in a path.
  if (!descriptions->contains(name)) return fail(Code::kNotFound, "there is no such fault");
  return name;
}

Result<json::Object> FaultSwitches::switch_on(const RequestContext& context, const Request& request) const {
  EVC_TRY(name, known(request));
  EVC_TRY(wish, read_switch_on(request));
  const WallTime now = context.clock->wall();
  const auto until = now + std::chrono::seconds(wish.for_seconds);
  std::error_code ignored;
  std::filesystem::remove(folder_ + "/active/" + name + ".failed", ignored);
  EVC_CHECK(
      put_file(folder_ + "/wanted/" + name, {{"until", std::chrono::duration<double>(until.time_since_epoch()).count()},
                                             {"for_s", wish.for_seconds},
                                             {"who", context.principal.puid},
                                             {"why", wish.why}}));
  EVC_LOG(kWarn, context.trace, "A fault is asked for", {{telemetry::key::kReason, name}});
  return told(name, text_of(described().value_or(json::Object()), name.c_str()), now);
}

Result<void> FaultSwitches::switch_off(const Request& request) const {
  EVC_TRY(name, known(request));
  std::error_code ignored;
  std::filesystem::remove(folder_ + "/wanted/" + name, ignored);
  return {};
}

std::map<std::string, http::Handler, std::less<>> FaultSwitches::handlers() {
  const auto handler = [](auto answer) {
    return [answer](RequestContext& context, Request& request) { return told_or_problem(answer, context, request); };
  };
  return {{"listFaults", handler([this](RequestContext& context, Request&) -> Result<Response> {
             EVC_TRY(faults, list(context));
             return Response::json(200, faults);
           })},
          {"switchFaultOn", handler([this](RequestContext& context, Request& request) -> Result<Response> {
             EVC_TRY(fault, switch_on(context, request));
             return Response::json(202, fault);
           })},
          {"switchFaultOff", handler([this](RequestContext&, Request& request) -> Result<Response> {
             EVC_CHECK(switch_off(request));
             return Response::empty(204);
           })}};
}

}  // namespace evc::gateway
