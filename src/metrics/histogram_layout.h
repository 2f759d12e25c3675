// The two sides of a histogram as spans and counts: walking, building, bringing to a common layout. Of this room.
#pragma once

#include <cstdint>
#include <vector>

#include "metrics/histogram.h"

namespace trilobite::metrics {

// None of these looks at counts to find the layout that comes out, except whole_bucket_threshold(): two histograms of
// one layout stay so.
using Spans = std::vector<BucketSpan>;

// visit(index, count) for each bucket in ascending order of index. Counts beyond the spans are not visited.
template <class Visit>
void each_bucket(const Spans& spans, const std::vector<double>& counts, Visit visit) {
  std::int64_t index = 0;
  std::size_t at = 0;
  for (const BucketSpan& span : spans) {
    index += span.offset;
    for (std::uint32_t i = 0; i < span.length && at < counts.size(); ++i, ++index, ++at) {
      visit(static_cast<std::int32_t>(index), counts[at]);
    }
  }
}

// Takes buckets in ascending order of index; one that has the index of the last is added to it.
class SideBuilder {
 public:
  void add(std::int32_t index, double count);
  Spans spans;
  std::vector<double> counts;

 private:
  std::int64_t next_ = 0;  // one behind the last bucket
};

// The index of a bucket of `from` in the coarser schema `to`.
inline std::int32_t coarser_index(std::int32_t index, std::int32_t from, std::int32_t to) {
  return static_cast<std::int32_t>(((static_cast<std::int64_t>(index) - 1) >> (from - to)) + 1);
}

// The same buckets in the same order: spans may be cut differently.
bool same_layout(const Spans& a, const Spans& b);
// All buckets of both.
Spans join_spans(const Spans& a, const Spans& b);
// `counts` of layout `from` as counts of layout `to`, which has all buckets of `from`; the new ones are 0.
std::vector<double> widen(const std::vector<double>& counts, const Spans& from, const Spans& to);

// The bounds that both have.
std::vector<double> common_bounds(const std::vector<double>& a, const std::vector<double>& b);
// Buckets with `from` as bounds as buckets of `to`, some of `from`.
void move_to_bounds(Spans& spans, std::vector<double>& counts, const std::vector<double>& from,
                    const std::vector<double>& to);

// The threshold at or above `threshold` that cuts no bucket with a count.
double whole_bucket_threshold(const Histogram& histogram, double threshold);
// Zero bucket up to `threshold`, as above; the buckets that it swallows go.
void widen_zero_bucket(Histogram& histogram, double threshold);

}  // namespace trilobite::metrics
