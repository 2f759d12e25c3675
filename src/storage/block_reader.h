// One block of one source while a scan works on it: keys and columns, each decoded at most once and only when needed.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>

#include "storage/row_source.h"
#include "storage/schema.h"

namespace trilobite::storage {

// One thread.
class BlockReader {
 public:
  BlockReader(std::shared_ptr<const RowSource> source, std::size_t block) : source_(std::move(source)), block_(block) {}
  ~BlockReader();
  BlockReader(BlockReader&&) noexcept = default;
  BlockReader& operator=(BlockReader&&) = delete;

  Result<const BlockKeys*> keys();
  Result<const Column*> column(std::string_view name);
  // Null when they are not stored split, or not asked for yet: open_lines() comes first.
  Result<const columnar::LineBlock*> open_lines();
  const columnar::LineBlock* lines() const { return lines_ ? lines_->get() : nullptr; }
  std::uint64_t bytes() const;  // decoded so far, by whoever shares the split lines as well

 private:
  std::shared_ptr<const RowSource> source_;
  std::size_t block_;
  BlockKeysRef keys_;
  std::optional<LineBlockRef> lines_;
  std::size_t lines_bytes_before_ = 0;
  std::map<std::string, ColumnRef, std::less<>> columns_;
  std::uint64_t bytes_ = 0;
};

// All columns of the schema; they live as long as the reader.
Result<std::vector<const Column*>> read_all_columns(BlockReader& reader, std::span<const ColumnSchema> schema);

}  // namespace trilobite::storage
