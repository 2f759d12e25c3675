// Rows that are in the WAL and not yet in parts, in memory, by tenant, signal and window. Append-only and visible at
// once.
//
// A Head is one generation: appends go to the active one; a flush freezes it, starts another, and drops the frozen one
// when its rows are in parts that the manifest names.
#pragma once

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "storage/head_chunk.h"
#include "storage/head_table.h"
#include "storage/row_hashes.h"
#include "storage/series_table.h"
#include "storage/store.h"

namespace trilobite::storage {

struct TableKey {
  std::string tenant;
  Signal signal = Signal::kLogs;
  std::int64_t window = 0;
  friend auto operator<=>(const TableKey&, const TableKey&) = default;
};

// Rows of logs and exemplars, in order of arrival.
class HeadRows final : public HeadTable, public std::enable_shared_from_this<HeadRows> {
 public:
  explicit HeadRows(Signal signal) : schema_(schema_of(signal)) {}

  // A row that is there already (label set, time, all columns) is dropped.
  Stored append(const Batch& batch, std::span<const std::uint32_t> rows, SeriesKeys keys) override;

  // What a reader needs to go on without a lock.
  struct ChunkView {
    std::shared_ptr<const HeadChunk> chunk;
    std::uint32_t rows = 0;
    TimeNs time_min = 0, time_max = 0;
  };
  struct View {
    std::vector<ChunkView> chunks;
    std::vector<SeriesStats> stats;  // by series number
  };
  View view() const;
  const HeadIndex& index() const override { return index_; }
  std::vector<SeriesStats> stats() const override { return view().stats; }
  std::shared_ptr<const RowSource> source(const std::vector<LabelMatcher>& matchers, TimeRange range) const override;
  PartInput sorted_rows() const override;
  std::span<const ColumnSchema> schema() const { return schema_; }
  std::uint64_t rows() const override { return rows_; }

 private:
  class Input;
  struct Chunk {
    std::shared_ptr<HeadChunk> rows;
    TimeNs time_min = 0, time_max = 0;
  };
  bool is_stored(const Input& input, std::uint32_t row, std::uint32_t series, std::uint64_t place) const;
  void remember_all_rows();
  HeadChunk& chunk_with_room(std::size_t text_bytes);
  void put_row(HeadChunk& chunk, const Input& input, std::uint32_t row, std::uint32_t series);
  std::uint64_t hash_stored(const HeadChunk& chunk, std::uint32_t row) const;
  // Of the coded texts of the last row: those that the row of its series before has as well. See SeriesStats.
  std::size_t bytes_repeated(const HeadChunk& chunk, std::uint32_t series);

  std::span<const ColumnSchema> schema_;
  HeadIndex index_;
  std::atomic<std::uint64_t> rows_{0};

  mutable std::shared_mutex mutex_;  // guards chunks_ and stats_; the writer alone may read them without it
  std::vector<Chunk> chunks_;
  std::vector<SeriesStats> stats_;

  // Writer only.
  // Row hash -> rows (chunk << 32 | row). Kept from the first row on that is not newer than its stream: data in order,
  // which cannot repeat, never pays for it.
  RowHashes row_hashes_;
  bool remembers_rows_ = false;
  // Texts of the coded columns in the last chunk, to store each once: (column, text) -> row.
  std::vector<std::unordered_map<std::string_view, std::uint32_t, TextHash, std::equal_to<>>> coded_;
  std::vector<std::uint64_t> coded_places_;  // where the coded texts of each series' last row are: series * columns + i
};

class Head {
 public:
  // One thread at a time.
  // Returns how many rows were stored. `keys` as for HeadTable; only samples need them.
  std::size_t append(const std::string& tenant, Signal signal, const Batch& batch, SeriesKeys keys);

  struct Table {
    TableKey key;
    std::shared_ptr<HeadTable> table;
  };
  std::vector<Table> tables() const;  // in order of keys
  std::size_t bytes() const { return bytes_; }
  // How large it may become. The same series are there again after a flush, so a head that they alone fill would be
  // written all the time: rows always have as much room as series take, which is some two hundred samples for each.
  std::size_t bytes_max(std::size_t configured) const { return std::max(configured, 2 * bytes_of_series_.load()); }
  std::uint64_t rows() const { return rows_; }
  std::uint64_t series() const { return series_; }
  struct Share {
    std::atomic<std::size_t> bytes{0}, bytes_of_series{0}, series{0};
  };
  const Share& share_of(Signal signal) const { return shares_[static_cast<std::size_t>(signal)]; }
  bool empty() const { return rows_ == 0; }
  bool has_samples() const { return has_samples_; }

 private:
  HeadTable& table_of(const std::string& tenant, Signal signal, std::int64_t window);

  std::atomic<std::size_t> bytes_{0}, bytes_of_series_{0}, rows_{0}, series_{0};
  std::atomic<bool> has_samples_{false};
  Share shares_[static_cast<std::size_t>(Signal::kExemplars) + 1];
  mutable std::mutex mutex_;  // guards tables_
  std::map<TableKey, std::shared_ptr<HeadTable>> tables_;
};

}  // namespace trilobite::storage
