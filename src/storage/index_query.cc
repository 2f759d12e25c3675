#include "storage/index_query.h"

#include <algorithm>
#include <functional>

#include "storage/label_matcher.h"
#include "storage/part_source.h"
#include "storage/series_plan.h"
#include "storage/window.h"

namespace trilobite::storage {
namespace {

// An index, and which of its series count; null when all do.
using Visit = std::function<void(const Postings& index, const SeriesSet* within)>;

// Those that match and have rows in the range, by their own first and last row.
SeriesSet select_in_range(const Postings& index, const std::vector<LabelMatcher>& matchers, TimeRange range,
                          const std::function<const SeriesStats*(std::uint32_t)>& stats_of) {
  SeriesSet out;
  for (const std::uint32_t series : select_series(index, matchers)) {
    const SeriesStats* stats = stats_of(series);
    if (stats != nullptr && stats->rows > 0 && overlaps(stats->time_min, stats->time_max, range)) out.add(series);
  }
  return out;
}

Result<void> visit_parts(const StoreView& view, const IndexRequest& request, const std::vector<LabelMatcher>& matchers,
                         const Visit& visit) {
  for (const PartRef& part : view.parts->parts) {
    const PartMeta& meta = part->meta();
    if (meta.tenant != request.tenant || meta.signal != request.signal) continue;
    if (!overlaps(meta.info.time_min, meta.info.time_max, request.range)) continue;
    TRY(open, part->open());
    const bool whole = meta.info.time_min >= request.range.start && meta.info.time_max < request.range.end;
    if (whole && matchers.empty()) {
      visit(*open->index, nullptr);
      continue;
    }
    const SeriesSet within = select_in_range(*open->index, matchers, request.range,
                                             [&](std::uint32_t series) { return &open->series->stats[series]; });
    if (!within.isEmpty()) visit(*open->index, &within);
  }
  return {};
}

void visit_head(const Head& head, const IndexRequest& request, const std::vector<LabelMatcher>& matchers,
                const Visit& visit) {
  for (const Head::Table& entry : head.tables()) {
    if (entry.key.tenant != request.tenant || entry.key.signal != request.signal) continue;
    if (entry.key.window < window_of(request.signal, request.range.start) ||
        entry.key.window > window_of(request.signal, request.range.end))
      continue;
    const std::vector<SeriesStats> stats = entry.table->stats();
    const SeriesSet within = select_in_range(entry.table->index(), matchers, request.range, [&](std::uint32_t series) {
      return series < stats.size() ? &stats[series] : nullptr;
    });
    if (!within.isEmpty()) visit(entry.table->index(), &within);
  }
}

Result<void> visit_all(const StoreView& view, const IndexRequest& request, const Visit& visit) {
  if (request.range.start >= request.range.end) return {};
  TRY(matchers, compile_matchers(request.matchers));
  TRY_VOID(visit_parts(view, request, matchers, visit));
  if (view.frozen) visit_head(*view.frozen, request, matchers, visit);
  visit_head(*view.active, request, matchers, visit);
  return {};
}

void sort_unique(std::vector<std::string>& texts) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
}

void append(std::vector<std::string>& to, std::vector<std::string> from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

Result<std::vector<std::string>> query_label_names(const StoreView& view, const IndexRequest& request) {
  std::vector<std::string> out;
  TRY_VOID(visit_all(view, request,
                     [&](const Postings& index, const SeriesSet* within) { append(out, index.names(within)); }));
  sort_unique(out);
  return out;
}

Result<std::vector<std::string>> query_label_values(const StoreView& view, const IndexRequest& request,
                                                    std::string_view name) {
  std::vector<std::string> out;
  TRY_VOID(visit_all(view, request,
                     [&](const Postings& index, const SeriesSet* within) { append(out, index.values(name, within)); }));
  sort_unique(out);
  return out;
}

Result<std::vector<SeriesInfo>> query_series(const StoreView& view, const IndexRequest& request) {
  ScanRequest scan;
  scan.tenant = request.tenant;
  scan.signal = request.signal;
  scan.range = request.range;
  scan.matchers = request.matchers;
  TRY(plan, plan_series(view, scan));
  std::vector<SeriesInfo> out;
  out.reserve(plan.series());
  for (std::size_t i = 0; i < plan.series(); ++i) {
    SeriesInfo info;
    for (const SeriesPlan::Piece& piece : plan.pieces_of(i)) {
      const RowSource& source = *plan.sources[piece.source];
      const SeriesStats& stats = source.stats(piece.series);
      if (!info.labels) info.labels = source.label_set(piece.series);
      info.rows += stats.rows;
      info.bytes += stats.bytes;
    }
    out.push_back(std::move(info));
  }
  return out;
}

}  // namespace trilobite::storage
