// A compiled regular expression (RE2), as filters, parsers and templates use it.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace trilobite::logql {

struct RegexOptions {
  bool anchored = false;  // label matchers: the whole value must match, and dot matches newline
};

// Immutable; any thread.
class Regex {
 public:
  // The error is Go's: "error parsing regexp: missing closing ): `(`".
  static Result<Regex> compile(std::string_view pattern, const RegexOptions& options);

  bool matches(std::string_view text) const;
  std::size_t groups() const;  // capturing groups
  // Group 0 is the whole match; a group that took no part is a view with a null pointer. False: no match at or after
  // `from`. `out` has groups() + 1 places at most.
  bool find(std::string_view text, std::size_t from, std::span<std::string_view> out) const;
  // Name of each capturing group, "" for unnamed ones.
  std::vector<std::string> group_names() const;

  // Where the pattern is nothing but plain texts with "|" between: these texts. Finding one of them is all there is to
  // do.
  std::optional<std::vector<std::string>> literal_alternatives() const;
  // Literals one of which occurs in every text that matches; empty when none is known.
  std::vector<std::string> required_literals() const;

  struct Compiled;

 private:
  explicit Regex(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}
  std::shared_ptr<const Compiled> compiled_;
};

// The groups of `| regexp`: (number, name). Errors: no named group, a name twice, or a bad expression.
Result<std::vector<std::pair<std::size_t, std::string>>> capture_names(std::string_view pattern);

}  // namespace trilobite::logql
