// The templates behind json.hpp: how each type is read from and written to JSON. A type of your own takes part by
// BOOST_DESCRIBE_STRUCT or BOOST_DESCRIBE_ENUM, or by specialising evc::json::Codec<T> with `static void decode(const
// Value&, T&, Decoder&)` and `static Value encode(const T&)`. Secret<T> and Personal<T> can be read (a request brings
// them) but never written. A decode reports up to 20 wrong members at once.
#pragma once

#include <boost/describe.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <boost/mp11/algorithm.hpp>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "kit/base/clock.hpp"
#include "kit/base/json.hpp"
#include "kit/base/money.hpp"
#include "kit/base/result.hpp"
#include "kit/base/secret.hpp"
#include "kit/base/uuid.hpp"

namespace evc::json {

enum class Naming { kCamelCase, kAsWritten };  // JSON documents; settings
enum class Absent { kRefuse, kKeepDefault };   // a member that is no optional and is not there

struct DecodeRules {
  Unknown unknown = Unknown::kRefuse;
  Naming naming = Naming::kCamelCase;
  Absent absent = Absent::kRefuse;
};

// Where the decoding stands and what was wrong so far.
class Decoder {
 public:
  explicit Decoder(DecodeRules rules) : rules_(rules) {}

  const DecodeRules& rules() const { return rules_; }
  std::string pointer() const { return pointer_; }
  void error(std::string detail);                              // at the current place
  void error_at(std::string_view member, std::string detail);  // at a member of it
  std::vector<FieldError> take_errors() { return std::move(errors_); }
  bool failed() const { return !errors_.empty(); }

  // Goes one step down for the life of the returned object.
  class Step {
   public:
    Step(Decoder& decoder, std::string_view member);
    ~Step() { decoder_.pointer_.resize(length_); }
    Step(const Step&) = delete;
    Step& operator=(const Step&) = delete;

   private:
    Decoder& decoder_;
    std::size_t length_;
  };

  // Null, with an error, when the value has another type.
  const Object* object(const Value& value);
  const Array* array(const Value& value);
  std::optional<std::string_view> text(const Value& value);
  void refuse_unknown_members(const Object& object, const std::vector<std::string>& known);

