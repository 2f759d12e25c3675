#include "metrics/histogram_layout.h"

#include <algorithm>

#include "metrics/histogram_buckets.h"

namespace trilobite::metrics {
namespace {

// What of a side lies inside the threshold; `cut` is the far bound of a populated bucket that the threshold cuts.
struct Swallowed {
  double cut = 0;
  std::size_t buckets = 0;  // the first ones, with `count` in all
  double count = 0;
};
Swallowed swallowed(const Spans& spans, const std::vector<double>& counts, std::int32_t schema, double threshold) {
  Swallowed out;
  each_bucket(spans, counts, [&](std::int32_t index, double count) {
    if (bucket_bound(index - 1, schema, {}) >= threshold) return;
    ++out.buckets;
    out.count += count;
    const double upper = bucket_bound(index, schema, {});
    if (upper > threshold && count != 0) out.cut = upper;
  });
  return out;
}

void drop_first(Spans& spans, std::vector<double>& counts, std::size_t buckets) {
  SideBuilder kept;
  std::size_t at = 0;
  each_bucket(spans, counts, [&](std::int32_t index, double count) {
    if (at++ >= buckets) kept.add(index, count);
  });
  spans = std::move(kept.spans);
  counts = std::move(kept.counts);
}

}  // namespace

void SideBuilder::add(std::int32_t index, double count) {
  if (!spans.empty() && index == next_ - 1) {
    counts.back() += count;
    return;
  }
  const std::int64_t gap = index - next_;  // of the first span: its index, as next_ is 0
  if (spans.empty() || gap > 0) {
    spans.push_back({static_cast<std::int32_t>(gap), 1});
  } else {
    ++spans.back().length;
  }
  counts.push_back(count);
  next_ = static_cast<std::int64_t>(index) + 1;
}

bool same_layout(const Spans& a, const Spans& b) {
  if (a == b) return true;
  // Spans of no length and spans without a gap make the same layout look different.
  const auto ranges = [](const Spans& spans) {
    std::vector<std::pair<std::int64_t, std::int64_t>> out;
    std::int64_t index = 0;
    for (const BucketSpan& span : spans) {
      index += span.offset;
      if (span.length == 0) continue;
      if (!out.empty() && out.back().second == index) {
        out.back().second += span.length;
      } else {
        out.emplace_back(index, index + span.length);
      }
      index += span.length;
    }
    return out;
  };
  return ranges(a) == ranges(b);
}

Spans join_spans(const Spans& a, const Spans& b) {
  // Ranges [first, last) of both in order, then those that touch become one.
  std::vector<std::pair<std::int64_t, std::int64_t>> ranges;
  for (const Spans* spans : {&a, &b}) {
    std::int64_t index = 0;
    for (const BucketSpan& span : *spans) {
      index += span.offset;
      if (span.length > 0) ranges.emplace_back(index, index + span.length);
      index += span.length;
    }
  }
  std::sort(ranges.begin(), ranges.end());
  Spans out;
  std::int64_t end = 0;
  for (const auto& [first, last] : ranges) {
    if (out.empty() || first > end) {
      out.push_back({static_cast<std::int32_t>(first - end), static_cast<std::uint32_t>(last - first)});
      end = last;
    } else if (last > end) {
      out.back().length += static_cast<std::uint32_t>(last - end);
      end = last;
    }
  }
  return out;
}

std::vector<double> widen(const std::vector<double>& counts, const Spans& from, const Spans& to) {
  std::vector<double> out;
  std::size_t at = 0;
  std::size_t from_span = 0;
  std::int64_t index = 0, from_first = from.empty() ? 0 : from[0].offset;
  for (const BucketSpan& span : to) {
    index += span.offset;
    for (std::uint32_t i = 0; i < span.length; ++i, ++index) {
      while (from_span < from.size() && index >= from_first + from[from_span].length) {
        from_first += from[from_span].length;
        if (++from_span < from.size()) from_first += from[from_span].offset;
      }
      const bool there = from_span < from.size() && index >= from_first;
      out.push_back(there && at < counts.size() ? counts[at++] : 0);
    }
  }
  return out;
}

std::vector<double> common_bounds(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> out;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(out));
  return out;
}

void move_to_bounds(Spans& spans, std::vector<double>& counts, const std::vector<double>& from,
                    const std::vector<double>& to) {
  SideBuilder moved;
  each_bucket(spans, counts, [&](std::int32_t index, double count) {
    std::size_t target = to.size();
    if (index >= 0 && static_cast<std::size_t>(index) < from.size()) {
      target = static_cast<std::size_t>(std::lower_bound(to.begin(), to.end(), from[static_cast<std::size_t>(index)]) -
                                        to.begin());
    }
    moved.add(static_cast<std::int32_t>(target), count);
  });
  spans = std::move(moved.spans);
  counts = std::move(moved.counts);
}

double whole_bucket_threshold(const Histogram& histogram, double threshold) {
  while (threshold != histogram.zero_threshold) {
    const double larger =
        std::max(swallowed(histogram.positive_spans, histogram.positive, histogram.schema, threshold).cut,
                 swallowed(histogram.negative_spans, histogram.negative, histogram.schema, threshold).cut);
    if (!(larger > threshold)) break;
    threshold = larger;
  }
  return threshold;
}

void widen_zero_bucket(Histogram& histogram, double threshold) {
  if (threshold == histogram.zero_threshold) return;
  const Swallowed up = swallowed(histogram.positive_spans, histogram.positive, histogram.schema, threshold);
  const Swallowed down = swallowed(histogram.negative_spans, histogram.negative, histogram.schema, threshold);
  drop_first(histogram.positive_spans, histogram.positive, up.buckets);
  drop_first(histogram.negative_spans, histogram.negative, down.buckets);
  histogram.zero_count += up.count + down.count;
  histogram.zero_threshold = threshold;
}

}  // namespace trilobite::metrics
