#include "storage/arena.h"

#include <algorithm>

namespace trilobite::storage {

char* Arena::take(std::size_t bytes) {
  bytes = (bytes + 7) & ~std::size_t{7};
  if (bytes > left_) {
    const std::size_t size = std::max(bytes, piece_bytes_);
    pieces_.emplace_back(new char[size]);  // aligned for any type
    bytes_ += size;
    if (bytes >= piece_bytes_) return pieces_.back().get();  // a piece of its own
    at_ = pieces_.back().get();
    left_ = size;
    piece_bytes_ = std::min(kPieceBytesMax, piece_bytes_ * 2);
  }
  char* out = at_;
  at_ += bytes;
  left_ -= bytes;
  return out;
}

}  // namespace trilobite::storage
