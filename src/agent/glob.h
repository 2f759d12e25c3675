// Path patterns as Promtail has them: `*` and `?` within one part of a path, `**` over any number of folders,
// `[a-z]`, `[^a-z]` (or `[!a-z]`), `{one,two}` with nesting, and `\` to take the next character as it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace trilobite::agent {

class Glob {
 public:
  static Result<Glob> parse(std::string_view pattern);

  bool matches(std::string_view path) const;
  // Whether something below the folder `path` could match: where a walk may stop.
  bool may_match_below(std::string_view folder) const;
  const std::string& pattern() const { return pattern_; }
  // The folders in front of the first wildcard; one for each alternative of `{a,b}`.
  std::vector<std::string> roots() const;

 private:
  using Segments = std::vector<std::string>;
  std::string pattern_;
  std::vector<Segments> alternatives_;  // braces are expanded when parsed
};

}  // namespace trilobite::agent
