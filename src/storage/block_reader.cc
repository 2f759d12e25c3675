#include "storage/block_reader.h"

namespace trilobite::storage {

std::size_t column_bytes(const Column& column) {
  struct Bytes {
    std::size_t operator()(const std::vector<std::int64_t>& values) const {
      return values.size() * sizeof(std::int64_t);
    }
    std::size_t operator()(const std::vector<double>& values) const { return values.size() * sizeof(double); }
    std::size_t operator()(const StringColumn& text) const {
      return text.bytes.size() + text.ends.size() * sizeof(std::uint32_t);
    }
    std::size_t operator()(const DictionaryColumn& coded) const {
      return (*this)(coded.dictionary) + coded.codes.size() * sizeof(std::uint32_t);
    }
  };
  return std::visit(Bytes{}, column.values());
}

Result<const BlockKeys*> BlockReader::keys() {
  if (!keys_) {
    TRY(keys, source_.keys(block_));
    keys_ = std::move(keys);
    bytes_ += keys_->rows() * (sizeof(std::uint32_t) + sizeof(TimeNs));
  }
  return keys_.get();
}

Result<const Column*> BlockReader::column(std::string_view name) {
  auto found = columns_.find(name);
  if (found == columns_.end()) {
    TRY(block_keys, keys());
    TRY(read, source_.column(block_, *block_keys, name));
    bytes_ += column_bytes(read);
    found = columns_.emplace(std::string(name), std::move(read)).first;
  }
  return &found->second;
}

Result<Column> BlockReader::take(std::string_view name) {
  TRY_VOID(column(name));
  return std::move(columns_.extract(columns_.find(name)).mapped());
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
