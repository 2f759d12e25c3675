// Search without regard to case: letters are equal to what Unicode's simple case folding makes of them, as (?i) has it
// in the regular expressions of Go and RE2. Needles that are not UTF-8 fold the letters of ASCII alone.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "columnar/lines.h"
#include "columnar/slot_search.h"

namespace trilobite::columnar {

// Immutable; any thread.
class FoldSearcher {
 public:
  explicit FoldSearcher(std::string_view needle);
  ~FoldSearcher();
  FoldSearcher(FoldSearcher&&) noexcept;

  bool occurs_in(std::string_view text) const;
  // The rows it occurs in.
  PositionSet search(const StringColumn& column) const;

 private:
  struct Regex;
  std::string lowered_;           // of ASCII
  bool exact_ = false;            // folding ASCII is all there is to it
  bool other_cases_ = false;      // ... but for letters beyond ASCII that are equal to one of it
  std::unique_ptr<Regex> regex_;  // null: never needed
};

// The rows of `candidates` whose line has the needle.
Result<PositionSet> search_lines_folded(const Templates& lines, std::string_view needle, const PositionSet& candidates);
Result<Verdict> foresee_lines_folded(const Templates& lines, std::string_view needle);

}  // namespace trilobite::columnar
