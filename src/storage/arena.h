// Memory in large pieces that is given back all at once. One thread takes, what was taken stays where it is.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace trilobite::storage {

class Arena {
 public:
  char* take(std::size_t bytes);  // for 8-byte types
  std::size_t bytes() const { return bytes_; }

 private:
  static constexpr std::size_t kPieceBytesMin = 16u << 10, kPieceBytesMax = 1u << 20;
  std::vector<std::unique_ptr<char[]>> pieces_;
  char* at_ = nullptr;
  std::size_t left_ = 0, piece_bytes_ = kPieceBytesMin, bytes_ = 0;
};

}  // namespace trilobite::storage
