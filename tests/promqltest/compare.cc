#include "compare.h"

#include <re2/re2.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <set>

#include "metrics/go_number.h"
#include "metrics/histogram_buckets.h"
#include "metrics/histogram_math.h"

namespace trilobite::promqltest {
namespace {

using metrics::Histogram;
using metrics::NotedSample;
using metrics::NotedSeries;
using metrics::Point;
using metrics::QueryResult;
using metrics::ResultSeries;

constexpr double kTolerance = 1e-6;
constexpr std::uint64_t kStaleBits = 0x7ff0000000000002;

bool is_stale(double value) { return std::bit_cast<std::uint64_t>(value) == kStaleBits; }

bool nearly_equal_all(const std::vector<double>& a, const std::vector<double>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) { return nearly_equal(x, y); });
}

// Go's order of label sets: pair by pair, the shorter one first.
bool comes_before(const LabelSet& a, const LabelSet& b) {
  auto x = a.begin(), y = b.begin();
  for (; x != a.end() && y != b.end(); ++x, ++y) {
    if (*x != *y) return *x < *y;
  }
  return x == a.end() && y != b.end();
}

std::string compare_point(const Point& got, const NotedSample& want) {
  const bool same = static_cast<bool>(got.histogram) == static_cast<bool>(want.histogram) &&
                    (got.histogram ? nearly_equal(*got.histogram, want) : nearly_equal(got.value, want.value));
  if (same) return "";
  return "expected " + sample_text(want.value, want.histogram.get()) + ", got " +
         sample_text(got.value, got.histogram.get());
}

const ResultSeries* find(const QueryResult& got, const LabelSet& labels) {
  const auto found = std::find_if(got.series.begin(), got.series.end(),
                                  [&](const ResultSeries& series) { return series.labels == labels; });
  return found == got.series.end() ? nullptr : &*found;
}

// The series are those expected, each once.
std::string compare_sets(const EvalCommand& want, const QueryResult& got) {
  std::set<LabelSet> seen;
  for (const ResultSeries& series : got.series) {
    if (!seen.insert(series.labels).second) return "series " + series.labels.to_string() + " comes twice";
    const bool expected = std::any_of(want.series.begin(), want.series.end(),
                                      [&](const NotedSeries& one) { return one.labels == series.labels; });
    if (expected) continue;
    std::string value =
        series.points.empty() ? "no point" : sample_text(series.points[0].value, series.points[0].histogram.get());
    return "unexpected series " + series.labels.to_string() + " with " + value;
  }
  for (const NotedSeries& one : want.series) {
    if (seen.count(one.labels) == 0) return "series " + one.labels.to_string() + " is missing";
  }
  return "";
}

std::string compare_vector(const EvalCommand& want, const QueryResult& got) {
  if (std::string difference = compare_sets(want, got); !difference.empty()) return difference;
  for (std::size_t i = 0; i < want.series.size(); ++i) {
    const NotedSeries& one = want.series[i];
    if (one.samples.size() != 1 || !one.samples[0]) return "the script must have one sample per series";
    const ResultSeries& series = *find(got, one.labels);
    if (want.ordered && got.series[i].labels != one.labels) {
      return "place " + std::to_string(i + 1) + " has " + got.series[i].labels.to_string() + ", not " +
             one.labels.to_string();
    }
    if (series.points.size() != 1) return "series " + one.labels.to_string() + " has not one sample";
    if (std::string difference = compare_point(series.points[0], *one.samples[0]); !difference.empty()) {
      return one.labels.to_string() + ": " + difference;
    }
  }
  return "";
}

std::string compare_matrix(const EvalCommand& want, const QueryResult& got, TimeNs start, TimeNs step) {
  if (std::string difference = compare_sets(want, got); !difference.empty()) return difference;
  for (std::size_t i = 1; i < got.series.size(); ++i) {
    if (!comes_before(got.series[i - 1].labels, got.series[i].labels)) return "the series are not sorted by labels";
  }
  for (const NotedSeries& one : want.series) {
    const ResultSeries& series = *find(got, one.labels);
    std::size_t at = 0;
    for (std::size_t i = 0; i < one.samples.size(); ++i) {
      if (!one.samples[i]) continue;
      const TimeNs time = start + static_cast<TimeNs>(i) * step;
      const std::string where =
          one.labels.to_string() + " at " + metrics::go_number(static_cast<double>(time) / 1e9) + "s";
      if (at == series.points.size()) return where + ": expected a point, got none";
      const Point& point = series.points[at++];
      if (point.time != time) {
        return where + ": the next point is at " + metrics::go_number(static_cast<double>(point.time) / 1e9) +
               "s: " + sample_text(point.value, point.histogram.get());
      }
      if (std::string difference = compare_point(point, *one.samples[i]); !difference.empty()) {
        return where + ": " + difference;
      }
    }
    if (at < series.points.size()) {
      const Point& point = series.points[at];
      return one.labels.to_string() + ": unexpected point at " +
             metrics::go_number(static_cast<double>(point.time) / 1e9) +
             "s: " + sample_text(point.value, point.histogram.get());
    }
  }
  return "";
}

}  // namespace

