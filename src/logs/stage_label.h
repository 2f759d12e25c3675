// Label filters: conditions on label values, `and`, `or`.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "logs/ast.h"
#include "logs/ip_filter.h"
#include "logs/regex.h"
#include "logs/row.h"

namespace trilobite::logql {

class LabelTest {
 public:
  static Result<LabelTest> compile(const LabelFilter& filter, LabelPlan& plan);

  // Once there is an error, comparisons other than strings let the row pass. A value that is no number (duration, size)
  // lets it pass too and makes the error LabelFilterErr.
  bool passes(Row& row) const;
  // False only if the row cannot pass, whatever else happens to it. Of a condition on one label.
  bool may_pass(const Row& row) const;

  // All names in the tree.
  void names(std::vector<NameId>& out) const;
  // The conditions that must all hold and look at one label.
  void conjuncts(std::vector<const LabelTest*>& out) const;
  NameId label() const { return id_; }
  bool is_string() const { return kind_ == LabelFilter::Kind::kString; }

  // ---- For those who evaluate the tree themselves, over columns ----
  enum class Verdict : std::uint8_t { kFail, kPass, kInvalid /* no number, duration or size */ };
  LabelFilter::Kind kind() const { return kind_; }
  std::span<const LabelTest> sides() const { return sides_; }  // of and, or
  bool on_error() const { return on_error_; }                  // tests the row's error instead of a label
  MatchOp match() const { return match_; }
  CompareOp compare_op() const { return compare_; }
  double number() const { return number_; }
  const std::string& text() const { return text_; }
  // Of a value that is there; of a row without error. REQUIRES: neither and nor or.
  Verdict verdict(std::string_view value) const { return compare(value); }
  // Of a value already read as the kind asks: number, nanoseconds, or bytes, both whole and below 2^53.
  // REQUIRES: kNumber, kDuration or kBytes.
  bool passes_number(double value) const;
  // Of a row without error that does not have the label.
  Verdict verdict_absent() const { return is_string() && matches({}) ? Verdict::kPass : Verdict::kFail; }

 private:
  Verdict compare(std::string_view value) const;
  bool matches(std::string_view value) const;
  std::string error_details(std::string_view value) const;

  LabelFilter::Kind kind_ = LabelFilter::Kind::kString;
  NameId id_ = kNoName;
  bool on_error_ = false;  // __error__: the row's error, not a label
  MatchOp match_ = MatchOp::kEqual;
  std::string text_;
  std::optional<Regex> regex_;
  std::optional<IpFilter> ip_;
  CompareOp compare_ = CompareOp::kEqual;
  double number_ = 0;
  std::int64_t duration_ns_ = 0;
  std::uint64_t bytes_ = 0;
  std::vector<LabelTest> sides_;
};

}  // namespace trilobite::logql
