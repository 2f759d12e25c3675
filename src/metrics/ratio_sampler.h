// limit_ratio: which series are in a sample, by their labels alone.
#pragma once

#include "columnar/label_set.h"

namespace trilobite::metrics {

// Where the series stands in [0, 1): a ratio r takes those below r, -r those from 1 - r on. The same as Prometheus'.
double ratio_share(const LabelSet& labels);

}  // namespace trilobite::metrics
