// Integers of a slot, packed so that one of them can be read without the others. Varies in how: constant, vectors of
// 1,024 with a table of their sizes, runs, or vectors of differences (the last two are read as a whole).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace trilobite::columnar {

std::string encode_int_stream(std::span<const std::int64_t> values);

// Checks of the frame, then of each vector where it is read. `bytes` must outlive it.
class IntStream {
 public:
  IntStream() = default;
  static Result<IntStream> open(std::string_view bytes, std::size_t count);

  Result<void> read(std::span<std::int64_t> values) const;  // all; REQUIRES: values.size() == count
  bool random_access() const { return mode_ <= 1; }
  // REQUIRES: random_access(), position < count.
  Result<std::int64_t> at(std::size_t position) const;

 private:
  Result<std::string_view> vector_bytes(std::size_t vector) const;

  std::uint8_t mode_ = 0;
  std::size_t count_ = 0;
  std::string_view sizes_;  // two bytes for each vector but the last
  std::string_view body_;
};

}  // namespace trilobite::columnar
