#include "agent/glob.h"

#include <algorithm>
#include <set>

namespace trilobite::agent {
namespace {

constexpr std::size_t kAlternativesMax = 1024;

// Finds the brace that closes the one at `open`, and the commas of its level.
bool find_brace(std::string_view text, std::size_t open, std::vector<std::size_t>& cuts) {
  int depth = 0;
  bool in_class = false;
  for (std::size_t i = open; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      ++i;
    } else if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
    } else if (c == '{') {
      if (depth++ == 0) cuts.push_back(i);
    } else if (c == ',' && depth == 1) {
      cuts.push_back(i);
    } else if (c == '}' && --depth == 0) {
      cuts.push_back(i);
      return true;
    }
  }
  return false;
}

Result<void> expand_braces(std::string_view pattern, std::size_t from, std::vector<std::string>& out) {
  bool in_class = false;
  for (std::size_t i = from; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      ++i;
      continue;
    }
    if (in_class) {
      in_class = pattern[i] != ']';
      continue;
    }
    if (pattern[i] == '[') in_class = true;
    if (pattern[i] != '{') continue;
    std::vector<std::size_t> cuts;
    if (!find_brace(pattern, i, cuts))
      return error(Code::kInvalid, "cannot parse glob {}: '{{' is not closed", pattern);
    for (std::size_t k = 0; k + 1 < cuts.size(); ++k) {
      std::string variant(pattern.substr(0, i));
      variant += pattern.substr(cuts[k] + 1, cuts[k + 1] - cuts[k] - 1);
      variant += pattern.substr(cuts.back() + 1);
      TRY_VOID(expand_braces(variant, i, out));
    }
    return {};
  }
  if (out.size() >= kAlternativesMax) {
    return error(Code::kLimit, "cannot parse glob: more than {} alternatives in braces", kAlternativesMax);
  }
  out.emplace_back(pattern);
  return {};
}

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  while (begin <= path.size()) {
    const std::size_t slash = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, slash - begin);
    // An absolute path starts with an empty part, which must stay; other empty parts and "." mean nothing.
    if (begin == 0 ? part != "." : !part.empty() && part != ".") out.emplace_back(part);
    begin = slash + 1;
  }
  return out;
}

bool has_wildcard(std::string_view part) { return part.find_first_of("*?[\\") != std::string_view::npos; }

Result<void> check_classes(std::string_view pattern) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      if (i + 1 == pattern.size()) return error(Code::kInvalid, "cannot parse glob {}: '\\' at the end", pattern);
      ++i;
    } else if (pattern[i] == '[') {
      const std::size_t first = i + 1 + (i + 1 < pattern.size() && (pattern[i + 1] == '^' || pattern[i + 1] == '!'));
      const std::size_t close = pattern.find(']', first + 1);
      if (close == std::string_view::npos || pattern.substr(i, close - i).find('/') != std::string_view::npos) {
        return error(Code::kInvalid, "cannot parse glob {}: '[' is not closed", pattern);
      }
      i = close;
    }
  }
  return {};
}

// Matches the class that starts at pattern[at] == '['; moves `at` behind it.
bool match_class(std::string_view pattern, std::size_t& at, char c) {
  std::size_t i = at + 1;
  const bool negated = pattern[i] == '^' || pattern[i] == '!';
  if (negated) ++i;
  bool found = false;
  const std::size_t first = i;
  while (i < pattern.size() && (pattern[i] != ']' || i == first)) {
    char low = pattern[i];
    if (low == '\\' && i + 1 < pattern.size()) low = pattern[++i];
    char high = low;
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      high = pattern[i + 2];
      i += 2;
    }
    found |= static_cast<unsigned char>(low) <= static_cast<unsigned char>(c) &&
             static_cast<unsigned char>(c) <= static_cast<unsigned char>(high);
    ++i;
  }
  at = i + 1;
  return found != negated;
}

// One part of a path, without '/'. Only the last '*' has to be tried again, so the time is O(pattern * text).
bool match_part(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0;
  std::size_t star = std::string_view::npos, star_text = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
      continue;
    }
    bool ok = false;
    if (p < pattern.size()) {
      if (pattern[p] == '?') {
        ok = true;
        ++p;
      } else if (pattern[p] == '[') {
        ok = match_class(pattern, p, text[t]);
      } else {
        if (pattern[p] == '\\' && p + 1 < pattern.size()) ++p;
        ok = pattern[p] == text[t];
        ++p;
      }
    }
    if (ok) {
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

// `prefix`: whether a match of the whole text against a beginning of the pattern is enough.
// A row of a table: reach[p] says whether pattern parts [0, p) can match the text parts seen so far.
bool match_segments(const std::vector<std::string>& pattern, const std::vector<std::string>& text, bool prefix) {
  std::vector<char> reach(pattern.size() + 1, 0);
  const auto skip_stars = [&] {
    for (std::size_t p = 0; p < pattern.size(); ++p) {
      if (reach[p] && pattern[p] == "**") reach[p + 1] = 1;
    }
  };
  reach[0] = 1;
  skip_stars();
  for (const std::string& part : text) {
    std::vector<char> next(pattern.size() + 1, 0);
    for (std::size_t p = 0; p < pattern.size(); ++p) {
      if (!reach[p]) continue;
      if (pattern[p] == "**") {
        next[p] = 1;
      } else if (match_part(pattern[p], part)) {
        next[p + 1] = 1;
      }
    }
    reach = std::move(next);
    skip_stars();
  }
  if (!prefix) return reach[pattern.size()] != 0;
  return std::any_of(reach.begin(), reach.end() - 1, [](char r) { return r != 0; });
}

}  // namespace

Result<Glob> Glob::parse(std::string_view pattern) {
  if (pattern.empty()) return error(Code::kInvalid, "cannot parse glob: it is empty");
  TRY_VOID(check_classes(pattern));
  std::vector<std::string> variants;
  TRY_VOID(expand_braces(pattern, 0, variants));
  Glob out;
  out.pattern_ = pattern;
  for (const std::string& variant : variants) out.alternatives_.push_back(split_path(variant));
  return out;
}

bool Glob::matches(std::string_view path) const {
  const Segments parts = split_path(path);
  return std::any_of(alternatives_.begin(), alternatives_.end(),
                     [&](const Segments& pattern) { return match_segments(pattern, parts, false); });
}

bool Glob::may_match_below(std::string_view folder) const {
  const Segments parts = split_path(folder == "/" ? "" : folder);
  return std::any_of(alternatives_.begin(), alternatives_.end(),
                     [&](const Segments& pattern) { return match_segments(pattern, parts, true); });
}

std::vector<std::string> Glob::roots() const {
  std::set<std::string> out;
  for (const Segments& pattern : alternatives_) {
    std::string root;
    // The last part is a file's name, so it is never part of the folder.
    for (std::size_t i = 0; i + 1 < pattern.size() && !has_wildcard(pattern[i]); ++i) {
      if (i > 0) root += '/';
      root += pattern[i];
    }
    const bool absolute = !pattern.empty() && pattern[0].empty();
    if (root.empty()) root = absolute ? "/" : ".";
    out.insert(root);
  }
  return {out.begin(), out.end()};
}

}  // namespace trilobite::agent
