#include "logs/regex.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace trilobite::logql {

struct Regex::Compiled {
  explicit Compiled(std::string_view pattern, const re2::RE2::Options& options)
      : re(re2::StringPiece(pattern.data(), pattern.size()), options) {}
  re2::RE2 re;
  bool anchored = false;
};

namespace {

// RE2's words for an error, and Go's.
constexpr std::array<std::pair<re2::RE2::ErrorCode, std::string_view>, 12> kErrors{{
    {re2::RE2::ErrorBadEscape, "invalid escape sequence"},
    {re2::RE2::ErrorBadCharClass, "invalid character class"},
    {re2::RE2::ErrorBadCharRange, "invalid character class range"},
    {re2::RE2::ErrorMissingBracket, "missing closing ]"},
    {re2::RE2::ErrorMissingParen, "missing closing )"},
    {re2::RE2::ErrorTrailingBackslash, "trailing backslash at end of expression"},
    {re2::RE2::ErrorRepeatArgument, "missing argument to repetition operator"},
    {re2::RE2::ErrorRepeatSize, "invalid repeat count"},
    {re2::RE2::ErrorRepeatOp, "invalid nested repetition operator"},
    {re2::RE2::ErrorBadPerlOp, "invalid or unsupported Perl syntax"},
    {re2::RE2::ErrorBadUTF8, "invalid UTF-8"},
    {re2::RE2::ErrorBadNamedCapture, "invalid named capture"},
}};

re2::RE2::Options options_of(bool anchored) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_dot_nl(anchored);
  options.set_max_mem(16 << 20);
  return options;
}

// The longest run of plain characters that every match of one alternative contains; "" where none is sure. Only the top
// level is read: anything inside parentheses or classes, and characters that a quantifier may drop, ends a run.
std::string longest_literal(std::string_view pattern) {
  std::string best, run;
  const auto end_run = [&] {
    if (run.size() > best.size()) best = run;
    run.clear();
  };
  int depth = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    bool plain = std::string_view(".^$*+?{}()[]|").find(c) == std::string_view::npos;
    if (c == '\\' && i + 1 < pattern.size()) {
      c = pattern[++i];
      // Escapes with an argument (\\x41, \\p{L}, \\012) are not worth reading.
      if (c == 'x' || c == 'p' || c == 'P' || (c >= '0' && c <= '9')) return "";
      plain = std::ispunct(static_cast<unsigned char>(c)) != 0;
    }
    if (c == '[' && !plain) {  // skip the class; "]" right after "[" or "[^" is a member
      i += i + 1 < pattern.size() && pattern[i + 1] == '^' ? 2 : 1;
      for (bool first = true; i < pattern.size() && (first || pattern[i] != ']'); first = false, ++i) {
        if (pattern[i] == '\\') ++i;
        if (pattern.substr(i, 2) == "[:") return "";  // a class by name: rare, not worth reading
      }
      end_run();
    } else if (c == '(' && !plain) {
      ++depth;
      end_run();
    } else if (c == ')' && !plain) {
      --depth;
      end_run();
    } else if (!plain) {
      if ((c == '*' || c == '?' || c == '{') && !run.empty()) {
        // The quantifier may drop the last character; of a multi-byte one, all bytes.
        while (run.size() > 1 && (static_cast<unsigned char>(run.back()) & 0xC0) == 0x80) run.pop_back();
        run.pop_back();
      }
      end_run();
      if (c == '{') {
        const std::size_t close = pattern.find('}', i);
        if (close == std::string_view::npos) return "";
        i = close;
      }
    } else if (depth == 0) {
      run.push_back(c);
    }
  }
  end_run();
  return best;
}

