#include "storage/series_plan.h"

#include <algorithm>

namespace trilobite::storage {
namespace {

// The matching series of a source, one after the other; those of all sources are sorted alike.
class Cursor {
 public:
  Cursor(const RowSource& source, const SeriesSet& matching) : source_(source), numbers_(matching.cardinality()) {
    matching.toUint32Array(numbers_.data());
    if (!done()) label_bytes_ = source_.label_bytes(numbers_[0]);
  }
  bool done() const { return at_ == numbers_.size(); }
  std::uint32_t series() const { return numbers_[at_]; }
  std::string_view label_bytes() const { return label_bytes_; }
  void advance() {
    if (++at_ < numbers_.size()) label_bytes_ = source_.label_bytes(numbers_[at_]);
  }

 private:
  const RowSource& source_;
  std::vector<std::uint32_t> numbers_;
  std::size_t at_ = 0;
  std::string_view label_bytes_;
};

// Of what the source has of the series, about as many as its share of the range, rather too many than too few.
std::uint64_t samples_in_range(const SeriesStats& stats, TimeRange range) {
  const TimeNs first = std::max(stats.time_min, range.start), last = std::min(stats.time_max, range.end - 1);
  if (first > last || (first == stats.time_min && last == stats.time_max)) return first > last ? 0 : stats.rows;
  const double share = (static_cast<double>(last) - static_cast<double>(first)) /
                       (static_cast<double>(stats.time_max) - static_cast<double>(stats.time_min));
  return std::min(stats.rows, static_cast<std::uint64_t>(1.5 * share * static_cast<double>(stats.rows)) + 8);
}

}  // namespace

Result<SeriesPlan> plan_series(const StoreView& view, const ScanRequest& request) {
  TRY(plan, plan_sources(view, request));
  SeriesPlan out;
  out.parts = plan.parts;
  out.blocks_skipped = plan.blocks_skipped;
  std::vector<Cursor> cursors;
  for (const SourcePlan& source : plan.sources) {
    out.sources.push_back(source.source);
    cursors.emplace_back(*source.source, source.matching);
  }
  std::vector<std::uint32_t> active;
  for (std::uint32_t i = 0; i < cursors.size(); ++i) {
    if (!cursors[i].done()) active.push_back(i);
  }
  std::vector<std::uint32_t> least;  // sources whose next series is the first of all
  while (!active.empty()) {
    least.clear();
    for (const std::uint32_t source : active) {
      const int order = least.empty() ? 0 : cursors[source].label_bytes().compare(cursors[least[0]].label_bytes());
      if (order > 0) continue;
      if (order < 0) least.clear();
      least.push_back(source);
    }
    bool any_done = false;
    for (const std::uint32_t source : least) {
      out.pieces.push_back({source, cursors[source].series()});
      out.samples += samples_in_range(out.sources[source]->stats(cursors[source].series()), request.range);
      cursors[source].advance();
      any_done = any_done || cursors[source].done();
    }
    out.ends.push_back(static_cast<std::uint32_t>(out.pieces.size()));
    if (any_done) std::erase_if(active, [&](std::uint32_t source) { return cursors[source].done(); });
  }
  return out;
}

}  // namespace trilobite::storage
