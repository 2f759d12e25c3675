// Logging without macros:
//
//   inline constexpr trilobite::log::Target kLog{"shop::pay"};
//   kLog.info("selected worker {}", id, kv("overlap", n));
//
// Format strings are literals, checked against their arguments when compiled. Fields (kv, see log_value.h) follow the
// arguments. A disabled statement costs two loads, although its arguments are still evaluated. An enabled one copies
// its arguments into a queue of the calling thread; the text is made by a background thread. Nothing here throws.
// Programs set logging up in main with <trilobite/log_setup.h>; without that, lines of INFO and above go to stderr.
#pragma once

#include <trilobite/log_record.h>
#include <trilobite/log_text.h>

namespace trilobite::log {

namespace detail {

// Generation of the process-wide filter times 64. A Target keeps the generation it asked under next to the answer,
// which makes a cached answer of an older filter visible without any list of targets. The answer of a log target is its
// level, and times 8 the highest level that a directives may give it inside a span.
extern std::uint32_t filter_generation;

// The whole test, for outdated answers and for levels that depend on the spans of this thread.
bool is_enabled(std::string_view target, Level level, std::uint32_t& cached) noexcept;

template <class... Args>
struct Arguments {
  using FormatString = fmt::format_string<Args...>;
};

// Args without the fields among them: what the format string has to match.
template <class Kept, class... Rest>
struct WithoutFields {
  using Type = Kept;
};
template <class... Kept, class First, class... Rest>
struct WithoutFields<Arguments<Kept...>, First, Rest...>
    : std::conditional_t<kIsField<std::remove_cvref_t<First>>, WithoutFields<Arguments<Kept...>, Rest...>,
                         WithoutFields<Arguments<Kept..., First>, Rest...>> {};

template <class... Args>
constexpr bool fields_come_last() {
  bool seen_field = false, in_order = true;
  ((kIsField<std::remove_cvref_t<Args>> ? void(seen_field = true) : void(in_order = in_order && !seen_field)), ...);
  return in_order;
}

// What a record keeps of an argument.
template <class T>
[[gnu::always_inline]] inline auto record_part(const T& argument) {
  if constexpr (kIsField<T>) {
    return as_field(argument);
  } else {
    return to_value(argument);
  }
}
// The same where the message is made at the call: of the arguments nothing is left.
template <class T>
[[gnu::always_inline]] inline auto field_part(const T& argument) {
  if constexpr (kIsField<T>) {
    return as_field(argument);
  } else {
    return Nothing{};
  }
}

// Stands in for a field where fmt counts arguments; no format string can refer to it.
inline constexpr int kNoArgument = 0;

template <class T>
const auto& format_argument(const T& argument) {
  if constexpr (kIsField<T>) {
    return kNoArgument;
  } else {
    return argument;
  }
}

}  // namespace detail

// A checked format string and the place it stands at.
struct FormatAndPlace {
  std::string_view text;
  const char* file;
  std::uint32_t line;
};

template <class... Args>
struct Format {
  FormatAndPlace at;

  template <class Text>
  // NOLINTNEXTLINE(google-explicit-constructor): made from the literal in the call.
  consteval Format(const Text& format, const char* file = __builtin_FILE(), std::uint32_t line = __builtin_LINE())
      : at{std::string_view(format), file, line} {
    using Checked = typename detail::WithoutFields<detail::Arguments<>, Args...>::Type::FormatString;
    static_cast<void>(Checked(format));  // does not compile when the arguments do not fit
  }
};

template <class... Args>
using FormatFor = Format<std::type_identity_t<Args>...>;

// The module that logs: its name is shown with each line and decides, by the filter, which levels are on. Make one per
// module as a constexpr object of static lifetime. Any thread.
class Target {
 public:
  // An empty name stands for Config::default_target.
  consteval explicit Target(std::string_view name) : name_(name) {}
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  std::string_view name() const { return name_; }

  [[gnu::always_inline]] bool enabled(Level level) const {
    // Equal generations cancel out and leave the cached answer; anything else is 64 or more.
    const std::uint32_t answer =
        __atomic_load_n(&cached_, __ATOMIC_RELAXED) ^ __atomic_load_n(&detail::filter_generation, __ATOMIC_RELAXED);
    const auto wanted = static_cast<std::uint32_t>(level);
    if (answer < 8 * wanted) return false;
    if (answer < 64 && (answer & 7) >= wanted) [[likely]]
      return true;
    return detail::is_enabled(name_, level, cached_);
  }

