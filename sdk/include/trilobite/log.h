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

#include <trilobite/log_value.h>

namespace trilobite::log {

namespace detail {

// Generation of the process-wide filter times 8. A Target keeps the generation it asked under next to the answer, which
// makes a cached answer of an older filter visible without any list of targets.
extern std::uint32_t filter_generation;

// Everything about a statement that exists at compile time, so that pointers to it stay valid for ever.
struct Statement {
  std::string_view target;
  std::string_view format;
  const char* file;
  std::uint32_t line;
  Level level;
};

Level target_level(std::string_view target, std::uint32_t& cached) noexcept;
void submit(const Statement& statement, const Value* values, std::size_t value_count, const Field* fields,
            std::size_t field_count) noexcept;

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

// Stands in for a field where fmt counts arguments; no format string can refer to it.
inline constexpr int kNoArgument = 0;

template <class T>
auto& format_argument(T& argument) {
  if constexpr (kIsField<std::remove_cv_t<T>>) {
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

  bool enabled(Level level) const {
    // Equal generations cancel out and leave the cached level; anything else is 8 or more.
    const std::uint32_t cached =
        __atomic_load_n(&cached_, __ATOMIC_RELAXED) ^ __atomic_load_n(&detail::filter_generation, __ATOMIC_RELAXED);
    if (cached < 8) [[likely]]
      return static_cast<std::uint32_t>(level) <= cached;
    return level <= detail::target_level(name_, cached_);
  }

  template <class... Args>
  void error(FormatFor<Args...> format, Args&&... args) const {
    write(Level::kError, format.at, args...);
  }
  template <class... Args>
  void warn(FormatFor<Args...> format, Args&&... args) const {
    write(Level::kWarn, format.at, args...);
  }
  template <class... Args>
  void info(FormatFor<Args...> format, Args&&... args) const {
    write(Level::kInfo, format.at, args...);
  }
  template <class... Args>
  void debug(FormatFor<Args...> format, Args&&... args) const {
    write(Level::kDebug, format.at, args...);
  }
  template <class... Args>
  void trace(FormatFor<Args...> format, Args&&... args) const {
    write(Level::kTrace, format.at, args...);
  }
  // For a level known only at run time; kOff writes nothing.
  template <class... Args>
  void at(Level level, FormatFor<Args...> format, Args&&... args) const {
    if (level != Level::kOff) write(level, format.at, args...);
  }

  // What all of these share; format has been checked against Args by then.
  template <class... Args>
  void write(Level level, const FormatAndPlace& format, Args&... args) const {
    static_assert(detail::fields_come_last<Args...>(), "fields (kv) follow the arguments of the message");
    if (enabled(level)) emit(level, format, args...);
  }

 private:
  template <class... Args>
  void emit(Level level, const FormatAndPlace& format, Args&... args) const {
    constexpr std::size_t kFields = (0 + ... + (detail::kIsField<std::remove_cv_t<Args>> ? 1 : 0));
    constexpr std::size_t kValues = sizeof...(Args) - kFields;
    constexpr bool kDeferred =
        (true && ... && (detail::kIsField<std::remove_cv_t<Args>> || detail::Deferrable<std::remove_cv_t<Args>>));
    Value values[kValues + 1];
    Field fields[kFields + 1];
    [[maybe_unused]] std::size_t value_count = 0, field_count = 0;
    [[maybe_unused]] const auto put = [&](auto& arg) {
      using T = std::remove_cvref_t<decltype(arg)>;
      if constexpr (detail::kIsField<T>) {
        fields[field_count++] = detail::as_field(arg);
      } else if constexpr (kDeferred) {
        values[value_count++] = detail::to_value(arg);
      }
    };
    (put(args), ...);
    if constexpr (kDeferred) {
      detail::submit({name_, format.text, format.file, format.line, level}, values, kValues, fields, kFields);
    } else {
      // An argument whose type only fmt knows: the message is made here, while the argument is there.
      const std::string text = render(format.text, fmt::make_format_args(detail::format_argument(args)...));
      values[0] = Value::of_text(text);
      detail::submit({name_, "{}", format.file, format.line, level}, values, 1, fields, kFields);
    }
  }

  // The text, or the format itself with the reason where a formatter fails.
  static std::string render(std::string_view format, fmt::format_args args) noexcept;

  std::string_view name_;
  mutable std::uint32_t cached_ = 0;  // generation * 8 + level; only ever read and written atomically
};

// The target of the free functions below; shown as the program's name unless the configuration names another.
inline constexpr Target kDefaultTarget{""};

template <class... Args>
void error(FormatFor<Args...> format, Args&&... args) {
  kDefaultTarget.write(Level::kError, format.at, args...);
}
template <class... Args>
void warn(FormatFor<Args...> format, Args&&... args) {
  kDefaultTarget.write(Level::kWarn, format.at, args...);
}
template <class... Args>
void info(FormatFor<Args...> format, Args&&... args) {
  kDefaultTarget.write(Level::kInfo, format.at, args...);
}
template <class... Args>
void debug(FormatFor<Args...> format, Args&&... args) {
  kDefaultTarget.write(Level::kDebug, format.at, args...);
}
template <class... Args>
void trace(FormatFor<Args...> format, Args&&... args) {
  kDefaultTarget.write(Level::kTrace, format.at, args...);
}

}  // namespace trilobite::log