 private:
  DecodeRules rules_;
  std::string pointer_;
  std::vector<FieldError> errors_;
};

template <class T>
struct Codec;

template <class T>
concept Encodable = requires(const T& value) {
  { Codec<T>::encode(value) } -> std::same_as<Value>;
};

// "kAccepted" → "accepted"; a name all in capitals stays: "kPREAUTH_UNKNOWN" → "PREAUTH_UNKNOWN".
std::string enumerator_text(std::string_view enumerator);

namespace detail {

void decode_bool(const Value& value, bool& out, Decoder& decoder);
std::optional<std::int64_t> decode_signed(const Value& value, std::int64_t low, std::int64_t high, Decoder& decoder);
std::optional<std::uint64_t> decode_unsigned(const Value& value, std::uint64_t high, Decoder& decoder);
void decode_double(const Value& value, double& out, Decoder& decoder);
void decode_string(const Value& value, std::string& out, Decoder& decoder);
Value encode_double(double value);
std::string one_of_text(const std::vector<std::string>& allowed);

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
using Members = boost::describe::describe_members<T, boost::describe::mod_public | boost::describe::mod_inherited>;

template <class T>
const std::vector<std::string>& member_names(Naming naming) {
  static const auto names = [] {
    std::pair<std::vector<std::string>, std::vector<std::string>> both;
    boost::mp11::mp_for_each<Members<T>>([&](auto member) {
      both.first.push_back(camel_case(member.name));
      both.second.emplace_back(member.name);
    });
    return both;
  }();
  return naming == Naming::kCamelCase ? names.first : names.second;
}

template <class E>
const std::vector<std::string>& enumerator_texts() {
  static const auto texts = [] {
    std::vector<std::string> all;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>(
        [&](auto enumerator) { all.push_back(enumerator_text(enumerator.name)); });
    return all;
  }();
  return texts;
}

}  // namespace detail

template <>
struct Codec<bool> {
  static void decode(const Value& value, bool& out, Decoder& decoder) { detail::decode_bool(value, out, decoder); }
  static Value encode(bool value) { return value; }
};

template <std::integral T>
  requires(!std::same_as<T, bool> && !std::same_as<T, char>)
struct Codec<T> {
  static void decode(const Value& value, T& out, Decoder& decoder) {
    using Limits = std::numeric_limits<T>;
    if constexpr (std::is_signed_v<T>) {
      if (auto number = detail::decode_signed(value, Limits::min(), Limits::max(), decoder))
        out = static_cast<T>(*number);
    } else {
      if (auto number = detail::decode_unsigned(value, Limits::max(), decoder)) out = static_cast<T>(*number);
    }
  }
  static Value encode(T value) {
    if constexpr (std::is_signed_v<T>) {
      return static_cast<std::int64_t>(value);
    } else {
      return static_cast<std::uint64_t>(value);
    }
  }
};

template <>
struct Codec<double> {
  static void decode(const Value& value, double& out, Decoder& decoder) { detail::decode_double(value, out, decoder); }
  static Value encode(double value) { return detail::encode_double(value); }
};

template <>
struct Codec<std::string> {
  static void decode(const Value& value, std::string& out, Decoder& decoder) {
    detail::decode_string(value, out, decoder);
  }
  static Value encode(const std::string& value) { return Value(value); }
};

template <>
struct Codec<Uuid> {
  static void decode(const Value& value, Uuid& out, Decoder& decoder);
  static Value encode(const Uuid& value) { return Value(to_string(value)); }
};

template <>
struct Codec<WallTime> {
  static void decode(const Value& value, WallTime& out, Decoder& decoder);
  static Value encode(const WallTime& value) { return Value(format_rfc3339(value)); }
};

template <>
struct Codec<Currency> {
  static void decode(const Value& value, Currency& out, Decoder& decoder);
  static Value encode(const Currency& value) { return Value(value.code()); }
};

template <>
struct Codec<Money> {
  static void decode(const Value& value, Money& out, Decoder& decoder);
  static Value encode(const Money& value);
};

template <>
struct Codec<Value> {
  static void decode(const Value& value, Value& out, Decoder&) { out = value; }
  static Value encode(const Value& value) { return value; }
};

template <>
struct Codec<Object> {
  static void decode(const Value& value, Object& out, Decoder& decoder) {
    if (const Object* object = decoder.object(value)) out = *object;
  }
  static Value encode(const Object& value) { return value; }
};

template <class T>
struct Codec<Secret<T>> {
  static void decode(const Value& value, Secret<T>& out, Decoder& decoder) {
    T plain{};
    Codec<T>::decode(value, plain, decoder);
    out = Secret<T>(std::move(plain));
  }
};

template <class T>
struct Codec<Personal<T>> {
  static void decode(const Value& value, Personal<T>& out, Decoder& decoder) {
    T plain{};
    Codec<T>::decode(value, plain, decoder);
    out = Personal<T>(std::move(plain));
  }
};

template <class T>
struct Codec<std::optional<T>> {
  static void decode(const Value& value, std::optional<T>& out, Decoder& decoder) {
    if (value.is_null()) {
      out.reset();
      return;
    }
    Codec<T>::decode(value, out.emplace(), decoder);
  }
  static Value encode(const std::optional<T>& value)
    requires Encodable<T>
  {
    return value ? Codec<T>::encode(*value) : Value(nullptr);
  }
};

template <class T>
struct Codec<std::vector<T>> {
  static void decode(const Value& value, std::vector<T>& out, Decoder& decoder) {
    const Array* array = decoder.array(value);
    if (array == nullptr) return;
    out.clear();
    out.reserve(array->size());
    for (std::size_t i = 0; i < array->size(); ++i) {
      Decoder::Step step(decoder, std::to_string(i));
      T element{};
      Codec<T>::decode((*array)[i], element, decoder);
      out.push_back(std::move(element));
    }
  }
  static Value encode(const std::vector<T>& value)
    requires Encodable<T>
  {
    Array array;
    array.reserve(value.size());
    for (const T& element : value) array.push_back(Codec<T>::encode(element));
    return array;
  }
};

template <class T>
struct Codec<std::map<std::string, T>> {
  static void decode(const Value& value, std::map<std::string, T>& out, Decoder& decoder) {
    const Object* object = decoder.object(value);
    if (object == nullptr) return;
    out.clear();
    for (const auto& member : *object) {
      Decoder::Step step(decoder, member.key());
      Codec<T>::decode(member.value(), out[std::string(member.key())], decoder);
    }
  }
  static Value encode(const std::map<std::string, T>& value)
    requires Encodable<T>
  {
    Object object;
    for (const auto& [name, element] : value) object.emplace(name, Codec<T>::encode(element));
    return object;
  }
};

template <class E>
  requires boost::describe::has_describe_enumerators<E>::value
struct Codec<E> {
  static void decode(const Value& value, E& out, Decoder& decoder) {
    const auto text = decoder.text(value);
    if (!text) return;
    const auto& texts = detail::enumerator_texts<E>();
    bool found = false;
    std::size_t index = 0;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto enumerator) {
      if (texts[index++] != *text) return;
      out = enumerator.value;
      found = true;
    });
    if (!found) decoder.error(detail::one_of_text(texts));
  }
  static Value encode(E value) {
    const auto& texts = detail::enumerator_texts<E>();
    Value text;
    std::size_t index = 0;
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto enumerator) {
      if (enumerator.value == value) text = texts[index];
      ++index;
    });
    return text;
  }
};

