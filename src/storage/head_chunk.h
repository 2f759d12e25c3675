// A stretch of the head: columns of fixed capacity that one thread fills row by row while others read the rows that
// were published to them. Nothing moves once it is written, so reading needs no lock.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "columnar/column.h"
#include "storage/schema.h"

namespace trilobite::storage {

class HeadChunk {
 public:
  HeadChunk(std::span<const ColumnSchema> schema, std::uint32_t rows_max, std::size_t text_bytes_max);

  // Writer. Rows are only visible to those who learn the new number of rows under the lock of the table.
  bool has_room(std::size_t text_bytes) const {
    return rows_ < rows_max_ && text_bytes <= text_bytes_max_ - text_used_;
  }
  void begin_row(std::uint32_t series, TimeNs time);
  void put_text(std::size_t column, std::string_view value);
  void put_text_again(std::size_t column, std::uint32_t row_before);  // the same bytes as in that row
  void put_number(std::size_t column, std::int64_t value);
  void put_number(std::size_t column, double value);
  void end_row() { ++rows_; }
  std::uint32_t rows() const { return rows_; }
  std::uint32_t rows_max() const { return rows_max_; }
  std::size_t text_bytes_max() const { return text_bytes_max_; }
  std::size_t bytes() const { return text_used_ + rows_ * row_bytes_; }

  // Readers, for published rows.
  std::uint32_t series(std::uint32_t row) const { return series_[row]; }
  TimeNs time(std::uint32_t row) const { return times_[row]; }
  std::string_view text(std::size_t column, std::uint32_t row) const {
    const Cell cell = columns_[column].cells[row];
    return {text_.get() + cell.offset, cell.length};
  }
  // Where the text starts and ends: equal for rows that share it.
  std::uint64_t text_place(std::size_t column, std::uint32_t row) const {
    const Cell cell = columns_[column].cells[row];
    return std::uint64_t{cell.offset} << 32 | cell.length;
  }
  std::int64_t number(std::size_t column, std::uint32_t row) const { return columns_[column].ints[row]; }
  double real(std::size_t column, std::uint32_t row) const { return columns_[column].doubles[row]; }

 private:
  struct Cell {
    std::uint32_t offset, length;
  };
  struct Storage {  // one of them is used
    std::unique_ptr<Cell[]> cells;
    std::unique_ptr<std::int64_t[]> ints;
    std::unique_ptr<double[]> doubles;
  };

  std::uint32_t rows_ = 0, rows_max_;
  std::size_t text_used_ = 0, text_bytes_max_, row_bytes_ = 0;
  std::unique_ptr<std::uint32_t[]> series_;
  std::unique_ptr<TimeNs[]> times_;
  std::vector<Storage> columns_;
  std::unique_ptr<char[]> text_;
};

}  // namespace trilobite::storage