bool nearly_equal(double a, double b) {
  if (is_stale(a) || is_stale(b)) return is_stale(a) && is_stale(b);
  if (std::isnan(a) && std::isnan(b)) return true;
  if (a == b) return true;
  constexpr double kNormal = std::numeric_limits<double>::min();
  const double size = std::fabs(a) + std::fabs(b), difference = std::fabs(a - b);
  if (a == 0 || b == 0 || size < kNormal) return difference < kTolerance * kNormal;
  return difference / std::min(size, std::numeric_limits<double>::max()) < kTolerance;
}

bool nearly_equal(const Histogram& got, const NotedSample& want) {
  Histogram a = got, b = *want.histogram;
  metrics::compact(a);
  metrics::compact(b);
  return a.schema == b.schema && a.zero_threshold == b.zero_threshold && a.custom_bounds == b.custom_bounds &&
         nearly_equal(a.count, b.count) && nearly_equal(a.sum, b.sum) && nearly_equal(a.zero_count, b.zero_count) &&
         a.positive_spans == b.positive_spans && a.negative_spans == b.negative_spans &&
         nearly_equal_all(a.positive, b.positive) && nearly_equal_all(a.negative, b.negative) &&
         (!want.hint_stated || a.reset == b.reset);
}

std::string sample_text(double value, const Histogram* histogram) {
  if (histogram != nullptr) return metrics::histogram_literal(*histogram);
  return is_stale(value) ? "stale" : metrics::go_number(value);
}

std::string compare_result(const EvalCommand& want, const QueryResult& got) {
  using metrics::ValueType;
  if (want.string) {
    if (got.type != ValueType::kString) return "expected a string, got " + std::string(type_name(got.type));
    return got.string == *want.string ? "" : "expected the string " + *want.string + ", got " + got.string;
  }
  if (want.scalar) {
    if (got.type != ValueType::kScalar || got.scalar.empty()) {
      return "expected a scalar, got " + std::string(type_name(got.type));
    }
    if (nearly_equal(got.scalar[0].value, *want.scalar)) return "";
    return "expected " + sample_text(*want.scalar, nullptr) + ", got " + sample_text(got.scalar[0].value, nullptr);
  }
  if (want.is_range) return compare_matrix(want, got, want.start, want.step);
  if (want.range_vector) {
    if (got.type != ValueType::kMatrix) return "expected a range vector, got " + std::string(type_name(got.type));
    return compare_matrix(want, got, want.range_vector->start, want.range_vector->step);
  }
  if (got.type != ValueType::kVector) return "expected a vector, got " + std::string(type_name(got.type));
  return compare_vector(want, got);
}

std::string compare_middle(const EvalCommand& want, const QueryResult& range, TimeNs at) {
  QueryResult middle;
  middle.type = want.scalar ? metrics::ValueType::kScalar : metrics::ValueType::kVector;
  for (const ResultSeries& series : range.series) {
    for (const Point& point : series.points) {
      if (point.time != at) continue;
      middle.series.push_back({series.labels, {point}});
      middle.scalar.push_back(point);
    }
  }
  return compare_result(want, middle);
}

bool matches(const ExpectedText& want, const std::string& got) {
  if (want.kind == ExpectedText::Kind::kAny) return true;
  if (want.kind == ExpectedText::Kind::kMessage) return got == want.text;
  return RE2::PartialMatch(got, RE2(want.text));
}

std::string compare_texts(std::string_view level, const std::vector<ExpectedText>& want, bool none,
                          const std::vector<std::string>& got) {
  if (none && !got.empty()) return "unexpected " + std::string(level) + ": " + got[0];
  if (want.empty()) return "";
  if (got.empty()) return "there is no " + std::string(level);
  for (const ExpectedText& text : want) {
    if (std::none_of(got.begin(), got.end(), [&](const std::string& one) { return matches(text, one); })) {
      return "no " + std::string(level) + " is \"" + text.text + "\"; the first is \"" + got[0] + "\"";
    }
  }
  for (const std::string& one : got) {
    if (std::none_of(want.begin(), want.end(), [&](const ExpectedText& text) { return matches(text, one); })) {
      return "unexpected " + std::string(level) + ": " + one;
    }
  }
  return "";
}

}  // namespace trilobite::promqltest
