// The sentences that the evaluator adds to a result, as Prometheus words them. Without prefix and place.
#pragma once

#include <string>
#include <string_view>

#include "metrics/annotations.h"
#include "metrics/histogram_math.h"

namespace trilobite::metrics {

// What two histograms were combined for, as the texts name it: "addition", "subtraction", "aggregation".
inline constexpr std::string_view kAddition = "addition", kSubtraction = "subtraction", kAggregated = "aggregation";

void warn_start_overlaps(Annotations& annotations, std::string_view metric, Position at);
void warn_mixed_samples(Annotations& annotations, std::string_view metric, Position at);
void warn_mixed_buckets(Annotations& annotations, std::string_view metric, Position at);
void warn_mixed_aggregation(Annotations& annotations, Position at);
void warn_not_counter(Annotations& annotations, std::string_view metric, Position at);
void warn_not_gauge(Annotations& annotations, std::string_view metric, Position at);
void warn_quantile(Annotations& annotations, double quantile, Position at);
void info_possibly_no_counter(Annotations& annotations, std::string_view metric, Position at);
void info_ignored_in_range(Annotations& annotations, std::string_view metric, Position at);
void info_ignored_in_aggregation(Annotations& annotations, std::string_view operation, Position at);
// What came up while histograms were combined; `incompatible` is not among it.
void note_combined(Annotations& annotations, const HistogramNotes& notes, std::string_view what, Position at);
void note_reconciled(Annotations& annotations, const HistogramNotes& notes, std::string_view what, Position at);

std::string quoted(std::string_view text);  // as Go's %q
std::string time_text(TimeNs time);         // 2026-01-15T00:30:00Z

}  // namespace trilobite::metrics
