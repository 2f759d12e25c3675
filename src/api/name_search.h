// How well a name matches what somebody typed: for the search endpoints, which complete names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trilobite::api {

enum class FuzzyMatch : std::uint8_t {
  kSubsequence,  // all characters in order, with gaps
  kJaroWinkler,  // contained, or alike as a whole
};

struct NameSearchOptions {
  FuzzyMatch match = FuzzyMatch::kSubsequence;
  double threshold = 0;        // 0 to 1: names that score less do not match
  bool case_sensitive = true;  // else letters of ASCII are equal to their other case
};

// One thread at a time.
class NameSearch {
 public:
  // No terms: every name matches. Of several the best counts.
  NameSearch(const std::vector<std::string_view>& terms, NameSearchOptions options);

  // 0 to 1, where 1 is a name that begins with a term; nothing: it does not match.
  std::optional<double> score(std::string_view name);

 private:
  std::optional<double> score_of(const std::u32string& term) const;

  NameSearchOptions options_;
  std::vector<std::u32string> terms_;
  std::u32string name_;  // the one that is looked at
};

// 0: `term` is no subsequence of `name`. Runs of neighbours count with the square of their length, characters of the
// name before and between them take away a share of its length each, those behind half of it; of all places to begin
// the best one. 1 is the name itself.
double subsequence_score(std::u32string_view term, std::u32string_view name);
// The similarity of Jaro and Winkler.
double jaro_winkler_score(std::u32string_view a, std::u32string_view b);

}  // namespace trilobite::api