std::vector<std::string> alternatives_of(std::string_view pattern) {
  // Flags such as (?i) change what plain characters mean, \\Q..\\E quotes: leave those alone.
  if (pattern.find("(?") != std::string_view::npos) {
    for (std::size_t at = pattern.find("(?"); at != std::string_view::npos; at = pattern.find("(?", at + 1)) {
      const std::string_view next = pattern.substr(at + 2, 2);
      if (next.substr(0, 1) != ":" && next != "P<") return {};
    }
  }
  if (pattern.find("\\Q") != std::string_view::npos || pattern.find("\\C") != std::string_view::npos) return {};
  std::vector<std::string> out;
  std::size_t start = 0;
  int depth = 0;
  bool in_class = false;
  for (std::size_t i = 0; i <= pattern.size(); ++i) {
    const char c = i < pattern.size() ? pattern[i] : '|';
    if (i < pattern.size() && c == '\\') {
      ++i;
      continue;
    }
    if (in_class) {
      in_class = c != ']';
      if (i < pattern.size()) continue;
    }
    if (c == '[') {
      in_class = true;
      if (i + 1 < pattern.size() && pattern[i + 1] == '^') ++i;
      if (i + 1 < pattern.size() && pattern[i + 1] == ']') ++i;
      continue;
    }
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c != '|' || (depth != 0 && i < pattern.size())) continue;
    std::string literal = longest_literal(pattern.substr(start, i - start));
    if (literal.size() < 2) return {};
    out.push_back(std::move(literal));
    start = i + 1;
  }
  return out;
}

}  // namespace

Result<Regex> Regex::compile(std::string_view pattern, const RegexOptions& options) {
  auto compiled = std::make_shared<Compiled>(pattern, options_of(options.anchored));
  compiled->anchored = options.anchored;
  if (!compiled->re.ok()) {
    std::string_view text = compiled->re.error();
    for (const auto& [code, words] : kErrors) {
      if (code == compiled->re.error_code()) text = words;
    }
    // Go shows the whole expression where a parenthesis is missing, RE2 only what it had left.
    const bool whole = compiled->re.error_code() == re2::RE2::ErrorMissingParen;
    return error(Code::kInvalid, "error parsing regexp: {}: `{}`", text,
                 whole ? std::string(pattern) : compiled->re.error_arg());
  }
  return Regex(std::move(compiled));
}

bool Regex::matches(std::string_view text) const {
  const re2::StringPiece piece(text.data(), text.size());
  return compiled_->re.Match(piece, 0, text.size(), compiled_->anchored ? re2::RE2::ANCHOR_BOTH : re2::RE2::UNANCHORED,
                             nullptr, 0);
}

std::size_t Regex::groups() const { return static_cast<std::size_t>(compiled_->re.NumberOfCapturingGroups()); }

bool Regex::find(std::string_view text, std::size_t from, std::span<std::string_view> out) const {
  constexpr std::size_t kGroupsMax = 64;
  std::array<re2::StringPiece, kGroupsMax> few;
  std::vector<re2::StringPiece> many;
  re2::StringPiece* groups = few.data();
  if (out.size() > few.size()) {
    many.resize(out.size());
    groups = many.data();
  }
  const re2::StringPiece piece(text.data(), text.size());
  if (!compiled_->re.Match(piece, from, text.size(), compiled_->anchored ? re2::RE2::ANCHOR_BOTH : re2::RE2::UNANCHORED,
                           groups, static_cast<int>(out.size()))) {
    return false;
  }
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = {groups[i].data(), groups[i].size()};
  return true;
}

std::vector<std::string> Regex::group_names() const {
  std::vector<std::string> out(groups());
  for (const auto& [number, name] : compiled_->re.CapturingGroupNames())
    out[static_cast<std::size_t>(number) - 1] = name;
  return out;
}

std::optional<std::vector<std::string>> Regex::literal_alternatives() const {
  const std::string_view pattern = compiled_->re.pattern();
  if (pattern.find_first_of("\\.^$*+?{}()[]") != std::string_view::npos) return std::nullopt;
  std::vector<std::string> out;
  for (std::size_t start = 0; start <= pattern.size();) {
    const std::size_t end = std::min(pattern.find('|', start), pattern.size());
    out.emplace_back(pattern.substr(start, end - start));
    start = end + 1;
  }
  return out;
}

std::vector<std::string> Regex::required_literals() const {
  return alternatives_of(compiled_->re.pattern());
}

Result<std::vector<std::pair<std::size_t, std::string>>> capture_names(std::string_view pattern) {
  TRY(regex, Regex::compile(pattern, {}));
  std::vector<std::pair<std::size_t, std::string>> out;
  const std::vector<std::string> names = regex.group_names();
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) continue;
    const auto same = [&](const auto& entry) { return entry.second == names[i]; };
    if (std::any_of(out.begin(), out.end(), same))
      return error(Code::kInvalid, "duplicate extracted label name '{}'", names[i]);
    out.emplace_back(i + 1, names[i]);
  }
  if (out.empty()) return error(Code::kInvalid, "at least one named capture must be supplied");
  return out;
}

}  // namespace trilobite::logql
