#include "storage/head_chunk.h"

#include <cstring>

namespace trilobite::storage {

// Arrays are left uninitialised: pages that no row needs cost no memory.
HeadChunk::HeadChunk(std::span<const ColumnSchema> schema, std::uint32_t rows_max, std::size_t text_bytes_max)
    : rows_max_(rows_max),
      text_bytes_max_(text_bytes_max),
      series_(new std::uint32_t[rows_max]),
      times_(new TimeNs[rows_max]),
      columns_(schema.size()),
      text_(new char[text_bytes_max]) {
  row_bytes_ = sizeof(std::uint32_t) + sizeof(TimeNs) + schema.size() * sizeof(std::uint64_t);
  for (std::size_t i = 0; i < schema.size(); ++i) {
    if (schema[i].is_text()) columns_[i].cells.reset(new Cell[rows_max]);
    if (schema[i].kind == ColumnKind::kInt) columns_[i].ints.reset(new std::int64_t[rows_max]);
    if (schema[i].kind == ColumnKind::kDouble) columns_[i].doubles.reset(new double[rows_max]);
  }
}

void HeadChunk::begin_row(std::uint32_t series, TimeNs time) {
  DCHECK(rows_ < rows_max_);
  series_[rows_] = series;
  times_[rows_] = time;
}

void HeadChunk::put_text(std::size_t column, std::string_view value) {
  DCHECK(value.size() <= text_bytes_max_ - text_used_);
  if (!value.empty()) std::memcpy(text_.get() + text_used_, value.data(), value.size());
  columns_[column].cells[rows_] = {static_cast<std::uint32_t>(text_used_), static_cast<std::uint32_t>(value.size())};
  text_used_ += value.size();
}

void HeadChunk::put_text_again(std::size_t column, std::uint32_t row_before) {
  columns_[column].cells[rows_] = columns_[column].cells[row_before];
}

void HeadChunk::put_number(std::size_t column, std::int64_t value) { columns_[column].ints[rows_] = value; }
void HeadChunk::put_number(std::size_t column, double value) { columns_[column].doubles[rows_] = value; }

}  // namespace trilobite::storage
