#include "storage/head_blocks.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "storage/limits.h"

namespace trilobite::storage {
namespace {

// Of a coded column: then the block need not have it.
bool is_empty_text(const Column& column) {
  const auto& coded = std::get<DictionaryColumn>(column.values());
  return coded.dictionary.bytes.empty();
}

}  // namespace

HeadBlocks::HeadBlocks(std::shared_ptr<const HeadRows> table) : table_(std::move(table)), view_(table_->view()) {
  std::vector<std::uint32_t> order(view_.stats.size());  // series numbers of the head by label set
  std::iota(order.begin(), order.end(), 0u);
  std::vector<LabelSetRef> sets;
  for (const std::uint32_t number : order) sets.push_back(table_->index().label_set(number));
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return *sets[a] < *sets[b]; });
  std::vector<std::uint32_t> rank_of(order.size());
  for (std::uint32_t rank = 0; rank < order.size(); ++rank) {
    rank_of[order[rank]] = rank;
    sets_.push_back(std::move(sets[order[rank]]));
  }
  sort_rows(rank_of);
}

// A counting sort by series leaves rows in order of arrival, and that is nearly always the order of time.
void HeadBlocks::sort_rows(const std::vector<std::uint32_t>& rank_of) {
  starts_.assign(rank_of.size() + 1, 0);
  for (const HeadRows::ChunkView& view : view_.chunks) {
    for (std::uint32_t row = 0; row < view.rows; ++row) ++starts_[rank_of[view.chunk->series(row)] + 1];
  }
  std::partial_sum(starts_.begin(), starts_.end(), starts_.begin());
  rows_.resize(starts_.back());
  std::vector<std::uint32_t> next(starts_);
  for (std::uint32_t c = 0; c < view_.chunks.size(); ++c) {
    const HeadRows::ChunkView& view = view_.chunks[c];
    for (std::uint32_t row = 0; row < view.rows; ++row) rows_[next[rank_of[view.chunk->series(row)]]++] = {c, row};
  }
  for (std::size_t rank = 0; rank + 1 < starts_.size(); ++rank) {
    const auto begin = rows_.begin() + starts_[rank], end = rows_.begin() + starts_[rank + 1];
    const auto earlier = [this](Place a, Place b) { return time_of(a) < time_of(b); };
    if (!std::is_sorted(begin, end, earlier)) std::stable_sort(begin, end, earlier);
  }
}

std::size_t HeadBlocks::end_of_block() const {
  const std::span<const ColumnSchema> schema = table_->schema();
  const std::size_t limit = std::min(rows_.size(), next_ + kBlockRowsMax);
  std::size_t end = next_, bytes = 0;
  for (; end < limit && bytes < kBlockBytesMax; ++end) {
    for (std::size_t i = 0; i < schema.size(); ++i) {
      if (schema[i].is_text()) bytes += chunk_of(rows_[end]).text(i, rows_[end].row).size();
    }
  }
  return end;
}

Column HeadBlocks::gather_text(std::size_t column, std::span<const Place> rows) const {
  StringColumn out;
  std::size_t bytes = 0;
  for (const Place place : rows) bytes += chunk_of(place).text(column, place.row).size();
  out.bytes.reserve(bytes);
  out.ends.reserve(rows.size());
  for (const Place place : rows) out.push_back(chunk_of(place).text(column, place.row));
  return Column(std::move(out));
}

Column HeadBlocks::gather_coded(std::size_t column, std::span<const Place> rows) const {
  DictionaryColumn out;
  out.codes.reserve(rows.size());
  std::unordered_map<std::string_view, std::uint32_t, TextHash, std::equal_to<>> code_of;
  const char* last = nullptr;  // a chunk has each text once, so its place tells a repeated one
  for (const Place place : rows) {
    const std::string_view text = chunk_of(place).text(column, place.row);
    if (last != nullptr && text.data() == last && text.size() == out.dictionary[out.codes.back()].size()) {
      out.codes.push_back(out.codes.back());
      continue;
    }
    const auto [found, added] = code_of.try_emplace(text, static_cast<std::uint32_t>(out.dictionary.size()));
    if (added) out.dictionary.push_back(text);
    out.codes.push_back(found->second);
    last = text.data();
  }
  return Column(std::move(out));
}

Column HeadBlocks::gather(std::size_t column, ColumnKind kind, std::span<const Place> rows) const {
  switch (kind) {
    case ColumnKind::kText: return gather_text(column, rows);
    case ColumnKind::kTextCoded: return gather_coded(column, rows);
    case ColumnKind::kInt: {
      std::vector<std::int64_t> out;
      for (const Place place : rows) out.push_back(chunk_of(place).number(column, place.row));
      return Column(std::move(out));
    }
    case ColumnKind::kDouble: {
      std::vector<double> out;
      for (const Place place : rows) out.push_back(chunk_of(place).real(column, place.row));
      return Column(std::move(out));
    }
  }
  std::abort();
}

Result<std::optional<Block>> HeadBlocks::next() {
  if (next_ == rows_.size()) return std::optional<Block>();
  const std::size_t end = end_of_block();
  const std::span<const Place> rows = std::span(rows_).subspan(next_, end - next_);
  Block out;
  out.times.reserve(rows.size());
  for (const Place place : rows) out.times.push_back(time_of(place));
  for (std::size_t at = next_; at < end;) {
    const auto start = std::upper_bound(starts_.begin(), starts_.end(), static_cast<std::uint32_t>(at));
    const std::size_t stop = std::min<std::size_t>(end, *start);
    out.series.insert(out.series.end(), stop - at, static_cast<std::uint32_t>(start - starts_.begin() - 1));
    at = stop;
  }
  const std::span<const ColumnSchema> schema = table_->schema();
  for (std::size_t i = 0; i < schema.size(); ++i) {
    Column column = gather(i, schema[i].kind, rows);
    if (schema[i].kind == ColumnKind::kTextCoded && is_empty_text(column)) continue;
    out.columns.push_back({std::string(schema[i].name), std::move(column)});
  }
  next_ = end;
  return std::optional<Block>(std::move(out));
}

}  // namespace trilobite::storage
