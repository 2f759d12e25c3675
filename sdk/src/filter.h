// Filter directives: `target[span{field=value,...}]=level`, every part optional.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <trilobite/log_value.h>

#include "outcome.h"

namespace trilobite::log {

class FieldPattern;  // a compiled regular expression

struct FieldMatch {
  std::string name;
  std::optional<std::string> value;               // a regular expression that the whole text of the field has to match
  std::shared_ptr<const FieldPattern> pattern{};  // of value; made by parse_directive
  bool operator==(const FieldMatch& other) const { return name == other.name && value == other.value; }
};

// What directives ask about a span that is to start.
struct SpanQuestion {
  std::string_view target;
  std::string_view name;
  Level level = Level::kInfo;
  std::span<const Field> fields{};
  Level scope = Level::kOff;  // of the span around it
};
struct SpanAnswer {
  bool exists = false;
  Level scope = Level::kOff;  // up to this level lines inside it are on, whatever their target
};

struct Directive {
  std::string target;
  std::optional<std::string> span;
  std::vector<FieldMatch> fields;
  Level level = Level::kTrace;

  bool needs_span() const { return span.has_value() || !fields.empty(); }
  bool same_scope(const Directive& other) const {
    return target == other.target && span == other.span && fields == other.fields;
  }
};

std::string_view level_name(Level level);                 // "off" ... "trace"
std::optional<Level> parse_level(std::string_view text);  // a name in any case, or "0" to "5"
Outcome<Directive> parse_directive(std::string_view piece);
std::string to_text(const Directive& directive);

// The pieces of a directive list: split at commas outside braces, trimmed, empty ones left out.
std::vector<std::string_view> split_directives(std::string_view text);

// A set of directives. Not thread-safe.
class Filter {
 public:
  // Replaces a directive of the same scope.
  void add(Directive directive);

  // Adds the valid pieces of text and returns one line "ignoring `<piece>`: <reason>" for each other one.
  std::vector<std::string> add_all(std::string_view text);

  bool empty() const { return directives_.empty(); }

  // The most verbose level that is on for a target outside any span; kOff when no directive applies.
  Level level_for(std::string_view target) const;

  // Are there directives that need a span? If not, level_for() decides about spans as it does about lines.
  bool asks_for_spans() const { return asks_for_spans_; }
  SpanAnswer answer(const SpanQuestion& question) const;

  std::string text() const;

 private:
  std::vector<Directive> directives_;  // the most specific first
  bool asks_for_spans_ = false;
};

}  // namespace trilobite::log
