#include "services/registry/domain/compatibility.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <string>

namespace evc::registry_service {
namespace {

using Findings = std::vector<FieldError>;
using Names = std::set<std::string>;

// Words about the schema, which no event is judged by.
constexpr std::array<std::string_view, 8> kSaysNothing{"$schema", "$id",         "$defs",    "$ref",
                                                       "title",   "description", "examples", "$comment"};
constexpr std::array<std::string_view, 7> kCompared{
    "type", "const", "enum", "required", "properties", "additionalProperties", "items"};
// Limits: a new value may only allow more.
constexpr std::array<std::string_view, 4> kLower{"minimum", "minLength", "minItems", "exclusiveMinimum"};
constexpr std::array<std::string_view, 4> kUpper{"maximum", "maxLength", "maxItems", "exclusiveMaximum"};
constexpr int kDepthLimit = 32;

bool is_one_of(std::string_view word, const auto& words) {
  return std::ranges::find(words, word) != words.end();
}

const json::Value* member(const json::Object& object, std::string_view name) {
  return object.if_contains(name);
}

std::string in_words(const json::Value* value) {
  if (value == nullptr) return "open";
  return value->is_string() ? std::string(value->get_string()) : json::serialize(*value);
}

const json::Value* target_of(std::string_view reference, const json::Object& document) {
  const json::Value* found = nullptr;
  const json::Object* object = &document;
  if (!reference.starts_with("#/")) return nullptr;
  for (reference.remove_prefix(2); object != nullptr;) {
    const auto slash = reference.find('/');
    found = object->if_contains(reference.substr(0, slash));
    object = found != nullptr ? found->if_object() : nullptr;
    if (slash == std::string_view::npos) return found;
    reference.remove_prefix(slash + 1);
  }
  return nullptr;
}

// What a $ref stands for, with what is said beside it. A reference that leads nowhere stays one.
json::Value resolved(json::Value node, const json::Object& document) {
  for (int hops = 0; hops < kDepthLimit && node.is_object(); ++hops) {
    const auto* reference = member(node.get_object(), "$ref");
    const auto* target = reference && reference->is_string() ? target_of(reference->get_string(), document) : nullptr;
    if (target == nullptr || !target->is_object()) break;
    json::Object merged = target->get_object();
    for (const auto& said : node.get_object()) {
      if (!is_one_of(said.key(), kSaysNothing)) merged[said.key()] = said.value();
    }
    node = std::move(merged);
  }
  return node;
}

Names names_of(const json::Value* value) {
  Names names;
  if (value == nullptr) return names;
  if (value->is_string()) names.emplace(value->get_string());
  for (const auto& one : value->is_array() ? value->get_array() : json::Array()) {
    if (one.is_string()) names.emplace(one.get_string());
  }
  return names;
}

std::string joined(const Names& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " or ") + name;
  return text.empty() ? "anything" : text;
}

// The listed values; nothing when any is allowed.
std::optional<json::Array> listed(const json::Object& node) {
  if (const auto* value = member(node, "const")) return json::Array{*value};
  const auto* values = member(node, "enum");
  if (values == nullptr || !values->is_array()) return std::nullopt;
  return values->get_array();
}

bool contains(const json::Array& values, const json::Value& wanted) {
  return std::ranges::any_of(values, [&](const json::Value& value) { return value == wanted; });
}

class Comparison {
 public:
  Comparison(const json::Object& earlier, const json::Object& later) : earlier_(earlier), later_(later) {}

  Findings compare(const json::Value& was, const json::Value& is, const std::string& place, int depth) const {
    const json::Value before = resolved(was, earlier_);
    const json::Value now = resolved(is, later_);
    const std::string here = place.empty() ? "/" : place;
    if (depth > kDepthLimit) return {{here, "is nested too deeply to be compared"}};
    if (!before.is_object() || !now.is_object()) {
      if (before == now || (now.is_bool() && now.get_bool())) return {};
      return {{here, "is other than before"}};
    }
    const json::Object& old = before.get_object();
    const json::Object& next = now.get_object();
    if (old.contains("oneOf") || next.contains("oneOf")) return compare_branches(before, now, place, depth);
    Findings found = compare_values(old, next, here);
    append(found, compare_limits(old, next, here));
    append(found, compare_members(old, next, place, depth));
    if (const auto* items = member(next, "items")) {
      const auto* were = member(old, "items");
      append(found, compare(were != nullptr ? *were : json::Value(true), *items, place + "/*", depth + 1));
    }
    append(found, compare_other_words(old, next, here));
    return found;
  }

 private:
  static void append(Findings& into, Findings more) { std::ranges::move(more, std::back_inserter(into)); }

