// The series of a tenant that got a sample within the last hour: what the rules of order and duplicates need to know,
// and how a series is found from the bytes that senders repeat in every request.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "base/result.h"
#include "columnar/label_set.h"
#include "ingest/metric_limits.h"
#include "storage/series_place.h"

namespace trilobite::ingest {

inline constexpr TimeNs kNoSample = std::numeric_limits<TimeNs>::min();

// A hash by which a table knows a series besides its labels, and the next one.
struct MetricSeriesKey {
  Hash128 key;
  std::unique_ptr<MetricSeriesKey> next;
};

// Belongs to its table; everything but the labels and what is the store's is guarded by the table's mutex. There are as
// many as there are series: with its reference counts it fills two cache lines, of which every sample waits for both.
struct MetricSeries {
  explicit MetricSeries(LabelSet set) : place(set), labels(std::move(set)) {}

  TimeNs last_time = kNoSample;  // of the newest sample
  std::uint64_t last_bits = 0;   // its value, bit for bit; of a histogram the hash of its bytes
  SeriesPlace place;             // the store's
  std::uint32_t used_minute : 31 = 0;  // of the steady clock
  std::uint32_t last_histogram : 1 = 0;
  std::uint32_t check_slot = 0;  // where the check that came last has its newest sample, maybe
  const LabelSet labels;
  TimeNs exemplar_time = kNoSample;  // of the newest exemplar
  std::uint64_t exemplar_hash = 0;   // of its labels and value
  std::unique_ptr<MetricSeriesKey> keys;
};
static_assert(sizeof(MetricSeries) <= 112);
using MetricSeriesRef = std::shared_ptr<MetricSeries>;

// The same pointer for the same series, without a second reference count.
inline LabelSetRef labels_of(const MetricSeriesRef& series) { return {series, &series->labels}; }
inline LabelSetRef labels_of(MetricSeriesRef&& series) {
  const LabelSet* labels = &series->labels;
  return {std::move(series), labels};
}

// Any thread. A key is a hash of bytes that stand for a label set, in whatever form a sender has them.
class MetricSeriesTable {
 public:
  explicit MetricSeriesTable(std::shared_ptr<const MetricLimits> limits);
  ~MetricSeriesTable();

  // One entry per key, null where the key is not known.
  void find(std::span<const Hash128> keys, std::vector<MetricSeriesRef>& out) const;

  // The series of these labels, made if it is new. Errors: kLimit (too many series), kInvalid (labels beyond limits).
  Result<MetricSeriesRef> get(LabelSet labels);
  // From now on find() knows it by `key` as well.
  void learn(const Hash128& key, const MetricSeriesRef& series);

  std::size_t size() const;
  std::uint64_t added() const;  // since start
  // What the limits of labels have to do with: the most and the longest that a series had since start, and how many
  // were refused for them; and the memory of all series, about.
  struct Extent {
    std::size_t label_names = 0, label_name_bytes = 0, label_value_bytes = 0;
    std::uint64_t refused_by_labels = 0;
    std::size_t bytes = 0;
  };
  Extent extent() const;

  // For the writer: guards what is in the series.
  std::mutex& mutex() const { return mutex_; }
  // REQUIRES: mutex() is held. Forgets series that got nothing for an hour: looks at all of them every few minutes, at
  // some in each call.
  void forget_idle(std::uint32_t minute, std::size_t look_at);

  std::shared_ptr<const MetricLimits> limits() const;
  // Series that are known are held to the new limits the next time they are new.
  void set_limits(std::shared_ptr<const MetricLimits> limits);

 private:
  struct Maps;
  mutable std::mutex mutex_;  // guards the rest
  std::shared_ptr<const MetricLimits> limits_;
  std::unique_ptr<Maps> maps_;
};

}  // namespace trilobite::ingest
