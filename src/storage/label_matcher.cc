#include "storage/label_matcher.h"

#include <re2/re2.h>

#include <algorithm>

namespace trilobite::storage {
namespace {

constexpr std::size_t kAlternativesMax = 4096;
constexpr int kPrefixBytesMax = 64;

bool is_meta(char c) { return std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos; }

}  // namespace

std::optional<std::vector<std::string>> literal_alternatives(std::string_view regex) {
  if (regex.size() >= 2 && regex.front() == '(' && regex.back() == ')') {
    // One group around everything; a group inside is met below as a meta character.
    regex = regex.substr(1, regex.size() - 2);
    if (regex.starts_with("?:")) regex.remove_prefix(2);
  }
  std::vector<std::string> out(1);
  for (std::size_t i = 0; i < regex.size(); ++i) {
    const char c = regex[i];
    if (c == '|') {
      if (out.size() == kAlternativesMax) return std::nullopt;
      out.emplace_back();
    } else if (c == '\\') {
      // Only escapes that name the character itself; \d, \n and the like are for RE2.
      if (++i == regex.size() || (!is_meta(regex[i]) && regex[i] != '-' && regex[i] != '/')) return std::nullopt;
      out.back().push_back(regex[i]);
    } else if (is_meta(c)) {
      return std::nullopt;
    } else {
      out.back().push_back(c);
    }
  }
  return out;
}

struct LabelMatcher::Pattern {
  explicit Pattern(const std::string& text, const RE2::Options& options) : regex(text, options) {}
  RE2 regex;
  enum class Shape : std::uint8_t { kOther, kAnything, kSomething } shape = Shape::kOther;  // .*, .+
  std::string from, to;  // what matches lies between; `to` is empty when there is no bound
};

LabelMatcher::LabelMatcher() = default;
LabelMatcher::LabelMatcher(LabelMatcher&&) noexcept = default;
LabelMatcher& LabelMatcher::operator=(LabelMatcher&&) noexcept = default;
LabelMatcher::~LabelMatcher() = default;

Result<LabelMatcher> LabelMatcher::compile(const Matcher& matcher) {
  LabelMatcher out;
  out.name_ = matcher.name;
  out.negated_ = matcher.op == MatchOp::kNotEqual || matcher.op == MatchOp::kNotRegex;
  if (matcher.op == MatchOp::kEqual || matcher.op == MatchOp::kNotEqual) {
    out.literals_.emplace(1, matcher.value);
    return out;
  }
  out.literals_ = literal_alternatives(matcher.value);
  if (out.literals_) return out;

  RE2::Options options(RE2::Quiet);
  options.set_dot_nl(true);
  out.pattern_ = std::make_unique<Pattern>(matcher.value, options);
  if (!out.pattern_->regex.ok()) {
    return error(Code::kInvalid, "cannot parse the regex {} of label {}: {}", matcher.value, matcher.name,
                 out.pattern_->regex.error());
  }
  if (matcher.value == ".*") out.pattern_->shape = Pattern::Shape::kAnything;
  if (matcher.value == ".+") out.pattern_->shape = Pattern::Shape::kSomething;
  // Bounds hold for a match that begins where the value does. The function asks for an anchored pattern.
  const RE2 anchored("^(?:" + matcher.value + ")", options);
  if (anchored.ok() && !anchored.PossibleMatchRange(&out.pattern_->from, &out.pattern_->to, kPrefixBytesMax)) {
    out.pattern_->from.clear();
    out.pattern_->to.clear();
  }
  return out;
}

bool LabelMatcher::positive(std::string_view value) const {
  if (literals_) return std::find(literals_->begin(), literals_->end(), value) != literals_->end();
  if (pattern_->shape == Pattern::Shape::kAnything) return true;
  if (pattern_->shape == Pattern::Shape::kSomething) return !value.empty();
  return RE2::FullMatch(re2::StringPiece(value.data(), value.size()), pattern_->regex);
}

bool LabelMatcher::matches(std::string_view value) const { return positive(value) != negated_; }

SeriesSet LabelMatcher::select(const Postings& postings) const {
  // A matcher that accepts "" is everything less the values it refuses, any other is the values it accepts. Either way
  // only series that have the label are looked up.
  const bool accepts_empty = matches({});
  const bool looking_for = accepts_empty == negated_;  // the outcome of positive() for the values to look up
  SeriesSet found;
  if (literals_ && looking_for) {
    for (const std::string& literal : *literals_) postings.add(name_, literal, found);
  } else if (pattern_ && looking_for) {
    postings.add_if(
        name_, pattern_->from, pattern_->to, [this](std::string_view value) { return positive(value); }, found);
  } else {
    postings.add_if(name_, {}, {}, [this](std::string_view value) { return !positive(value); }, found);
  }
  if (!accepts_empty) return found;
  SeriesSet all;
  all.addRange(0, postings.series());
  all -= found;
  return all;
}

Result<std::vector<LabelMatcher>> compile_matchers(const std::vector<Matcher>& matchers) {
  std::vector<LabelMatcher> out;
  for (const Matcher& matcher : matchers) {
    TRY(compiled, LabelMatcher::compile(matcher));
    out.push_back(std::move(compiled));
  }
  return out;
}

SeriesSet select_series(const Postings& postings, const std::vector<LabelMatcher>& matchers) {
  SeriesSet out;
  out.addRange(0, postings.series());
  for (const LabelMatcher& matcher : matchers) {
    if (out.isEmpty()) break;
    out &= matcher.select(postings);
  }
  return out;
}

}  // namespace trilobite::storage
