// Puts a column together from stretches of others, and picks rows out of one.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/hash.h"
#include "columnar/column.h"
#include "storage/schema.h"

namespace trilobite::storage {

// The rows with these numbers, in order. A column of size 0 stands for empty text in every row.
Column gather(const Column& from, std::span<const std::uint32_t> rows);

// Hash of a row's values, for telling equal rows apart. Columns as in the schema; one of size 0 is empty text.
Hash128 hash_row(std::span<const ColumnSchema> schema, std::span<const Column* const> columns, std::size_t row);

class ColumnBuilder {
 public:
  explicit ColumnBuilder(const ColumnSchema& schema) : schema_(schema) { reset(); }

  // Rows begin .. end - 1. `from_id` tells columns apart: the same for two calls only if `from` is the same column.
  void append(const Column& from, std::uint64_t from_id, std::size_t begin, std::size_t end);
  std::size_t text_bytes() const { return text_bytes_; }  // of the rows so far
  bool all_empty() const { return schema_.is_text() && text_bytes_ == 0; }
  Column finish();  // and starts anew

 private:
  void reset();
  void append_text(const Column& from, std::size_t begin, std::size_t end);
  void append_coded(const Column& from, std::uint64_t from_id, std::size_t begin, std::size_t end);
  std::uint32_t code_of(std::string_view value);
  void give_up_codes();

  const ColumnSchema& schema_;
  Column out_;
  std::size_t text_bytes_ = 0;
  // While a coded column is built.
  std::unordered_map<std::string_view, std::uint32_t, TextHash, std::equal_to<>> codes_;
  std::deque<std::string> entries_;  // what the keys of codes_ point into
  std::uint64_t translated_id_ = 0;  // the column that translated_ is for; 0: none
  std::vector<std::uint32_t> translated_;
};

}  // namespace trilobite::storage
