// Bytes that live as long as one row: unescaped values, formatted lines. Reset keeps the memory.
#pragma once

#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace trilobite::logql {

class Arena {
 public:
  // The caller fills the bytes; valid until reset().
  char* allocate(std::size_t bytes) {
    while (chunk_ < chunks_.size() && used_ + bytes > chunks_[chunk_].size) {
      ++chunk_;
      used_ = 0;
    }
    if (chunk_ == chunks_.size()) {
      const std::size_t size = bytes > kChunkBytes ? bytes : kChunkBytes;
      chunks_.push_back({std::unique_ptr<char[]>(new char[size]), size});
      used_ = 0;
    }
    char* out = chunks_[chunk_].bytes.get() + used_;
    used_ += bytes;
    return out;
  }

  std::string_view copy(std::string_view text) {
    if (text.empty()) return {"", 0};
    char* out = allocate(text.size());
    std::memcpy(out, text.data(), text.size());
    return {out, text.size()};
  }

  void reset() {
    // One row with huge values must not hold its memory for the rest of the query.
    while (chunks_.size() > kChunksKept) chunks_.pop_back();
    chunk_ = 0;
    used_ = 0;
  }

 private:
  static constexpr std::size_t kChunkBytes = 16 << 10;
  static constexpr std::size_t kChunksKept = 8;
  struct Chunk {
    std::unique_ptr<char[]> bytes;
    std::size_t size;
  };
  std::vector<Chunk> chunks_;
  std::size_t chunk_ = 0, used_ = 0;
};

}  // namespace trilobite::logql
