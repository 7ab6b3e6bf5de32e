#include "kit/base/json.hpp"

#include <fmt/format.h>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <cmath>
#include <set>

#include "kit/base/assert.hpp"

namespace evc::json {
namespace {

constexpr std::size_t kDepthLimit = 32;
constexpr std::size_t kErrorLimit = 20;

boost::json::parse_options options() {
  boost::json::parse_options chosen;
  chosen.max_depth = kDepthLimit;
  chosen.numbers = boost::json::number_precision::precise;
  return chosen;
}

// Boost.JSON keeps the last of two members with one name, so that two readers of one document may see different values.
// Builds the value and remembers the names of each open object.
class RefusingHandler {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();
  using Text = boost::json::string_view;
  using Failure = boost::json::error_code;

  bool on_document_begin(Failure&) { return true; }
  bool on_document_end(Failure&) { return true; }
  bool on_object_begin(Failure&) {
    names_.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t count, Failure&) {
    names_.pop_back();
    stack_.push_object(count);
    return true;
  }
  bool on_array_begin(Failure&) { return true; }
  bool on_array_end(std::size_t count, Failure&) {
    stack_.push_array(count);
    return true;
  }
  bool on_key_part(Text part, std::size_t, Failure&) {
    key_.append(part.data(), part.size());
    stack_.push_chars(part);
    return true;
  }
  bool on_key(Text part, std::size_t, Failure& failure) {
    key_.append(part.data(), part.size());
    stack_.push_key(part);
    if (!names_.back().insert(std::exchange(key_, {})).second) {
      failure = boost::json::error::extra_data;
      duplicate_ = true;
      return false;
    }
    return true;
  }
  bool on_string_part(Text part, std::size_t, Failure&) {
    stack_.push_chars(part);
    return true;
  }
  bool on_string(Text part, std::size_t, Failure&) {
    stack_.push_string(part);
    return true;
  }
  bool on_number_part(Text, Failure&) { return true; }
  bool on_int64(std::int64_t number, Text, Failure&) {
    stack_.push_int64(number);
    return true;
  }
  bool on_uint64(std::uint64_t number, Text, Failure&) {
    stack_.push_uint64(number);
    return true;
  }
  bool on_double(double number, Text, Failure& failure) {
    if (!std::isfinite(number)) {
      failure = boost::json::error::exponent_overflow;
      return false;
    }
    stack_.push_double(number);
    return true;
  }
  bool on_bool(bool value, Failure&) {
    stack_.push_bool(value);
    return true;
  }
  bool on_null(Failure&) {
    stack_.push_null();
    return true;
  }
  bool on_comment_part(Text, Failure&) { return true; }
  bool on_comment(Text, Failure&) { return true; }

  void begin() { stack_.reset(); }
  Value take() { return stack_.release(); }
  bool duplicate() const { return duplicate_; }

 private:
  boost::json::value_stack stack_;
  std::vector<std::set<std::string, std::less<>>> names_;
  std::string key_;
  bool duplicate_ = false;
};

void append_text(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text, plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
    }
  }
  out.append(text, plain);
  out.push_back('"');
}

// Shortest text that reads back as the same double, without an exponent where people expect none (Boost writes 1.5E0),
// and zero without a sign: "-0" would be read as an integer, which has none.
void append_double(std::string& out, double number) {
  const double size = std::abs(number);
  if (size == 0) number = 0;
  const bool plain = size == 0 || (size >= 1e-6 && size < 1e15);
  std::array<char, 64> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific);
  out.append(buffer.data(), end.ptr);
}

