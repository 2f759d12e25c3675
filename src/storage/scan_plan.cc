#include "storage/scan_plan.h"

#include <algorithm>

#include "storage/part_source.h"
#include "storage/window.h"

namespace trilobite::storage {
namespace {

bool has_number_between(const SeriesSet& set, std::uint32_t low, std::uint32_t high) {
  return set.rank(high) > (low == 0 ? 0 : set.rank(low - 1));
}

// Series that have no row in the range go; a part that lies within it needs no look.
void keep_series_in_range(const RowSource& source, TimeRange range, SeriesSet& matching) {
  std::vector<std::uint32_t> outside;
  for (const std::uint32_t series : matching) {
    const SeriesStats& stats = source.stats(series);
    if (!overlaps(stats.time_min, stats.time_max, range)) outside.push_back(series);
  }
  for (const std::uint32_t series : outside) matching.remove(series);
}

void add_tasks(ScanPlan& plan, std::uint32_t number, TimeRange range) {
  const SourcePlan& added = plan.sources[number];
  for (std::uint32_t i = 0; i < added.source->blocks(); ++i) {
    const BlockInfo info = added.source->block(i);
    if (overlaps(info.time_min, info.time_max, range) &&
        has_number_between(added.matching, info.series_min, info.series_max)) {
      plan.tasks.push_back({number, i, info});
    } else {
      ++plan.blocks_skipped;
    }
  }
}

Result<void> add_parts(ScanPlan& plan, const StoreView& view, const ScanRequest& request,
                       const std::vector<LabelMatcher>& matchers) {
  for (const PartRef& part : view.parts->parts) {
    const PartMeta& meta = part->meta();
    if (meta.tenant != request.tenant || meta.signal != request.signal) continue;
    if (!overlaps(meta.info.time_min, meta.info.time_max, request.range)) continue;
    TRY(source, PartSource::create(part));
    SeriesSet matching = select_series(source->index(), matchers);
    if (meta.info.time_min < request.range.start || meta.info.time_max >= request.range.end) {
      keep_series_in_range(*source, request.range, matching);
    }
    ++plan.parts;
    if (matching.isEmpty()) {
      plan.blocks_skipped += source->blocks();
      continue;
    }
    plan.sources.push_back(
        {std::move(source), std::move(matching), meta.info.time_min, meta.info.time_max, meta.window, {}});
  }
  return {};
}

void add_head(ScanPlan& plan, const Head& head, const ScanRequest& request, const std::vector<LabelMatcher>& matchers) {
  for (const Head::Table& entry : head.tables()) {
    if (entry.key.tenant != request.tenant || entry.key.signal != request.signal) continue;
    if (entry.key.window < window_of(request.signal, request.range.start) ||
        entry.key.window > window_of(request.signal, request.range.end))
      continue;
    auto source = entry.table->source(matchers, request.range);
    if (!source) continue;
    SourcePlan added{.source = source, .window = entry.key.window};
    added.matching.addRange(0, source->series());
    added.time_min = source->block(0).time_min;
    added.time_max = source->block(0).time_max;
    for (std::size_t i = 1; i < source->blocks(); ++i) {
      added.time_min = std::min(added.time_min, source->block(i).time_min);
      added.time_max = std::max(added.time_max, source->block(i).time_max);
    }
    plan.sources.push_back(std::move(added));
  }
}

// Both lists of series are sorted by label set bytes.
void find_overlaps(SourcePlan& later, const SourcePlan& earlier, std::uint32_t earlier_number, TimeRange range) {
  auto a = later.matching.begin();
  auto b = earlier.matching.begin();
  const auto a_end = later.matching.end(), b_end = earlier.matching.end();
  while (a != a_end && b != b_end) {
    const int order = later.source->label_bytes(*a).compare(earlier.source->label_bytes(*b));
    if (order < 0) {
      ++a;
    } else if (order > 0) {
      ++b;
    } else {
      const SeriesStats& mine = later.source->stats(*a);
      const SeriesStats& theirs = earlier.source->stats(*b);
      const TimeNs first = std::max({mine.time_min, theirs.time_min, range.start});
      const TimeNs last = std::min({mine.time_max, theirs.time_max, range.end - 1});
      if (first <= last) later.overlaps.push_back({*a, first, last, earlier_number, *b});
      ++a;
      ++b;
    }
  }
}

void find_overlaps(ScanPlan& plan, TimeRange range) {
  std::vector<std::uint32_t> by_window(plan.sources.size());
  for (std::uint32_t i = 0; i < by_window.size(); ++i) by_window[i] = i;
  std::stable_sort(by_window.begin(), by_window.end(),
                   [&](std::uint32_t a, std::uint32_t b) { return plan.sources[a].window < plan.sources[b].window; });
  for (std::size_t i = 1; i < by_window.size(); ++i) {
    SourcePlan& later = plan.sources[by_window[i]];
    for (std::size_t k = i; k-- > 0 && plan.sources[by_window[k]].window == later.window;) {
      const SourcePlan& earlier = plan.sources[by_window[k]];
      if (later.time_min <= earlier.time_max && later.time_max >= earlier.time_min)
        find_overlaps(later, earlier, by_window[k], range);
    }
    std::stable_sort(later.overlaps.begin(), later.overlaps.end(),
                     [](const Overlap& a, const Overlap& b) { return a.series < b.series; });
  }
}

}  // namespace

Result<ScanPlan> plan_sources(const StoreView& view, const ScanRequest& request) {
  ScanPlan plan;
  if (request.range.start >= request.range.end) return plan;
  TRY(matchers, compile_matchers(request.matchers));
  TRY_VOID(add_parts(plan, view, request, matchers));
  if (view.frozen) add_head(plan, *view.frozen, request, matchers);
  add_head(plan, *view.active, request, matchers);
  return plan;
}

Result<ScanPlan> plan_scan(const StoreView& view, const ScanRequest& request) {
  TRY(plan, plan_sources(view, request));
  for (std::uint32_t number = 0; number < plan.sources.size(); ++number) add_tasks(plan, number, request.range);
  find_overlaps(plan, request.range);
  std::stable_sort(plan.tasks.begin(), plan.tasks.end(), [&](const BlockTask& a, const BlockTask& b) {
    return request.direction == Direction::kForward ? a.info.time_min < b.info.time_min
                                                    : a.info.time_max > b.info.time_max;
  });
  return plan;
}

}  // namespace trilobite::storage
