#include "columnar/fold_search.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <vector>

namespace trilobite::columnar {
namespace {

// The letters beyond ASCII that fold to one of it: the long s and the Kelvin sign.
constexpr std::string_view kLongS = "\xC5\xBF";
constexpr std::string_view kKelvin = "\xE2\x84\xAA";

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// Letters that some text may hold in place of a letter of the (lowered) needle.
std::vector<std::string_view> other_letters(std::string_view lowered) {
  std::vector<std::string_view> out;
  if (lowered.find('s') != std::string_view::npos) out.push_back(kLongS);
  if (lowered.find('k') != std::string_view::npos) out.push_back(kKelvin);
  return out;
}

// The longest stretch of ASCII: a text without it has no needle.
std::string_view longest_ascii(std::string_view needle) {
  std::string_view best;
  for (std::size_t begin = 0; begin < needle.size();) {
    std::size_t end = begin;
    while (end < needle.size() && static_cast<unsigned char>(needle[end]) < 0x80) ++end;
    if (end - begin > best.size()) best = needle.substr(begin, end - begin);
    begin = end + 1;
  }
  return best;
}

Result<PositionSet> search_each(const Templates& lines, const FoldSearcher& searcher, const PositionSet& candidates) {
  PositionSet out = PositionSet::none(lines.rows());
  std::string line;
  Result<void> status;
  candidates.for_each([&](std::size_t row) {
    if (!status.ok()) return;
    line.clear();
    status = lines.append(row, line);
    if (status.ok() && searcher.occurs_in(line)) out.add(row);
  });
  TRY_VOID(status);
  return out;
}

// For a needle of ASCII: columns settle all lines but those with other letters.
Result<PositionSet> search_ascii(const Templates& lines, std::string_view needle, const PositionSet& candidates) {
  const std::string lowered = lower_ascii(needle);
  TRY(found, search_templates(lines, {.text = lowered, .fold_ascii = true}, candidates));
  PositionSet left = candidates;
  left.subtract(found);
  PositionSet unsettled = PositionSet::none(lines.rows());
  for (const std::string_view letter : other_letters(lowered)) {
    TRY(with, search_templates(lines, {.text = letter}, left));
    unsettled.unite(with);
  }
  TRY(more, search_each(lines, FoldSearcher(needle), unsettled));
  PositionSet out = std::move(found);
  out.unite(more);
  return out;
}

}  // namespace

struct FoldSearcher::Regex {
  Regex(std::string_view needle, const RE2::Options& options)
      : regex(re2::StringPiece(needle.data(), needle.size()), options) {}
  RE2 regex;
};

FoldSearcher::FoldSearcher(std::string_view needle) : lowered_(lower_ascii(needle)) {
  exact_ = is_ascii(needle);
  other_cases_ = exact_ && !other_letters(lowered_).empty();
  if (exact_ && !other_cases_) return;
  RE2::Options options(RE2::Quiet);
  options.set_literal(true);
  options.set_case_sensitive(false);
  regex_ = std::make_unique<Regex>(needle, options);
  if (regex_->regex.ok()) return;
  regex_.reset();  // not UTF-8
  exact_ = true;
  other_cases_ = false;
}

FoldSearcher::~FoldSearcher() = default;
FoldSearcher::FoldSearcher(FoldSearcher&&) noexcept = default;

bool FoldSearcher::occurs_in(std::string_view text) const {
  if (exact_ && holds({.text = lowered_, .fold_ascii = true}, text)) return true;
  return regex_ && RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), regex_->regex);
}

PositionSet FoldSearcher::search(const StringColumn& column) const {
  const PositionSet all = PositionSet::all(column.size());
  if (!regex_) return search_strings({.text = lowered_, .fold_ascii = true}, column, all);
  return all.filtered([&](std::size_t row) { return occurs_in(column[row]); });
}

Result<PositionSet> search_lines_folded(const Templates& lines, std::string_view needle,
                                        const PositionSet& candidates) {
  if (is_ascii(needle)) return search_ascii(lines, needle, candidates);
  TRY(rows, search_ascii(lines, longest_ascii(needle), candidates));
  return search_each(lines, FoldSearcher(needle), rows);
}

Result<Verdict> foresee_lines_folded(const Templates& lines, std::string_view needle) {
  const std::string lowered = lower_ascii(longest_ascii(needle));
  TRY(verdict, foresee_templates(lines, {.text = lowered, .fold_ascii = true}));
  if (verdict == Verdict::kAlways) return is_ascii(needle) ? Verdict::kAlways : Verdict::kSome;
  if (verdict == Verdict::kSome) return Verdict::kSome;
  for (const std::string_view letter : other_letters(lowered)) {
    TRY(other, foresee_templates(lines, {.text = letter}));
    if (other != Verdict::kNever) return Verdict::kSome;
  }
  return Verdict::kNever;
}

}  // namespace trilobite::columnar