void append(std::string& out, const Value& value) {
  switch (value.kind()) {
    case boost::json::kind::null:
      out += "null";
      return;
    case boost::json::kind::bool_:
      out += value.get_bool() ? "true" : "false";
      return;
    case boost::json::kind::int64:
      fmt::format_to(std::back_inserter(out), "{}", value.get_int64());
      return;
    case boost::json::kind::uint64:
      fmt::format_to(std::back_inserter(out), "{}", value.get_uint64());
      return;
    case boost::json::kind::double_:
      append_double(out, value.get_double());
      return;
    case boost::json::kind::string:
      append_text(out, value.get_string());
      return;
    case boost::json::kind::array: {
      out.push_back('[');
      bool first = true;
      for (const Value& element : value.get_array()) {
        if (!std::exchange(first, false)) out.push_back(',');
        append(out, element);
      }
      out.push_back(']');
      return;
    }
    case boost::json::kind::object: {
      out.push_back('{');
      bool first = true;
      for (const auto& member : value.get_object()) {
        if (!std::exchange(first, false)) out.push_back(',');
        append_text(out, member.key());
        out.push_back(':');
        append(out, member.value());
      }
      out.push_back('}');
      return;
    }
  }
}

std::string escaped(std::string_view member) {
  std::string text;
  for (const char c : member) {
    if (c == '~') {
      text += "~0";
    } else if (c == '/') {
      text += "~1";
    } else {
      text.push_back(c);
    }
  }
  return text;
}

}  // namespace

Result<Value> parse(std::string_view text) {
  boost::json::basic_parser<RefusingHandler> parser(options());
  parser.handler().begin();
  boost::json::error_code failure;
  const std::size_t taken = parser.write_some(false, text.data(), text.size(), failure);
  if (parser.handler().duplicate()) {
    return fail(Code::kMalformedJson, fmt::format("a member stands twice in one object, at byte {}", taken));
  }
  if (!failure && taken < text.size()) {
    return fail(Code::kMalformedJson, fmt::format("something follows the JSON value, at byte {}", taken));
  }
  if (failure) return fail(Code::kMalformedJson, fmt::format("{}, at byte {}", failure.message(), taken));
  return parser.handler().take();
}

std::string serialize(const Value& value) {
  std::string out;
  append(out, value);
  return out;
}

std::string camel_case(std::string_view snake) {
  std::string text;
  bool upper = false;
  for (const char c : snake) {
    if (c == '_') {
      upper = !text.empty();
    } else {
      text.push_back(upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c);
      upper = false;
    }
  }
  return text;
}

std::string enumerator_text(std::string_view enumerator) {
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (enumerator.size() > 1 && enumerator[0] == 'k' && !(enumerator[1] >= 'a' && enumerator[1] <= 'z')) {
    enumerator.remove_prefix(1);
  }
  std::string text(enumerator);
  const bool all_capitals = text.size() > 1 && text.find_first_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos;
  if (!all_capitals && !text.empty() && is_upper(text[0])) text[0] = static_cast<char>(text[0] - 'A' + 'a');
  return text;
}

void Decoder::error(std::string detail) {
  if (errors_.size() < kErrorLimit) errors_.push_back({pointer_, std::move(detail)});
}

void Decoder::error_at(std::string_view member, std::string detail) {
  const Step step(*this, member);
  error(std::move(detail));
}

Decoder::Step::Step(Decoder& decoder, std::string_view member) : decoder_(decoder), length_(decoder.pointer_.size()) {
  decoder.pointer_ += '/';
  decoder.pointer_ += escaped(member);
}

const Object* Decoder::object(const Value& value) {
  if (const Object* object = value.if_object()) return object;
  error("must be an object");
  return nullptr;
}

const Array* Decoder::array(const Value& value) {
  if (const Array* array = value.if_array()) return array;
  error("must be an array");
  return nullptr;
}

std::optional<std::string_view> Decoder::text(const Value& value) {
  const boost::json::string* text = value.if_string();
  if (text == nullptr) {
    error("must be a string");
    return std::nullopt;
  }
  // PostgreSQL's text cannot hold it and C interfaces end there.
  if (text->find('\0') != boost::json::string::npos) {
    error("must not contain U+0000");
    return std::nullopt;
  }
  return std::string_view(text->data(), text->size());
}

