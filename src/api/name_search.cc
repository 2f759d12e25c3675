#include "api/name_search.h"

#include <algorithm>

#include "logs/text.h"

namespace trilobite::api {
namespace {

constexpr double kContained = 0.9;  // behind the begin

void decode(std::string_view text, bool keep_case, std::u32string& out) {
  out.clear();
  while (!text.empty()) {
    const logql::Rune rune = logql::decode_rune(text);
    const bool capital = rune.code >= U'A' && rune.code <= U'Z';
    out.push_back(capital && !keep_case ? rune.code + (U'a' - U'A') : rune.code);
    text.remove_prefix(rune.length);
  }
}

// The raw score of the greedy match that begins at `at`, where the first character is; nothing if it cannot be ended.
std::optional<double> score_from(std::u32string_view term, std::u32string_view name, std::size_t at) {
  const double share = 1.0 / static_cast<double>(name.size());
  double score = 0;
  std::size_t end = 0;  // of the last run
  for (std::size_t matched = 0; matched < term.size();) {
    const std::size_t begin = matched == 0 ? at : name.find(term[matched], end);
    if (begin == std::u32string_view::npos) return std::nullopt;
    score -= static_cast<double>(begin - end) * share;
    end = begin;
    while (matched < term.size() && end < name.size() && name[end] == term[matched]) ++end, ++matched;
    const auto run = static_cast<double>(end - begin);
    score += run * run;
  }
  return score - static_cast<double>(name.size() - end) * share / 2;
}

}  // namespace

double subsequence_score(std::u32string_view term, std::u32string_view name) {
  if (term == name) return 1;
  if (term.empty() || term.size() > name.size()) return term.empty() ? 1 : 0;
  double best = 0;
  for (std::size_t at = name.find(term[0]); at != std::u32string_view::npos; at = name.find(term[0], at + 1)) {
    const std::optional<double> score = score_from(term, name, at);
    if (!score) break;  // what is further right has still less
    best = std::max(best, *score);
  }
  const auto whole = static_cast<double>(term.size());
  return best / (whole * whole);
}

double jaro_winkler_score(std::u32string_view a, std::u32string_view b) {
  if (a.empty() || b.empty()) return a == b ? 1 : 0;
  constexpr std::size_t kPrefixMax = 4;
  constexpr double kPrefixWeight = 0.1;
  const std::size_t longest = std::max(a.size(), b.size());
  const std::size_t window = longest / 2 > 0 ? longest / 2 - 1 : 0;
  std::vector<bool> taken(b.size());
  std::u32string of_a, of_b;  // the characters that have a partner
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::size_t end = std::min(b.size(), i + window + 1);
    for (std::size_t j = i > window ? i - window : 0; j < end; ++j) {
      if (taken[j] || a[i] != b[j]) continue;
      taken[j] = true;
      of_a.push_back(a[i]);
      break;
    }
  }
  if (of_a.empty()) return 0;
  for (std::size_t j = 0; j < b.size(); ++j) {
    if (taken[j]) of_b.push_back(b[j]);
  }
  std::size_t moved = 0;
  for (std::size_t i = 0; i < of_a.size(); ++i) moved += of_a[i] != of_b[i];
  const auto matches = static_cast<double>(of_a.size());
  const double jaro = (matches / static_cast<double>(a.size()) + matches / static_cast<double>(b.size()) +
                       (matches - static_cast<double>(moved / 2)) / matches) /
                      3;
  std::size_t prefix = 0;
  while (prefix < std::min({kPrefixMax, a.size(), b.size()}) && a[prefix] == b[prefix]) ++prefix;
  return jaro + static_cast<double>(prefix) * kPrefixWeight * (1 - jaro);
}

NameSearch::NameSearch(const std::vector<std::string_view>& terms, NameSearchOptions options) : options_(options) {
  for (const std::string_view term : terms) decode(term, options.case_sensitive, terms_.emplace_back());
}

std::optional<double> NameSearch::score_of(const std::u32string& term) const {
  if (name_.starts_with(term)) return 1;
  if (options_.match == FuzzyMatch::kSubsequence) {
    const double score = subsequence_score(term, name_);
    return score > 0 && score >= options_.threshold ? std::optional(score) : std::nullopt;
  }
  if (name_.find(term) != std::u32string::npos) return kContained;
  if (options_.threshold <= 0) return std::nullopt;
  const double score = jaro_winkler_score(term, name_);
  return score >= options_.threshold ? std::optional(score) : std::nullopt;
}

std::optional<double> NameSearch::score(std::string_view name) {
  if (terms_.empty()) return 1;
  decode(name, options_.case_sensitive, name_);
  std::optional<double> best;
  for (const std::u32string& term : terms_) {
    if (const std::optional<double> score = score_of(term); score && (!best || *score > *best)) best = score;
  }
  return best;
}

}  // namespace trilobite::api
