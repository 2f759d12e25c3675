// Substring search by two rare bytes of the needle: where both stand at their distance, the rest is compared. The AVX2
// kernel is chosen at run time where the processor has it; its portable twin gives the same answers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace trilobite::columnar {

// Immutable; any thread.
class Searcher {
 public:
  // Keeps a copy of the needle.
  explicit Searcher(std::string_view needle);

  std::string_view needle() const { return needle_; }
  // The same as text.find(needle(), from).
  std::size_t find(std::string_view text, std::size_t from = 0) const;

  // The kernels, for tests and benchmarks. REQUIRES: the needle has at least 2 bytes; find_wide needs has_wide().
  static bool has_wide();
  std::size_t find_portable(std::string_view text, std::size_t from) const;
  std::size_t find_wide(std::string_view text, std::size_t from) const;

 private:
  std::string needle_;
  std::size_t first_ = 0, second_ = 0;  // positions in the needle of its two rarest bytes, first_ < second_
};

}  // namespace trilobite::columnar