template <class T>
  requires boost::describe::has_describe_members<T>::value
struct Codec<T> {
  static void decode(const Value& value, T& out, Decoder& decoder) {
    const Object* object = decoder.object(value);
    if (object == nullptr) return;
    const auto& names = detail::member_names<T>(decoder.rules().naming);
    std::size_t index = 0;
    boost::mp11::mp_for_each<detail::Members<T>>(
        [&](auto member) { decode_member(*object, names[index++], out.*member.pointer, decoder); });
    if (decoder.rules().unknown == Unknown::kRefuse) decoder.refuse_unknown_members(*object, names);
  }
  static Value encode(const T& value) {
    const auto& names = detail::member_names<T>(Naming::kCamelCase);
    Object object;
    object.reserve(names.size());
    std::size_t index = 0;
    boost::mp11::mp_for_each<detail::Members<T>>(
        [&](auto member) { encode_member(object, names[index++], value.*member.pointer); });
    return object;
  }

 private:
  template <class M>
  static void decode_member(const Object& object, const std::string& name, M& out, Decoder& decoder) {
    const Value* member = object.if_contains(name);
    if (member == nullptr) {
      if (!detail::is_optional<M> && decoder.rules().absent == Absent::kRefuse) decoder.error_at(name, "is required");
      return;
    }
    Decoder::Step step(decoder, name);
    Codec<M>::decode(*member, out, decoder);
  }
  template <class M>
  static void encode_member(Object& object, const std::string& name, const M& member) {
    if constexpr (detail::is_optional<M>) {
      if (member) object.emplace(name, Codec<typename M::value_type>::encode(*member));
    } else {
      object.emplace(name, Codec<M>::encode(member));
    }
  }
};

template <class T>
Result<T> decode(const Value& value, Unknown unknown) {
  Decoder decoder({.unknown = unknown});
  T out{};
  Codec<T>::decode(value, out, decoder);
  if (decoder.failed()) return std::unexpected(Error{.code = Code::kValidationFailed, .fields = decoder.take_errors()});
  return out;
}

template <class T>
Result<T> decode_text(std::string_view text, Unknown unknown) {
  EVC_TRY(value, parse(text));
  return decode<T>(value, unknown);
}

template <class T>
Value encode(const T& value) {
  static_assert(Encodable<T>, "this type has no JSON form (see json_codec.hpp)");
  return Codec<T>::encode(value);
}

}  // namespace evc::json
