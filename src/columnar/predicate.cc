#include "columnar/predicate.h"

#include <algorithm>

#include "columnar/search.h"

namespace trilobite {
namespace {

using columnar::Searcher;

bool contains_any(const std::vector<Searcher>& searchers, std::string_view value) {
  return std::any_of(searchers.begin(), searchers.end(), [&](const Searcher& searcher) {
    return searcher.find(value) != std::string_view::npos;
  });
}

// Below this share of rows a search through the whole buffer reads more than it saves.
constexpr std::size_t kSparse = 8;

// Marks the rows in which the needle lies entirely; a hit across two rows does not count.
void mark_hits(const Searcher& searcher, const StringColumn& column, std::vector<std::uint8_t>& hit) {
  const std::string_view bytes = column.bytes;
  std::size_t row = 0;
  for (std::size_t from = 0; from < bytes.size();) {
    const std::size_t at = searcher.find(bytes, from);
    if (at == std::string_view::npos) return;
    // Hits ascend, so the row is found by stepping when near and by bisection when far.
    if (column.ends[row] <= at) {
      for (unsigned steps = 0; column.ends[row] <= at && steps < 8; ++steps) ++row;
      if (column.ends[row] <= at) {
        row = static_cast<std::size_t>(std::upper_bound(column.ends.begin() + static_cast<std::ptrdiff_t>(row),
                                                        column.ends.end(), at) - column.ends.begin());
      }
    }
    if (at + searcher.needle().size() <= column.ends[row]) {
      hit[row] = 1;
      from = column.ends[row];  // one hit per row is enough
    } else {
      from = at + 1;
    }
  }
}

void select_strings(const std::vector<Searcher>& searchers, bool wanted, const StringColumn& column,
                    std::vector<std::uint32_t>& rows) {
  if (rows.size() < column.size() / kSparse) {
    std::erase_if(rows, [&](std::uint32_t row) { return contains_any(searchers, column[row]) != wanted; });
    return;
  }
  std::vector<std::uint8_t> hit(column.size());
  for (const Searcher& searcher : searchers) mark_hits(searcher, column, hit);
  std::erase_if(rows, [&](std::uint32_t row) { return (hit[row] != 0) != wanted; });
}

void select_codes(const std::vector<Searcher>& searchers, bool wanted, const DictionaryColumn& column,
                  std::vector<std::uint32_t>& rows) {
  if (rows.size() < column.dictionary.size()) {
    std::erase_if(rows, [&](std::uint32_t row) { return contains_any(searchers, column[row]) != wanted; });
    return;
  }
  std::vector<std::uint8_t> pass(column.dictionary.size());
  for (std::size_t code = 0; code < pass.size(); ++code)
    pass[code] = contains_any(searchers, column.dictionary[code]) == wanted;
  std::erase_if(rows, [&](std::uint32_t row) { return pass[column.codes[row]] == 0; });
}

}  // namespace

void select_rows(const Predicate& predicate, const Column& column, std::vector<std::uint32_t>& rows) {
  const bool wanted = predicate.op == Predicate::Op::kContainsAny;
  const bool everywhere =
      std::any_of(predicate.needles.begin(), predicate.needles.end(), [](const std::string& n) { return n.empty(); });
  if (everywhere || predicate.needles.empty()) {  // all rows have a hit, or none
    if (everywhere != wanted) rows.clear();
    return;
  }
  const std::vector<Searcher> searchers(predicate.needles.begin(), predicate.needles.end());
  if (const auto* strings = std::get_if<StringColumn>(&column.values())) {
    select_strings(searchers, wanted, *strings, rows);
  } else {
    select_codes(searchers, wanted, std::get<DictionaryColumn>(column.values()), rows);
  }
}

}  // namespace trilobite
