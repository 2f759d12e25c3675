// Matchers, prepared once per request: a regex is taken apart into alternatives, a prefix, or compiled, and is asked
// about distinct values, never about series.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/postings.h"
#include "storage/store.h"

namespace trilobite::storage {

class LabelMatcher {
 public:
  // kInvalid for a regex that RE2 refuses.
  static Result<LabelMatcher> compile(const Matcher& matcher);
  LabelMatcher(LabelMatcher&&) noexcept;
  LabelMatcher& operator=(LabelMatcher&&) noexcept;
  ~LabelMatcher();

  bool matches(std::string_view value) const;  // "" stands for an absent label
  // Series of the index that match. As in Prometheus, a matcher that accepts "" also accepts series without the label.
  SeriesSet select(const Postings& postings) const;

 private:
  struct Pattern;
  LabelMatcher();
  bool positive(std::string_view value) const;

  std::string name_;
  bool negated_ = false;
  std::optional<std::vector<std::string>> literals_;  // the condition is: one of these
  std::unique_ptr<Pattern> pattern_;                  // or: this regex
};

Result<std::vector<LabelMatcher>> compile_matchers(const std::vector<Matcher>& matchers);
SeriesSet select_series(const Postings& postings, const std::vector<LabelMatcher>& matchers);

// The texts that a regex stands for when it is nothing but alternatives of plain text, as in "a|b|c" or "(a|b)".
std::optional<std::vector<std::string>> literal_alternatives(std::string_view regex);

}  // namespace trilobite::storage
