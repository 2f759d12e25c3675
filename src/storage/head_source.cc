#include "storage/head_source.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "storage/window.h"

namespace trilobite::storage {
namespace {

constexpr std::uint32_t kNone = 0xFFFFFFFFu;

StringColumn plain_text(const HeadChunk& chunk, std::size_t column, const std::vector<std::uint32_t>& rows) {
  StringColumn out;
  std::size_t bytes = 0;
  for (const std::uint32_t row : rows) bytes += chunk.text(column, row).size();
  out.bytes.reserve(bytes);
  out.ends.reserve(rows.size());
  for (const std::uint32_t row : rows) out.push_back(chunk.text(column, row));
  return out;
}

// The chunk stores each text of a coded column once, so the place tells equal ones.
DictionaryColumn coded_text(const HeadChunk& chunk, std::size_t column, const std::vector<std::uint32_t>& rows) {
  DictionaryColumn out;
  out.codes.reserve(rows.size());
  std::unordered_map<std::uint64_t, std::uint32_t> code_of;
  for (const std::uint32_t row : rows) {
    const auto [found, added] =
        code_of.try_emplace(chunk.text_place(column, row), static_cast<std::uint32_t>(out.dictionary.size()));
    if (added) out.dictionary.push_back(chunk.text(column, row));
    out.codes.push_back(found->second);
  }
  return out;
}

// By rank and time, rows of one time in order of arrival. A counting sort by rank leaves each series in order of
// arrival, and that is nearly always the order of time.
BlockKeys sort_chunk(const HeadRows::ChunkView& view, const std::vector<std::uint32_t>& rank_of, std::size_t ranks) {
  const HeadChunk& chunk = *view.chunk;
  const auto rank = [&](std::uint32_t row) {
    const std::uint32_t number = chunk.series(row);
    return number < rank_of.size() ? rank_of[number] : kNone;
  };
  std::vector<std::uint32_t> place(ranks + 1, 0);  // where the rows of a rank begin
  for (std::uint32_t row = 0; row < view.rows; ++row) {
    if (const std::uint32_t number = rank(row); number != kNone) ++place[number + 1];
  }
  std::partial_sum(place.begin(), place.end(), place.begin());
  BlockKeys out;
  out.row_of.resize(place.back());
  out.times.resize(place.back());
  for (std::uint32_t number = 0; number < ranks; ++number) {
    if (place[number] < place[number + 1]) out.runs.push_back({number, place[number], place[number + 1]});
  }
  for (std::uint32_t row = 0; row < view.rows; ++row) {
    if (const std::uint32_t number = rank(row); number != kNone) out.row_of[place[number]++] = row;
  }
  for (const BlockKeys::Run& run : out.runs) {
    const auto begin = out.row_of.begin() + run.begin, end = out.row_of.begin() + run.end;
    const auto earlier = [&](std::uint32_t a, std::uint32_t b) { return chunk.time(a) < chunk.time(b); };
    if (!std::is_sorted(begin, end, earlier)) std::stable_sort(begin, end, earlier);
    for (std::uint32_t at = run.begin; at < run.end; ++at) out.times[at] = chunk.time(out.row_of[at]);
  }
  return out;
}

}  // namespace

std::pair<std::size_t, std::size_t> BlockKeys::range(std::uint32_t series, TimeNs first, TimeNs last) const {
  const auto run = std::lower_bound(runs.begin(), runs.end(), series,
                                    [](const Run& a, std::uint32_t number) { return a.series < number; });
  if (run == runs.end() || run->series != series) return {0, 0};
  const auto from = times.begin() + run->begin, to = times.begin() + run->end;
  return {static_cast<std::size_t>(std::lower_bound(from, to, first) - times.begin()),
          static_cast<std::size_t>(std::upper_bound(from, to, last) - times.begin())};
}

std::shared_ptr<const HeadSource> HeadSource::create(std::shared_ptr<const HeadRows> table,
                                                     const std::vector<LabelMatcher>& matchers, TimeRange range) {
  const SeriesSet matching = select_series(table->index(), matchers);
  auto out = std::make_shared<HeadSource>();
  out->view_ = table->view();
  std::erase_if(out->view_.chunks,
                [&](const HeadRows::ChunkView& view) { return !overlaps(view.time_min, view.time_max, range); });
  std::vector<std::pair<LabelSetRef, std::uint32_t>> sets;
  for (const std::uint32_t number : matching) {
    if (number >= out->view_.stats.size()) continue;  // came after the matchers were evaluated, or has no row yet
    const SeriesStats& stats = out->view_.stats[number];
    if (stats.rows > 0 && overlaps(stats.time_min, stats.time_max, range))
      sets.emplace_back(table->index().label_set(number), number);
  }
  if (sets.empty() || out->view_.chunks.empty()) return nullptr;
  std::sort(sets.begin(), sets.end(), [](const auto& a, const auto& b) { return *a.first < *b.first; });
  out->rank_of_.assign(out->view_.stats.size(), kNone);
  for (std::uint32_t rank = 0; rank < sets.size(); ++rank) {
    out->rank_of_[sets[rank].second] = rank;
    out->stats_.push_back(out->view_.stats[sets[rank].second]);
    out->sets_.push_back(std::move(sets[rank].first));
  }
  out->view_.stats.clear();
  out->keys_.resize(out->view_.chunks.size());
  out->table_ = std::move(table);
  return out;
}

BlockInfo HeadSource::block(std::size_t index) const {
  const HeadRows::ChunkView& view = view_.chunks[index];
  return {.rows = view.rows,
          .series_min = 0,
          .series_max = series() - 1,
          .time_min = view.time_min,
          .time_max = view.time_max,
          .bytes = 0,
          .bytes_raw = 0};
}

Result<BlockKeysRef> HeadSource::keys(std::size_t index) const {
  {
    std::lock_guard lock(mutex_);
    if (keys_[index]) return keys_[index];
  }
  auto out = std::make_shared<BlockKeys>(sort_chunk(view_.chunks[index], rank_of_, series()));
  std::lock_guard lock(mutex_);
  if (!keys_[index]) keys_[index] = std::move(out);
  return keys_[index];
}

Result<ColumnRef> HeadSource::column(std::size_t index, const BlockKeys& keys, std::string_view name) const {
  return std::make_shared<const Column>(gather_column(index, keys, name));
}

Column HeadSource::gather_column(std::size_t index, const BlockKeys& keys, std::string_view name) const {
  const HeadChunk& chunk = *view_.chunks[index].chunk;
  const std::span<const ColumnSchema> schema = table_->schema();
  for (std::size_t i = 0; i < schema.size(); ++i) {
    if (schema[i].name != name) continue;
    switch (schema[i].kind) {
      case ColumnKind::kText: return Column(plain_text(chunk, i, keys.row_of));
      case ColumnKind::kTextCoded: return Column(coded_text(chunk, i, keys.row_of));
      case ColumnKind::kInt: {
        std::vector<std::int64_t> out;
        for (const std::uint32_t row : keys.row_of) out.push_back(chunk.number(i, row));
        return Column(std::move(out));
      }
      case ColumnKind::kDouble: {
        std::vector<double> out;
        for (const std::uint32_t row : keys.row_of) out.push_back(chunk.real(i, row));
        return Column(std::move(out));
      }
    }
  }
  return Column();
}

}  // namespace trilobite::storage