void Decoder::refuse_unknown_members(const Object& object, const std::vector<std::string>& known) {
  for (const auto& member : object) {
    const std::string_view name = member.key();
    if (std::find(known.begin(), known.end(), name) == known.end()) error_at(name, "is not known here");
  }
}

namespace detail {

void decode_bool(const Value& value, bool& out, Decoder& decoder) {
  if (const bool* flag = value.if_bool()) {
    out = *flag;
  } else {
    decoder.error("must be true or false");
  }
}

std::optional<std::int64_t> decode_signed(const Value& value, std::int64_t low, std::int64_t high, Decoder& decoder) {
  const std::int64_t* number = value.if_int64();
  if (number != nullptr && *number >= low && *number <= high) return *number;
  const bool integer = number != nullptr || value.is_uint64();
  decoder.error(integer ? fmt::format("must be from {} to {}", low, high) : "must be an integer");
  return std::nullopt;
}

std::optional<std::uint64_t> decode_unsigned(const Value& value, std::uint64_t high, Decoder& decoder) {
  if (const std::uint64_t* number = value.if_uint64(); number != nullptr && *number <= high) return *number;
  const std::int64_t* number = value.if_int64();
  if (number != nullptr && *number >= 0 && static_cast<std::uint64_t>(*number) <= high) {
    return static_cast<std::uint64_t>(*number);
  }
  const bool integer = number != nullptr || value.is_uint64();
  decoder.error(integer ? fmt::format("must be from 0 to {}", high) : "must be an integer");
  return std::nullopt;
}

void decode_double(const Value& value, double& out, Decoder& decoder) {
  if (const double* number = value.if_double(); number != nullptr && std::isfinite(*number)) {
    out = *number;
  } else if (const std::int64_t* whole = value.if_int64()) {
    out = static_cast<double>(*whole);
  } else if (const std::uint64_t* large = value.if_uint64()) {
    out = static_cast<double>(*large);
  } else {
    decoder.error("must be a number");
  }
}

void decode_string(const Value& value, std::string& out, Decoder& decoder) {
  if (const auto text = decoder.text(value)) out = *text;
}

Value encode_double(double value) {
  if (std::isfinite(value)) return value;
  EVC_BUG("JSON has no form for a number that is not finite; null is written");
  return nullptr;
}

std::string one_of_text(const std::vector<std::string>& allowed) {
  return fmt::format("must be one of {}", fmt::join(allowed, ", "));
}

}  // namespace detail

void Codec<Uuid>::decode(const Value& value, Uuid& out, Decoder& decoder) {
  const auto text = decoder.text(value);
  if (!text) return;
  if (auto id = parse_uuid(*text)) {
    out = *id;
  } else {
    decoder.error("must be a UUID");
  }
}

void Codec<WallTime>::decode(const Value& value, WallTime& out, Decoder& decoder) {
  const auto text = decoder.text(value);
  if (!text) return;
  if (auto time = parse_rfc3339(*text)) {
    out = *time;
  } else {
    decoder.error("must be an RFC 3339 time");
  }
}

void Codec<Currency>::decode(const Value& value, Currency& out, Decoder& decoder) {
  const auto text = decoder.text(value);
  if (!text) return;
  if (auto currency = Currency::parse(*text)) {
    out = *currency;
  } else {
    decoder.error("must be three upper-case letters (ISO 4217)");
  }
}

namespace {

// Money itself stays free of Boost, so that rules can include it cheaply.
struct MoneyForm {
  std::int64_t amount = 0;
  Currency currency;
};
BOOST_DESCRIBE_STRUCT(MoneyForm, (), (amount, currency))

}  // namespace

void Codec<Money>::decode(const Value& value, Money& out, Decoder& decoder) {
  MoneyForm form;
  Codec<MoneyForm>::decode(value, form, decoder);
  out = {.amount = form.amount, .currency = form.currency};
}

Value Codec<Money>::encode(const Money& value) {
  return Codec<MoneyForm>::encode({.amount = value.amount, .currency = value.currency});
}

}  // namespace evc::json
