// The part file: blocks of encoded columns, named sections, and a footer; written once, never changed.
// Bytes on disk: format.md beside this file.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/file_system.h"
#include "columnar/column.h"

namespace trilobite::columnar {
class LineBlock;    // lines.h
class SampleBlock;  // sample_block.h
}

namespace trilobite {

inline constexpr std::size_t kBlockRowsMax = 65'536;

// One block to be written: rows sorted by (series, time); the two key columns and any number of others.
// Series numbers are local to the part: an index into the list of label sets that the storage room keeps as a section.
struct Block {
  std::vector<std::uint32_t> series;
  std::vector<TimeNs> times;
  struct Entry {
    std::string name;
    Column column;
  };
  std::vector<Entry> columns;

  std::size_t rows() const { return times.size(); }
};

struct BlockInfo {
  std::uint32_t rows = 0;
  std::uint32_t series_min = 0, series_max = 0;
  TimeNs time_min = 0, time_max = 0;
  std::uint64_t bytes = 0;      // on disk, all columns
  std::uint64_t bytes_raw = 0;  // of the decoded values
};

struct PartInfo {
  std::uint64_t rows = 0;
  TimeNs time_min = 0, time_max = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t bytes_raw = 0;
  std::uint64_t footer_hash = 0;  // the manifest keeps it: a stale or swapped file is found
};

struct PartOptions {
  int zstd_level = 3;
};

// Encodes and appends block after block to `path`; the file counts once finish() returned and the manifest names it.
class PartWriter {
 public:
  static Result<std::unique_ptr<PartWriter>> create(FileSystem& files, const std::string& path, PartOptions options);
  virtual ~PartWriter() = default;

  // REQUIRES: 1..kBlockRowsMax rows, sorted by (series, time), all columns of the same length.
  // kLimit when a text column exceeds 1 GiB. The column "line" is split into templates where that makes it smaller. A
  // block with a column "value" of doubles has samples: its times, values and histograms are stored series by series.
  virtual Result<void> add_block(const Block& block) = 0;
  // Bytes of another room (label sets, postings), checksummed like everything; `name` at most once.
  virtual Result<void> add_section(const std::string& name, std::string_view bytes) = 0;
  // Writes the footer and syncs the file. The caller syncs the folder.
  virtual Result<PartInfo> finish() = 0;
};

// Reads a part; any number of threads. Everything is checked when read; a bad byte gives kCorrupt with the file's name.
class PartReader {
 public:
  // Reads the footer. A file of a newer format gives kUnsupported.
  static Result<std::shared_ptr<const PartReader>> open(FileSystem& files, const std::string& path);
  virtual ~PartReader() = default;

  virtual const PartInfo& info() const = 0;
  virtual const std::vector<BlockInfo>& blocks() const = 0;
  virtual std::vector<std::string> column_names() const = 0;
  virtual Result<std::vector<std::uint32_t>> read_series(std::size_t block) const = 0;
  virtual Result<std::vector<TimeNs>> read_times(std::size_t block) const = 0;
  // A column that the block does not have gives an empty optional-like Column of size 0; so does one whose text is
  // empty in every row.
  virtual Result<Column> read_column(std::size_t block, std::string_view name) const = 0;
  // The lines of the block where they are stored split into templates; null: take read_column(). Pages are read when
  // asked for, also after the reader is gone. `times`: where the rows' times come from; none: from the part.
  // `on_damage` is told of pages that do not pass their check when they are read.
  using TimesOfBlock = std::function<Result<std::span<const TimeNs>>()>;
  virtual Result<std::shared_ptr<const columnar::LineBlock>> read_lines(
      std::size_t block, TimesOfBlock times = {}, std::function<void(const Error&)> on_damage = {}) const = 0;
  // The samples of the block, read series by series; null when it is not stored so: take read_column().
  virtual Result<std::shared_ptr<const columnar::SampleBlock>> read_samples(std::size_t block) const = 0;
  virtual Result<std::string> read_section(std::string_view name) const = 0;  // kNotFound
  // Reads and checks every byte of the file.
  virtual Result<void> verify() const = 0;
};

}  // namespace trilobite
