// Where in a value a text has to stand. A needle that lies across pieces and slots of a template becomes such matches
// of single slots.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "columnar/column.h"
#include "columnar/position_set.h"
#include "columnar/search.h"

namespace trilobite::columnar {

struct TextMatch {
  enum class Place : std::uint8_t { kAnywhere, kBegin, kEnd, kWhole };
  Place place = Place::kAnywhere;
  std::string_view text;
  // Letters of ASCII are equal to their other case; `text` is in lower case then.
  bool fold_ascii = false;

  bool at_begin() const { return place == Place::kBegin || place == Place::kWhole; }
  bool at_end() const { return place == Place::kEnd || place == Place::kWhole; }
  // Fulfilled by every value.
  bool trivial() const { return text.empty() && place != Place::kWhole; }
};

constexpr char lower_ascii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
std::string lower_ascii(std::string_view text);

bool holds(const TextMatch& test, std::string_view value);

// Which of `candidates` hold. The search runs over the whole buffer of the column where that is faster.
PositionSet search_strings(const TextMatch& test, const StringColumn& values, const PositionSet& candidates);

// The rows in which the needle lies entirely, ascending, each once; a hit across two rows does not count.
template <class Visit>
void for_each_row_with(const Searcher& searcher, const StringColumn& column, const Visit& visit) {
  const std::string_view bytes = column.bytes;
  std::size_t row = 0;
  for (std::size_t from = 0; from < bytes.size();) {
    const std::size_t at = searcher.find(bytes, from);
    if (at == std::string_view::npos) return;
    // Hits ascend, so the row is found by stepping when near and by doubling steps when far.
    for (unsigned steps = 0; column.ends[row] <= at && steps < 8; ++steps) ++row;
    if (column.ends[row] <= at) {
      std::size_t stride = 8;
      while (row + stride < column.size() && column.ends[row + stride] <= at) {
        row += stride;
        stride *= 2;
      }
      for (; stride > 0; stride /= 2) {  // Invariant: row ends at or before the hit
        if (row + stride < column.size() && column.ends[row + stride] <= at) row += stride;
      }
      ++row;
    }
    if (at + searcher.needle().size() <= column.ends[row]) {
      visit(row);
      from = column.ends[row];  // one hit per row is enough
    } else {
      from = at + 1;
    }
  }
}

}  // namespace trilobite::columnar
