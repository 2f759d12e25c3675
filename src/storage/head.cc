#include "storage/head.h"

#include <algorithm>
#include <numeric>

#include "base/hash.h"
#include "storage/head_blocks.h"
#include "storage/head_samples.h"
#include "storage/head_source.h"
#include "storage/limits.h"
#include "storage/window.h"

namespace trilobite::storage {
namespace {

constexpr std::uint32_t kNone = 0xFFFFFFFFu;

std::uint64_t hash_key(std::uint32_t series, TimeNs time) {
  return hash64({reinterpret_cast<const char*>(&time), sizeof time}, series);
}

template <class T>
std::uint64_t hash_number(T value, std::uint64_t seed) {
  return hash64({reinterpret_cast<const char*>(&value), sizeof value}, seed);
}

}  // namespace

// A batch with its columns in the order of the schema.
class HeadRows::Input {
 public:
  Input(const Batch& batch, std::span<const ColumnSchema> schema) : batch_(batch), schema_(schema) {
    for (const ColumnSchema& column : schema) columns_.push_back(batch.find(column.name));
  }
  const Batch& batch() const { return batch_; }
  std::string_view text(std::size_t column, std::uint32_t row) const {
    return columns_[column] == nullptr ? std::string_view() : columns_[column]->text(row);
  }
  std::int64_t number(std::size_t column, std::uint32_t row) const {
    return std::get<std::vector<std::int64_t>>(columns_[column]->values())[row];
  }
  double real(std::size_t column, std::uint32_t row) const {
    return std::get<std::vector<double>>(columns_[column]->values())[row];
  }

  std::size_t text_bytes(std::uint32_t row) const {
    std::size_t total = 0;
    for (std::size_t i = 0; i < schema_.size(); ++i) {
      if (schema_[i].is_text()) total += text(i, row).size();
    }
    return total;
  }
  std::uint64_t hash(std::uint32_t row, std::uint32_t series) const {
    std::uint64_t out = hash_key(series, batch_.times[row]);
    for (std::size_t i = 0; i < schema_.size(); ++i) {
      switch (schema_[i].kind) {
        case ColumnKind::kText:
        case ColumnKind::kTextCoded: out = hash64(text(i, row), out); break;
        case ColumnKind::kInt: out = hash_number(number(i, row), out); break;
        case ColumnKind::kDouble: out = hash_number(real(i, row), out); break;
      }
    }
    return out;
  }
  bool equals(std::uint32_t row, const HeadChunk& chunk, std::uint32_t stored) const {
    for (std::size_t i = 0; i < schema_.size(); ++i) {
      bool same = true;
      switch (schema_[i].kind) {
        case ColumnKind::kText:
        case ColumnKind::kTextCoded: same = text(i, row) == chunk.text(i, stored); break;
        case ColumnKind::kInt: same = number(i, row) == chunk.number(i, stored); break;
        // By bytes: a NaN repeats, too.
        case ColumnKind::kDouble:
          same = std::bit_cast<std::uint64_t>(real(i, row)) == std::bit_cast<std::uint64_t>(chunk.real(i, stored));
          break;
      }
      if (!same) return false;
    }
    return true;
  }

