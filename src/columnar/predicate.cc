#include "columnar/predicate.h"

#include <algorithm>
#include <optional>

#include "columnar/fold_search.h"
#include "columnar/search.h"
#include "columnar/text_match.h"

namespace trilobite {
namespace {

using columnar::Searcher;

// One needle, with or without regard to case.
class Needle {
 public:
  Needle(const std::string& bytes, bool fold_case) {
    if (fold_case) {
      folded_.emplace(bytes);
    } else {
      exact_.emplace(bytes);
    }
  }

  bool occurs_in(std::string_view value) const {
    return folded_ ? folded_->occurs_in(value) : exact_->find(value) != std::string_view::npos;
  }
  // Marks the rows that have it.
  void mark(const StringColumn& column, std::vector<std::uint8_t>& hit) const {
    if (exact_) {
      columnar::for_each_row_with(*exact_, column, [&](std::size_t row) { hit[row] = 1; });
    } else {
      folded_->search(column).for_each([&](std::size_t row) { hit[row] = 1; });
    }
  }

 private:
  std::optional<Searcher> exact_;
  std::optional<columnar::FoldSearcher> folded_;
};

bool contains_any(const std::vector<Needle>& needles, std::string_view value) {
  return std::any_of(needles.begin(), needles.end(), [&](const Needle& needle) { return needle.occurs_in(value); });
}

// Below this share of rows a search through the whole buffer reads more than it saves.
constexpr std::size_t kSparse = 8;

void select_strings(const std::vector<Needle>& needles, bool wanted, const StringColumn& column,
                    std::vector<std::uint32_t>& rows) {
  if (rows.size() < column.size() / kSparse) {
    std::erase_if(rows, [&](std::uint32_t row) { return contains_any(needles, column[row]) != wanted; });
    return;
  }
  std::vector<std::uint8_t> hit(column.size());
  for (const Needle& needle : needles) needle.mark(column, hit);
  std::erase_if(rows, [&](std::uint32_t row) { return (hit[row] != 0) != wanted; });
}

void select_codes(const std::vector<Needle>& needles, bool wanted, const DictionaryColumn& column,
                  std::vector<std::uint32_t>& rows) {
  if (rows.size() < column.dictionary.size()) {
    std::erase_if(rows, [&](std::uint32_t row) { return contains_any(needles, column[row]) != wanted; });
    return;
  }
  std::vector<std::uint8_t> pass(column.dictionary.size());
  for (std::size_t code = 0; code < pass.size(); ++code)
    pass[code] = contains_any(needles, column.dictionary[code]) == wanted;
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
  std::vector<Needle> needles;
  for (const std::string& bytes : predicate.needles) needles.emplace_back(bytes, predicate.fold_case);
  if (const auto* strings = std::get_if<StringColumn>(&column.values())) {
    select_strings(needles, wanted, *strings, rows);
  } else {
    select_codes(needles, wanted, std::get<DictionaryColumn>(column.values()), rows);
  }
}

}  // namespace trilobite
