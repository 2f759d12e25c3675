#include "metrics/annotation_texts.h"

#include <fmt/core.h>

#include <chrono>

#include "columnar/label_set.h"
#include "metrics/go_number.h"

namespace trilobite::metrics {
namespace {

std::string for_metric(std::string_view text, std::string_view metric) {
  return metric.empty() ? std::string(text) : fmt::format("{} for metric name {}", text, quoted(metric));
}
std::string colon_metric(std::string_view text, std::string_view metric) {
  return fmt::format("{} {}", text, quoted(metric));
}

}  // namespace

std::string quoted(std::string_view text) {
  const std::string set = LabelSet::from_pairs({{"q", std::string(text)}}).to_string();  // {q="..."}
  return text.empty() ? "\"\"" : set.substr(3, set.size() - 4);
}

std::string time_text(TimeNs time) {
  const std::chrono::sys_seconds seconds{std::chrono::floor<std::chrono::seconds>(std::chrono::nanoseconds(time))};
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(seconds - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

void warn_start_overlaps(Annotations& annotations, std::string_view metric, Position at) {
  annotations.warn(colon_metric("sample has start time that overlaps with previous sample timestamp for metric", metric),
                   at);
}
void warn_mixed_samples(Annotations& annotations, std::string_view metric, Position at) {
  annotations.warn(for_metric("encountered a mix of histograms and floats", metric), at);
}
void warn_mixed_buckets(Annotations& annotations, std::string_view metric, Position at) {
  annotations.warn(
      for_metric("vector contains a mix of histograms with exponential and custom buckets schemas", metric), at);
}
void warn_mixed_aggregation(Annotations& annotations, Position at) {
  annotations.warn("encountered a mix of histograms and floats for aggregation", at);
}
void warn_not_counter(Annotations& annotations, std::string_view metric, Position at) {
  annotations.warn(colon_metric("this native histogram metric is not a counter:", metric), at);
}
void warn_not_gauge(Annotations& annotations, std::string_view metric, Position at) {
  annotations.warn(colon_metric("this native histogram metric is not a gauge:", metric), at);
}
void warn_quantile(Annotations& annotations, double quantile, Position at) {
  annotations.warn(fmt::format("quantile value should be between 0 and 1, got {}", go_number(quantile)), at);
}
void info_possibly_no_counter(Annotations& annotations, std::string_view metric, Position at) {
  annotations.info(
      colon_metric("metric might not be a counter, name does not end in _total/_sum/_count/_bucket:", metric), at);
}
void info_ignored_in_range(Annotations& annotations, std::string_view metric, Position at) {
  annotations.info(for_metric("ignored histograms in a range containing both floats and histograms", metric), at);
}
void info_ignored_in_aggregation(Annotations& annotations, std::string_view operation, Position at) {
  annotations.info(fmt::format("ignored histogram in {} aggregation", operation), at);
}
void note_reconciled(Annotations& annotations, const HistogramNotes& notes, std::string_view what, Position at) {
  if (notes.bounds_reconciled) {
    annotations.info(fmt::format("mismatched custom buckets were reconciled during {}", what), at);
  }
}
void note_combined(Annotations& annotations, const HistogramNotes& notes, std::string_view what, Position at) {
  if (notes.resets_conflict) {
    annotations.warn(fmt::format("conflicting counter resets during histogram {}", what), at);
  }
  note_reconciled(annotations, notes, what, at);
}

}  // namespace trilobite::metrics
