// Two histograms brought to one layout, so that their numbers can be combined place by place. Of this room.
#pragma once

#include <vector>

#include "metrics/histogram.h"

namespace trilobite::metrics {

// The second operand of a sum, and what the first one must become. REQUIRES: both exponential or both custom.
class AlignedTerm {
 public:
  AlignedTerm(const Histogram& sum, const Histogram& term);

  bool bounds_reconciled() const { return bounds_reconciled_; }
  // `sum` as it was given, or another histogram of its layout (rounding errors): brought to the common layout.
  void apply(Histogram& sum) const;
  // The term in that layout; valid as long as the term lives.
  const Histogram& histogram() const { return copied_ ? copy_ : *term_; }

 private:
  void align_custom(const Histogram& sum);
  void align_exponential(const Histogram& sum);
  void align_sides(const Histogram& sum);
  Histogram& own();  // the term as a copy that may change

  const Histogram* term_;
  Histogram copy_;
  bool copied_ = false;
  bool bounds_reconciled_ = false;
  std::int32_t schema_;
  double zero_threshold_;
  std::vector<double> bounds_;  // when reconciled
  bool widen_positive_ = false, widen_negative_ = false;
  std::vector<BucketSpan> positive_, negative_;  // layout of both, where they must be widened
};

}  // namespace trilobite::metrics
