#include "columnar/text_match.h"

#include <algorithm>
#include <cstring>

namespace trilobite::columnar {
namespace {

// Below this share of rows a search through the whole buffer reads more than it saves.
constexpr std::size_t kSparse = 8;

bool equal(const TextMatch& test, std::string_view value) {
  if (!test.fold_ascii) return test.text == value;
  return std::equal(value.begin(), value.end(), test.text.begin(), test.text.end(),
                    [](char left, char right) { return lower_ascii(left) == right; });
}

PositionSet search_everywhere(const TextMatch& test, const StringColumn& values, const PositionSet& candidates) {
  PositionSet out = PositionSet::none(values.size());
  const auto visit = [&](std::size_t position) { out.add(position); };
  const Searcher searcher(test.text);
  if (test.fold_ascii) {
    for_each_row_with(searcher, {lower_ascii(values.bytes), values.ends}, visit);
  } else {
    for_each_row_with(searcher, values, visit);
  }
  out.intersect(candidates);
  return out;
}

}  // namespace

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower_ascii(c);
  return out;
}

bool holds(const TextMatch& test, std::string_view value) {
  const std::size_t size = test.text.size();
  if (value.size() < size) return false;
  switch (test.place) {
    case TextMatch::Place::kWhole: return value.size() == size && equal(test, value);
    case TextMatch::Place::kBegin: return equal(test, value.substr(0, size));
    case TextMatch::Place::kEnd: return equal(test, value.substr(value.size() - size));
    case TextMatch::Place::kAnywhere: break;
  }
  if (!test.fold_ascii) return value.find(test.text) != std::string_view::npos;
  return std::search(value.begin(), value.end(), test.text.begin(), test.text.end(),
                     [](char left, char right) { return lower_ascii(left) == right; }) != value.end() ||
         size == 0;
}

PositionSet search_strings(const TextMatch& test, const StringColumn& values, const PositionSet& candidates) {
  if (candidates.is_none() || test.trivial()) return candidates;
  if (test.place == TextMatch::Place::kAnywhere && candidates.count() >= values.size() / kSparse)
    return search_everywhere(test, values, candidates);
  return candidates.filtered([&](std::size_t position) { return holds(test, values[position]); });
}

}  // namespace trilobite::columnar
