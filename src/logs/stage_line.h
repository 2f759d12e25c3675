// Line filters: |= != |~ !~ |> !> with `or` and ip().
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/fold_search.h"
#include "logs/ast.h"
#include "logs/ip_filter.h"
#include "logs/pattern.h"
#include "logs/regex.h"

namespace trilobite::logql {

class LineTest {
 public:
  static Result<LineTest> compile(const LineFilter& filter);

  bool passes(std::string_view line) const;

  // A condition that every line which passes fulfils, for the store; nothing where none is known.
  std::optional<Predicate> predicate() const;
  // The predicate is all there is: a line that fulfils it passes.
  bool exact() const {
    return regexes_.empty() && patterns_.empty() && ips_.empty() && (needles_.empty() || folded_.empty());
  }

 private:
  struct RegexTest {
    Regex regex;
    std::vector<std::string> literals;  // one of them must occur; none: unknown
  };
  bool any(std::string_view line) const;

  bool negative_ = false;
  std::vector<std::string> needles_;
  std::vector<std::string> folded_;  // i"text"
  std::vector<std::shared_ptr<const columnar::FoldSearcher>> fold_searchers_;  // of folded_
  std::vector<RegexTest> regexes_;
  std::vector<Pattern> patterns_;
  std::vector<IpFilter> ips_;
};

// memmem, as views.
bool contains(std::string_view text, std::string_view needle);

}  // namespace trilobite::logql
