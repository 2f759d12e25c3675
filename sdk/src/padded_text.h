// A short text that is copied often: bytes behind its end may be read, so that it is copied in blocks of a known size.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace trilobite::log {

class PaddedText {
 public:
  static constexpr std::size_t kBlock = 32;

  PaddedText() : PaddedText(std::string_view()) {}
  explicit PaddedText(std::string_view text) : bytes_(text), size_(text.size()) { bytes_.resize(size_ + kBlock); }

  std::string_view view() const { return {bytes_.data(), size_}; }
  std::size_t size() const { return size_; }
  // Writes up to size() + kBlock bytes at `to`.
  void copy_to(char* to) const {
    for (std::size_t i = 0; i < size_; i += kBlock) std::memcpy(to + i, bytes_.data() + i, kBlock);
  }

 private:
  std::string bytes_;
  std::size_t size_;
};

}  // namespace trilobite::log
