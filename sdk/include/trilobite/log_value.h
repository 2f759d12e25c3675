// Values of log arguments and fields. They borrow: a Value or Field made from a string points at it and is meant to
// live only inside the logging call it is an argument of.
//
// Without fmt, which would cost every file that only makes spans its compile time: values of types that only fmt knows
// need <trilobite/log_text.h>, which <trilobite/log.h> brings along.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace trilobite::log {

enum class Level : std::uint8_t { kOff = 0, kError = 1, kWarn = 2, kInfo = 3, kDebug = 4, kTrace = 5 };

enum class ValueKind : std::uint8_t {
  kInt,
  kUint,
  kFloat,  // kept apart from kDouble: the shortest text of 0.1f is not that of its double
  kDouble,
  kBool,
  kChar,
  kPointer,
  kString,   // readable: quoted; JSONL: hoisted when it parses as JSON
  kDisplay,  // readable: bare; JSONL: always a string
  kJson,     // raw JSON text; a string when it turns out not to be JSON
};

class Value {
 public:
  constexpr Value() = default;
  static Value of_int(std::int64_t v) { return Value(ValueKind::kInt, static_cast<std::uint64_t>(v)); }
  static Value of_uint(std::uint64_t v) { return Value(ValueKind::kUint, v); }
  static Value of_bool(bool v) { return Value(ValueKind::kBool, v ? 1 : 0); }
  static Value of_char(char v) { return Value(ValueKind::kChar, static_cast<unsigned char>(v)); }
  static Value of_pointer(const void* v) { return Value(ValueKind::kPointer, reinterpret_cast<std::uintptr_t>(v)); }
  static Value of_double(double v, ValueKind kind = ValueKind::kDouble) {
    return Value(kind, __builtin_bit_cast(std::uint64_t, v));
  }
  static Value of_text(std::string_view v, ValueKind kind = ValueKind::kString) {
    Value value(kind, v.size());
    value.data_ = v.data();
    return value;
  }
  // The inverse of bits(): a value of any kind but the textual ones.
  static Value of_bits(ValueKind kind, std::uint64_t bits) { return Value(kind, bits); }

  ValueKind kind() const { return kind_; }
  bool is_text() const { return kind_ >= ValueKind::kString; }
  std::uint64_t bits() const { return bits_; }
  std::int64_t as_int() const { return static_cast<std::int64_t>(bits_); }
  std::uint64_t as_uint() const { return bits_; }
  double as_double() const { return __builtin_bit_cast(double, bits_); }
  bool as_bool() const { return bits_ != 0; }
  char as_char() const { return static_cast<char>(bits_); }
  const void* as_pointer() const { return reinterpret_cast<const void*>(static_cast<std::uintptr_t>(bits_)); }
  std::string_view text() const { return {data_, static_cast<std::size_t>(bits_)}; }

 private:
  constexpr Value(ValueKind kind, std::uint64_t bits) : kind_(kind), bits_(bits) {}

  ValueKind kind_ = ValueKind::kInt;
  std::uint64_t bits_ = 0;  // the number, or the size of the text
  const char* data_ = nullptr;
};

struct Field {
  std::string_view key;
  Value value;
};

// A text made at the call, for values of types that only fmt knows.
struct DisplayText {
  std::string text;
};
struct DisplayField {
  std::string_view key;
  std::string text;
};

namespace detail {

template <class T, class U>
concept SameAs = std::is_same_v<T, U>;  // without <concepts>

// std::string with any allocator, std::string_view, fmt's and others like them: not a list of letters.
template <class T>
concept StringLike = std::is_class_v<T> && std::is_constructible_v<T, const char*> && requires(const T& text) {
  { text.data() } -> SameAs<const char*>;
  { text.size() } -> SameAs<std::size_t>;
};
template <class T>
inline constexpr bool kIsString = StringLike<T>;

template <class T>
inline constexpr bool kIsCString = std::is_same_v<T, const char*> || std::is_same_v<T, char*>;

template <class T>
inline constexpr bool kIsPointer =
    std::is_same_v<T, const void*> || std::is_same_v<T, void*> || std::is_same_v<T, std::nullptr_t>;

template <class T>
inline constexpr bool kIsNumber = std::is_arithmetic_v<T> && sizeof(T) <= sizeof(std::int64_t) &&
                                  !std::is_same_v<T, wchar_t> && !std::is_same_v<T, char8_t> &&
                                  !std::is_same_v<T, char16_t> && !std::is_same_v<T, char32_t>;

// Types whose formatting can wait for the writer thread: their value fits a Value, nothing of the object is needed
// later.
template <class T>
concept Deferrable = kIsNumber<std::decay_t<T>> || kIsString<std::decay_t<T>> || kIsCString<std::decay_t<T>> ||
    kIsPointer<std::decay_t<T>>;

template <Deferrable T>
[[gnu::always_inline]] inline Value to_value(const T& value) {
  using D = std::decay_t<T>;
  if constexpr (std::is_same_v<D, bool>) {
    return Value::of_bool(value);
  } else if constexpr (std::is_same_v<D, char>) {
    return Value::of_char(value);
  } else if constexpr (std::is_same_v<D, float>) {
    return Value::of_double(value, ValueKind::kFloat);
  } else if constexpr (std::is_floating_point_v<D>) {
    return Value::of_double(value, ValueKind::kDouble);
  } else if constexpr (std::is_integral_v<D> && std::is_signed_v<D>) {
    return Value::of_int(value);
  } else if constexpr (std::is_integral_v<D>) {
    return Value::of_uint(value);
  } else if constexpr (kIsPointer<D>) {
    return Value::of_pointer(value);
  } else if constexpr (kIsCString<D>) {
    const char* text = value;
    return Value::of_text(text == nullptr ? std::string_view("(null)") : std::string_view(text), ValueKind::kString);
  } else {
    return Value::of_text({value.data(), value.size()});
  }
}

template <class T>
inline constexpr bool kIsField = std::is_same_v<T, Field> || std::is_same_v<T, DisplayField>;

// TextOf<T>::of(value): its text, made by fmt. "Incomplete type" here means that <trilobite/log_text.h> is not included.
template <class T>
struct TextOf;

inline Field as_field(const Field& field) { return field; }
inline Field as_field(const DisplayField& field) {
  return {field.key, Value::of_text(field.text, ValueKind::kDisplay)};
}

}  // namespace detail

// display(x): the value as its text, never quoted and never taken for JSON.
template <class T>
auto display(const T& value) {
  if constexpr (detail::kIsString<std::decay_t<T>> || detail::kIsCString<std::decay_t<T>>) {
    return Value::of_text(detail::to_value(value).text(), ValueKind::kDisplay);
  } else {
    return DisplayText{detail::TextOf<T>::of(value)};
  }
}

// json(text): text is JSON already and becomes part of a JSONL line as it is.
inline Value json(std::string_view text) { return Value::of_text(text, ValueKind::kJson); }

// kv("overlap", n): one field. Numbers, bools and strings keep their type; any other type that fmt can format becomes
// its text (<trilobite/log_text.h>).
template <class T>
[[gnu::always_inline]] inline auto kv(std::string_view key, const T& value) {
  if constexpr (std::is_same_v<T, Value>) {
    return Field{key, value};
  } else if constexpr (std::is_same_v<T, DisplayText>) {
    return DisplayField{key, value.text};
  } else if constexpr (detail::Deferrable<T>) {
    return Field{key, detail::to_value(value)};
  } else {
    return DisplayField{key, detail::TextOf<T>::of(value)};
  }
}

}  // namespace trilobite::log
