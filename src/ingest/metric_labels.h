// Labels of series as senders have them, made into label sets.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "columnar/label_set.h"
#include "ingest/metric_writer.h"

namespace trilobite::ingest {

inline constexpr std::string_view kNameLabel = "__name__";

bool valid_utf8(std::string_view text);

// Sorts `pairs`. Empty values are left out. Errors: kInvalid, an empty name, a name twice, no UTF-8.
Result<LabelSet> make_labels(std::span<LabelSet::Pair> pairs);
// The same, and there must be a name.
Result<LabelSet> make_series_labels(std::span<LabelSet::Pair> pairs);
// {a="b"} of labels that are in no order and may be wrong, for texts of errors.
std::string pairs_text(std::span<const LabelSet::Pair> pairs);

// Prometheus' milliseconds; what does not fit into our time is the last or first moment that does.
TimeNs time_of_ms(std::int64_t ms);

// Takes the null entries out of push.series, which no sample or exemplar is of.
void drop_missing_series(MetricPush& push);

}  // namespace trilobite::ingest