  template <class... Args>
  [[gnu::always_inline]] void error(FormatFor<Args...> format, Args&&... args) const {
    write(Level::kError, format.at, args...);
  }
  template <class... Args>
  [[gnu::always_inline]] void warn(FormatFor<Args...> format, Args&&... args) const {
    write(Level::kWarn, format.at, args...);
  }
  template <class... Args>
  [[gnu::always_inline]] void info(FormatFor<Args...> format, Args&&... args) const {
    write(Level::kInfo, format.at, args...);
  }
  template <class... Args>
  [[gnu::always_inline]] void debug(FormatFor<Args...> format, Args&&... args) const {
    write(Level::kDebug, format.at, args...);
  }
  template <class... Args>
  [[gnu::always_inline]] void trace(FormatFor<Args...> format, Args&&... args) const {
    write(Level::kTrace, format.at, args...);
  }
  // For a level known only at run time; kOff writes nothing.
  template <class... Args>
  [[gnu::always_inline]] void at(Level level, FormatFor<Args...> format, Args&&... args) const {
    if (level != Level::kOff) write(level, format.at, args...);
  }

  // What all of these share; format has been checked against Args by then.
  template <class... Args>
  [[gnu::always_inline]] void write(Level level, const FormatAndPlace& format, const Args&... args) const {
    static_assert(detail::fields_come_last<Args...>(), "fields (kv) follow the arguments of the message");
    if (enabled(level)) emit(level, format, args...);
  }

 private:
  template <class... Args>
  [[gnu::always_inline]] void emit(Level level, const FormatAndPlace& format, const Args&... args) const {
    constexpr std::size_t kFields = (0 + ... + (detail::kIsField<Args> ? 1 : 0));
    constexpr std::size_t kValues = sizeof...(Args) - kFields;
    static_assert(kFields < 256 && kValues < 256, "too many arguments for one line");
    constexpr bool kDeferred = (true && ... && (detail::kIsField<Args> || detail::Deferrable<Args>));
    if constexpr (kDeferred) {
      detail::submit(head(level, format, format.text, kValues, kFields), detail::record_part(args)...);
    } else {
      // An argument whose type only fmt knows: the message is made here, while the argument is there.
      const std::string text = render(format.text, fmt::make_format_args(detail::format_argument(args)...));
      detail::submit(head(level, format, "{}", 1, kFields), Value::of_text(text), detail::field_part(args)...);
    }
  }

  [[gnu::always_inline]] detail::RecordHead head(Level level, const FormatAndPlace& at, std::string_view format,
                                                 std::size_t values, std::size_t fields) const {
    return {.ticks = 0,  // and the span: set when the record is written
            .format = format.data(),
            .file = at.file,
            .target = name_.data(),
            .span = nullptr,
            .span_attribute_bytes = 0,
            .format_size = static_cast<std::uint32_t>(format.size()),
            .target_size = static_cast<std::uint32_t>(name_.size()),
            .line = at.line,
            .value_count = static_cast<std::uint8_t>(values),
            .field_count = static_cast<std::uint8_t>(fields),
            .level = level};
  }

  // The text, or the format itself with the reason where a formatter fails.
  static std::string render(std::string_view format, fmt::format_args args) noexcept;

  std::string_view name_;
  mutable std::uint32_t cached_ = 0;  // generation | answer; only ever read and written atomically
};

// The target of the free functions below; shown as the program's name unless the configuration names another.
inline constexpr Target kDefaultTarget{""};

template <class... Args>
[[gnu::always_inline]] inline void error(FormatFor<Args...> format, Args&&... args) {
  kDefaultTarget.write(Level::kError, format.at, args...);
}
template <class... Args>
[[gnu::always_inline]] inline void warn(FormatFor<Args...> format, Args&&... args) {
  kDefaultTarget.write(Level::kWarn, format.at, args...);
}
template <class... Args>
[[gnu::always_inline]] inline void info(FormatFor<Args...> format, Args&&... args) {
  kDefaultTarget.write(Level::kInfo, format.at, args...);
}
template <class... Args>
[[gnu::always_inline]] inline void debug(FormatFor<Args...> format, Args&&... args) {
  kDefaultTarget.write(Level::kDebug, format.at, args...);
}
template <class... Args>
[[gnu::always_inline]] inline void trace(FormatFor<Args...> format, Args&&... args) {
  kDefaultTarget.write(Level::kTrace, format.at, args...);
}

}  // namespace trilobite::log