  static Findings compare_values(const json::Object& old, const json::Object& next, const std::string& here) {
    Findings found;
    const Names before = names_of(member(old, "type"));
    const Names now = names_of(member(next, "type"));
    const bool taken = std::ranges::all_of(before, [&](const std::string& type) {
      return now.contains(type) || (type == "integer" && now.contains("number"));
    });
    if (!now.empty() && (before.empty() || !taken))
      found.push_back({here, "was " + joined(before) + ", is " + joined(now)});
    const auto values = listed(next);
    if (!values) return found;
    const auto previous = listed(old);
    if (!previous) found.push_back({here, "every other value is not allowed any more"});
    for (const auto& value : previous.value_or(json::Array())) {
      if (!contains(*values, value)) found.push_back({here, in_words(&value) + " is not allowed any more"});
    }
    return found;
  }

  static Findings compare_limits(const json::Object& old, const json::Object& next, const std::string& here) {
    Findings found;
    const auto look_at = [&](std::string_view word, bool wider_is_less) {
      const auto* now = member(next, word);
      const auto* before = member(old, word);
      if (now == nullptr) return;
      const bool numbers = before != nullptr && before->is_number() && now->is_number();
      const double was = numbers ? before->to_number<double>() : 0;
      const double is = numbers ? now->to_number<double>() : 0;
      if (numbers && (wider_is_less ? is <= was : is >= was)) return;
      found.push_back({here, std::string(word) + " was " + in_words(before) + ", is " + in_words(now)});
    };
    for (const std::string_view word : kLower) look_at(word, true);
    for (const std::string_view word : kUpper) look_at(word, false);
    return found;
  }

  Findings compare_members(const json::Object& old, const json::Object& next, const std::string& place,
                           int depth) const {
    Findings found;
    const Names required_before = names_of(member(old, "required"));
    for (const std::string& name : names_of(member(next, "required"))) {
      if (!required_before.contains(name)) found.push_back({place + "/" + name, "is required now"});
    }
    const json::Object none;
    const auto* old_members = member(old, "properties");
    const auto* next_members = member(next, "properties");
    const json::Object& before = old_members && old_members->is_object() ? old_members->get_object() : none;
    const json::Object& now = next_members && next_members->is_object() ? next_members->get_object() : none;
    const auto is_closed = [](const json::Object& node) {
      const auto* rest = member(node, "additionalProperties");
      return rest != nullptr && rest->is_bool() && !rest->get_bool();
    };
    const auto* type = member(old, "type");
    if (is_closed(next) && !is_closed(old) && type != nullptr && *type == json::Value("object"))
      found.push_back({place.empty() ? "/" : place, "took any member, is closed now"});
    for (const auto& [name, schema] : before) {
      const std::string there = place + "/" + std::string(name);
      if (const auto* still = now.if_contains(name)) {
        append(found, compare(schema, *still, there, depth + 1));
      } else if (is_closed(next)) {
        found.push_back({there, "is gone"});
      }
    }
    return found;
  }

  // Each branch of the earlier schema needs one of the later that takes all of it; the closest one's reasons are told.
  Findings compare_branches(const json::Value& was, const json::Value& is, const std::string& place, int depth) const {
    const auto branches = [](const json::Value& node) {
      const auto* list = member(node.get_object(), "oneOf");
      return list != nullptr && list->is_array() ? list->get_array() : json::Array{node};
    };
    Findings found;
    for (const auto& branch : branches(was)) {
      std::optional<Findings> least;
      for (const auto& candidate : branches(is)) {
        Findings reasons = compare(branch, candidate, place, depth + 1);
        if (!least || reasons.size() < least->size()) least = std::move(reasons);
      }
      append(found, least ? std::move(*least) : Findings{{place, "has no branch any more"}});
    }
    return found;
  }

  static Findings compare_other_words(const json::Object& old, const json::Object& next, const std::string& here) {
    Names words;
    for (const auto* node : {&old, &next}) {
      for (const auto& said : *node) {
        const std::string_view word = said.key();
        const bool known = is_one_of(word, kSaysNothing) || is_one_of(word, kCompared) || is_one_of(word, kLower) ||
                           is_one_of(word, kUpper);
        if (!known) words.emplace(word);
      }
    }
    Findings found;
    for (const std::string& word : words) {
      const auto* before = member(old, word);
      const auto* now = member(next, word);
      const bool same = before != nullptr && now != nullptr && *before == *now;
      if (!same) found.push_back({here, word + " is other than before"});
    }
    return found;
  }

  const json::Object& earlier_;
  const json::Object& later_;
};

}  // namespace

std::vector<FieldError> incompatibilities(const json::Value& earlier, const json::Value& later) {
  if (!earlier.is_object() || !later.is_object()) return {{"/", "is no schema"}};
  return Comparison(earlier.get_object(), later.get_object()).compare(earlier, later, "", 0);
}

}  // namespace evc::registry_service
