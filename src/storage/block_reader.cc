#include "storage/block_reader.h"

#include "storage/block_cache.h"

namespace trilobite::storage {

BlockReader::~BlockReader() {
  if (source_) source_->settle(block_);
}

Result<const BlockKeys*> BlockReader::keys() {
  if (!keys_) {
    TRY(keys, source_->keys(block_));
    keys_ = std::move(keys);
    bytes_ += keys_->rows() * (sizeof(std::uint32_t) + sizeof(TimeNs));
  }
  return keys_.get();
}

Result<const columnar::LineBlock*> BlockReader::open_lines() {
  if (!lines_) {
    TRY_VOID(keys());
    TRY(opened, source_->lines(block_, keys_));
    lines_ = std::move(opened);
    if (*lines_) lines_bytes_before_ = (*lines_)->bytes();
  }
  return lines_->get();
}

std::uint64_t BlockReader::bytes() const {
  return bytes_ + (lines() != nullptr ? lines()->bytes() - lines_bytes_before_ : 0);
}

Result<const Column*> BlockReader::column(std::string_view name) {
  auto found = columns_.find(name);
  if (found == columns_.end()) {
    TRY(block_keys, keys());
    TRY(read, source_->column(block_, *block_keys, name));
    bytes_ += column_bytes(*read);
    found = columns_.emplace(std::string(name), std::move(read)).first;
  }
  return found->second.get();
}

Result<std::vector<const Column*>> read_all_columns(BlockReader& reader, std::span<const ColumnSchema> schema) {
  std::vector<const Column*> out;
  for (const ColumnSchema& column : schema) {
    TRY(values, reader.column(column.name));
    out.push_back(values);
  }
  return out;
}

}  // namespace trilobite::storage
