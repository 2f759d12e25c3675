#include "storage/hidden_rows.h"

#include <algorithm>

#include "storage/window.h"

namespace trilobite::storage {
namespace {

std::string_view text_or_empty(const Column& column, std::uint32_t row) {
  return column.size() == 0 ? std::string_view() : column.text(row);
}

// Rows low .. high - 1 of a run are those that the filter is about.
struct Concerned {
  ScanBlock::Run run;
  std::uint32_t low = 0, high = 0;
  LabelSetRef labels;
};

}  // namespace

bool HiddenRows::Compiled::matches(const LabelSet& labels) const {
  for (std::size_t i = 0; i < matchers.size(); ++i) {
    if (!matchers[i].matches(labels.get(filter.matchers[i].name))) return false;
  }
  return true;
}

Result<HiddenRows> HiddenRows::compile(const RowFilters& filters, const std::string& tenant, Signal signal,
                                       TimeRange range) {
  HiddenRows out;
  for (const RowFilter& filter : filters) {
    if (filter.tenant != tenant || filter.signal != signal || filter.range.start >= range.end ||
        range.start >= filter.range.end)
      continue;
    TRY(matchers, compile_matchers(filter.matchers));
    out.filters_.push_back({filter, std::move(matchers)});
  }
  return out;
}

Result<void> HiddenRows::apply(const Compiled& hidden, const RowSource& source, BlockReader& reader, WantedRows& rows) {
  TRY(keys, reader.keys());
  std::vector<Concerned> concerned;
  for (const ScanBlock::Run& run : rows.runs()) {
    const auto first = keys->times.begin() + run.begin, last = keys->times.begin() + run.end;
    const auto low = std::lower_bound(first, last, hidden.filter.range.start);
    const auto high = std::lower_bound(low, last, hidden.filter.range.end);
    if (low == high) continue;
    LabelSetRef labels = source.label_set(run.label_set);
    if (!hidden.matches(*labels)) continue;
    concerned.push_back({run, static_cast<std::uint32_t>(low - keys->times.begin()),
                         static_cast<std::uint32_t>(high - keys->times.begin()), std::move(labels)});
  }
  if (concerned.empty()) return {};
  std::unique_ptr<RowJudge> judge = hidden.filter.make_judge ? hidden.filter.make_judge() : nullptr;
  const Column none;
  const Column* line = &none;
  const Column* metadata = &none;
  if (judge) {
    TRY(lines, reader.column(kLineColumn));
    TRY(extras, reader.column(kMetadataColumn));
    line = lines;
    metadata = extras;
  }
  std::vector<std::uint32_t>& numbers = rows.row_numbers();
  auto kept = numbers.begin(), at = numbers.begin();
  for (const Concerned& here : concerned) {
    while (at != numbers.end() && *at < here.low) *kept++ = *at++;
    if (judge) judge->begin_stream(here.labels);
    for (; at != numbers.end() && *at < here.high; ++at) {
      const std::uint32_t row = *at;
      const bool deleted = !judge || judge->is_deleted(keys->times[row], text_or_empty(*line, row),
                                                       text_or_empty(*metadata, row));
      if (!deleted) *kept++ = row;
    }
  }
  kept = std::copy(at, numbers.end(), kept);
  numbers.erase(kept, numbers.end());
  return {};
}

std::vector<TimeRange> HiddenRows::ranges_of(const LabelSet& labels) const {
  std::vector<TimeRange> out;
  for (const Compiled& hidden : filters_) {
    if (!hidden.filter.make_judge && hidden.matches(labels)) out.push_back(hidden.filter.range);
  }
  return out;
}

Result<void> HiddenRows::apply(const RowSource& source, BlockReader& reader, WantedRows& rows) const {
  for (const Compiled& hidden : filters_) {
    if (rows.empty()) break;
    TRY_VOID(apply(hidden, source, reader, rows));
  }
  return {};
}

}  // namespace trilobite::storage
