// One block of one source while a scan works on it: keys and columns, each decoded at most once and only when needed.
#pragma once

#include <map>
#include <span>
#include <string>

#include "storage/row_source.h"
#include "storage/schema.h"

namespace trilobite::storage {

std::size_t column_bytes(const Column& column);

// One thread.
class BlockReader {
 public:
  BlockReader(const RowSource& source, std::size_t block) : source_(source), block_(block) {}

  Result<const BlockKeys*> keys();
  Result<const Column*> column(std::string_view name);
  Result<Column> take(std::string_view name);  // the last use of that column
  std::uint64_t bytes() const { return bytes_; }  // decoded so far

 private:
  const RowSource& source_;
  std::size_t block_;
  BlockKeysRef keys_;
  std::map<std::string, Column, std::less<>> columns_;
  std::uint64_t bytes_ = 0;
};

// All columns of the schema; they live as long as the reader.
Result<std::vector<const Column*>> read_all_columns(BlockReader& reader, std::span<const ColumnSchema> schema);

}  // namespace trilobite::storage