 private:
  const Batch& batch_;
  std::span<const ColumnSchema> schema_;
  std::vector<const Column*> columns_;
};

std::uint64_t HeadRows::hash_stored(const HeadChunk& chunk, std::uint32_t row) const {
  std::uint64_t out = hash_key(chunk.series(row), chunk.time(row));
  for (std::size_t i = 0; i < schema_.size(); ++i) {
    switch (schema_[i].kind) {
      case ColumnKind::kText:
      case ColumnKind::kTextCoded: out = hash64(chunk.text(i, row), out); break;
      case ColumnKind::kInt: out = hash_number(chunk.number(i, row), out); break;
      case ColumnKind::kDouble: out = hash_number(chunk.real(i, row), out); break;
    }
  }
  return out;
}

void HeadRows::remember_all_rows() {
  remembers_rows_ = true;
  row_hashes_.reserve(2 * rows_);
  for (std::uint64_t c = 0; c < chunks_.size(); ++c) {
    const HeadChunk& chunk = *chunks_[c].rows;
    for (std::uint32_t row = 0; row < chunk.rows(); ++row) row_hashes_.add(hash_stored(chunk, row), c << 32 | row);
  }
}

bool HeadRows::is_stored(const Input& input, std::uint32_t row, std::uint32_t series, std::uint64_t place) const {
  const HeadChunk& chunk = *chunks_[place >> 32].rows;
  const auto stored = static_cast<std::uint32_t>(place);
  return chunk.series(stored) == series && chunk.time(stored) == input.batch().times[row] &&
         input.equals(row, chunk, stored);
}

HeadChunk& HeadRows::chunk_with_room(std::size_t text_bytes) {
  if (!chunks_.empty() && chunks_.back().rows->has_room(text_bytes)) return *chunks_.back().rows;
  std::uint32_t rows_max = kChunkRowsMin;
  std::size_t bytes_max = kChunkBytesMin;
  if (!chunks_.empty()) {
    rows_max = std::min(kChunkRowsMax, chunks_.back().rows->rows_max() * 2);
    bytes_max = std::min(kChunkBytesMax, chunks_.back().rows->text_bytes_max() * 2);
  }
  chunks_.push_back({std::make_shared<HeadChunk>(schema_, rows_max, std::max(bytes_max, text_bytes))});
  coded_.assign(schema_.size(), {});
  return *chunks_.back().rows;
}

void HeadRows::put_row(HeadChunk& chunk, const Input& input, std::uint32_t row, std::uint32_t series) {
  const std::uint32_t here = chunk.rows();
  chunk.begin_row(series, input.batch().times[row]);
  for (std::size_t i = 0; i < schema_.size(); ++i) {
    switch (schema_[i].kind) {
      case ColumnKind::kText: chunk.put_text(i, input.text(i, row)); break;
      case ColumnKind::kTextCoded: {
        const std::string_view value = input.text(i, row);
        if (const auto found = coded_[i].find(value); found != coded_[i].end()) {
          chunk.put_text_again(i, found->second);
        } else {
          chunk.put_text(i, value);
          coded_[i].emplace(chunk.text(i, here), here);
        }
        break;
      }
      case ColumnKind::kInt: chunk.put_number(i, input.number(i, row)); break;
      case ColumnKind::kDouble: chunk.put_number(i, input.real(i, row)); break;
    }
  }
  chunk.end_row();
  Chunk& last = chunks_.back();
  const TimeNs time = input.batch().times[row];
  last.time_min = here == 0 ? time : std::min(last.time_min, time);
  last.time_max = here == 0 ? time : std::max(last.time_max, time);
}

std::size_t HeadRows::bytes_repeated(const HeadChunk& chunk, std::uint32_t series) {
  std::size_t out = 0;
  coded_places_.resize(std::max(coded_places_.size(), (series + std::size_t{1}) * schema_.size()));
  for (std::size_t i = 0; i < schema_.size(); ++i) {
    if (schema_[i].kind != ColumnKind::kTextCoded) continue;
    std::uint64_t& before = coded_places_[series * schema_.size() + i];
    const std::uint64_t place = chunk.text_place(i, chunk.rows() - 1);
    if (place == before) out += chunk.text(i, chunk.rows() - 1).size();
    before = place;
  }
  return out;
}

HeadTable::Stored HeadRows::append(const Batch& batch, std::span<const std::uint32_t> rows, SeriesKeys /*keys*/) {
  const Input input(batch, schema_);
  std::vector<std::uint32_t> number_of(batch.label_sets.size(), kNone);
  Stored out;
  const std::size_t index_bytes_before = index_.bytes(), series_before = index_.series();
  std::unique_lock lock(mutex_);
  for (const std::uint32_t row : rows) {
    std::uint32_t& series = number_of[batch.label_set_of_row[row]];
    if (series == kNone) series = index_.intern(batch.label_sets[batch.label_set_of_row[row]]);
    if (series >= stats_.size()) stats_.resize(series + 1);
    SeriesStats& stats = stats_[series];
    const bool in_order = stats.rows == 0 || batch.times[row] > stats.time_max;
    if (!in_order && !remembers_rows_) remember_all_rows();
    const std::size_t row_bytes = input.text_bytes(row);
    HeadChunk& chunk = chunk_with_room(row_bytes);
    if (remembers_rows_) {
      const auto same = [&](std::uint64_t place) { return !in_order && is_stored(input, row, series, place); };
      const std::uint64_t place = std::uint64_t{chunks_.size() - 1} << 32 | chunk.rows();
      if (!row_hashes_.add(input.hash(row, series), place, same)) continue;
    }
    put_row(chunk, input, row, series);
    stats.add(1, batch.times[row], batch.times[row], row_bytes - bytes_repeated(chunk, series));
    out.bytes += row_bytes + sizeof(TimeNs) + sizeof(std::uint32_t) + schema_.size() * sizeof(std::uint64_t) +
                 (remembers_rows_ ? 32 : 0);
    ++out.rows;
  }
  out.bytes_of_series = index_.bytes() - index_bytes_before;
  out.bytes += out.bytes_of_series;
  out.series = index_.series() - series_before;
  rows_ += out.rows;
  return out;
}

HeadRows::View HeadRows::view() const {
  std::shared_lock lock(mutex_);
  View out;
  out.stats = stats_;
  for (const Chunk& chunk : chunks_)
    out.chunks.push_back({chunk.rows, chunk.rows->rows(), chunk.time_min, chunk.time_max});
  return out;
}

std::shared_ptr<const RowSource> HeadRows::source(const std::vector<LabelMatcher>& matchers, TimeRange range) const {
  return HeadSource::create(shared_from_this(), matchers, range);
}

PartInput HeadRows::sorted_rows() const {
  auto blocks = std::make_unique<HeadBlocks>(shared_from_this());
  PartInput out;
  out.sets = blocks->sets();
  out.blocks = std::move(blocks);
  return out;
}

HeadTable& Head::table_of(const std::string& tenant, Signal signal, std::int64_t window) {
  std::lock_guard lock(mutex_);
  std::shared_ptr<HeadTable>& table = tables_[TableKey{tenant, signal, window}];
  if (!table && signal == Signal::kMetrics) table = std::make_shared<HeadSamples>(start_of_window(signal, window));
  if (!table) table = std::make_shared<HeadRows>(signal);
  return *table;
}

std::size_t Head::append(const std::string& tenant, Signal signal, const Batch& batch,
                         SeriesKeys keys) {
  if (batch.rows() == 0) return 0;
  if (signal == Signal::kMetrics) has_samples_ = true;
  std::map<std::int64_t, std::vector<std::uint32_t>> rows_of;  // by window
  const auto [first, last] = std::minmax_element(batch.times.begin(), batch.times.end());
  if (const std::int64_t window = window_of(signal, *first); window == window_of(signal, *last)) {
    std::vector<std::uint32_t>& rows = rows_of[window];
    rows.resize(batch.rows());
    std::iota(rows.begin(), rows.end(), 0u);
  } else {
    for (std::uint32_t row = 0; row < batch.rows(); ++row) rows_of[window_of(signal, batch.times[row])].push_back(row);
  }
  std::size_t rows_stored = 0;
  for (const auto& [window, rows] : rows_of) {
    const HeadTable::Stored stored = table_of(tenant, signal, window).append(batch, rows, keys);
    bytes_ += stored.bytes;
    bytes_of_series_ += stored.bytes_of_series;
    rows_ += stored.rows;
    series_ += stored.series;
    Share& share = shares_[static_cast<std::size_t>(signal)];
    share.bytes += stored.bytes - stored.bytes_of_series;
    share.bytes_of_series += stored.bytes_of_series;
    share.series += stored.series;
    rows_stored += stored.rows;
  }
  return rows_stored;
}

std::vector<Head::Table> Head::tables() const {
  std::lock_guard lock(mutex_);
  std::vector<Table> out;
  for (const auto& [key, table] : tables_) out.push_back({key, table});
  return out;
}

}  // namespace trilobite::storage
