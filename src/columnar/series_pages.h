// Columns of a block whose rows are sorted by (series, time), stored so that the rows of one series, a run, are read
// without those of the others: times, doubles, and texts that change little from row to row. Bytes: format.md.
//
// The readers borrow the bytes of their page. Opening one reads where the runs are, nothing else. Damage is kCorrupt.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "columnar/column.h"

namespace trilobite::columnar {

// `ends` are those of the runs: run r has the rows ends[r - 1] .. ends[r] - 1, at least one; ends.back() is the
// number of rows. All append.
void encode_times_by_series(std::span<const TimeNs> times, std::span<const std::uint32_t> ends, std::string& out);
void encode_doubles_by_series(std::span<const double> values, std::span<const std::uint32_t> ends, std::string& out);
void encode_texts_by_series(const Column& texts, std::span<const std::uint32_t> ends, int zstd_level, std::string& out);

// Bytes behind each other, found by number.
class Extents {
 public:
  Result<void> set(std::span<const std::int64_t> lengths, std::string_view bytes);
  std::size_t size() const { return ends_.size(); }
  std::string_view operator[](std::size_t number) const {
    const std::uint32_t begin = number == 0 ? 0 : ends_[number - 1];
    return bytes_.substr(begin, ends_[number] - begin);
  }
  std::size_t memory() const { return ends_.size() * sizeof(std::uint32_t); }

 private:
  std::vector<std::uint32_t> ends_;
  std::string_view bytes_;
};

class TimesBySeries {
 public:
  static Result<TimesBySeries> open(std::string_view page, std::size_t rows);
  std::span<const std::uint32_t> ends() const { return ends_; }
  // Runs with the same number have the same times.
  std::uint32_t vector_of(std::size_t run) const { return vector_of_[run]; }
  Result<void> read(std::size_t run, std::vector<TimeNs>& out) const;  // replaces what is there
  std::size_t memory() const { return (ends_.size() + vector_of_.size()) * sizeof(std::uint32_t) + vectors_.memory(); }

 private:
  std::vector<std::uint32_t> ends_, vector_of_;
  Extents vectors_;
};

class DoublesBySeries {
 public:
  static Result<DoublesBySeries> open(std::string_view page, std::size_t rows);
  std::span<const std::uint32_t> ends() const { return ends_; }
  // Values begin .. end - 1 of the run, appended.
  Result<void> read(std::size_t run, std::size_t begin, std::size_t end, std::vector<double>& out) const;
  std::size_t memory() const { return (ends_.size() + first_chunk_.size()) * sizeof(std::uint32_t) + chunks_.memory(); }

 private:
  std::vector<std::uint32_t> ends_, first_chunk_;
  Extents chunks_;
};

class TextsBySeries {
 public:
  static Result<TextsBySeries> open(std::string_view page, std::size_t rows);
  std::span<const std::uint32_t> ends() const { return ends_; }
  // False: every text of the run is empty.
  bool has(std::size_t run) const { return !runs_[run].empty(); }
  // All texts of the run, at most `bytes_max`; replaces what is there.
  Result<void> read(std::size_t run, std::size_t bytes_max, StringColumn& out) const;
  std::size_t memory() const { return ends_.size() * sizeof(std::uint32_t) + runs_.memory(); }

 private:
  std::vector<std::uint32_t> ends_;
  Extents runs_;
};

}  // namespace trilobite::columnar
