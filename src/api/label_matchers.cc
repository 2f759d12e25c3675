#include "api/label_matchers.h"

#include <re2/re2.h>

namespace trilobite::api {

struct LabelMatchers::Compiled {
  Matcher matcher;
  std::unique_ptr<re2::RE2> regex;

  bool match(std::string_view value) const {
    switch (matcher.op) {
      case MatchOp::kEqual: return value == matcher.value;
      case MatchOp::kNotEqual: return value != matcher.value;
      case MatchOp::kRegex: return full_match(value);
      case MatchOp::kNotRegex: return !full_match(value);
    }
    return false;
  }
  bool full_match(std::string_view value) const {
    return re2::RE2::FullMatch(re2::StringPiece(value.data(), value.size()), *regex);
  }
};

LabelMatchers::LabelMatchers(const std::vector<Matcher>& matchers) {
  for (const Matcher& matcher : matchers) {
    Compiled compiled{matcher, nullptr};
    if (matcher.op == MatchOp::kRegex || matcher.op == MatchOp::kNotRegex) {
      re2::RE2::Options options;
      options.set_dot_nl(true);
      options.set_log_errors(false);
      compiled.regex = std::make_unique<re2::RE2>(matcher.value, options);
    }
    all_.push_back(std::move(compiled));
  }
}
LabelMatchers::~LabelMatchers() = default;
LabelMatchers::LabelMatchers(LabelMatchers&&) noexcept = default;

bool LabelMatchers::match(const LabelSet& labels) const {
  for (const Compiled& compiled : all_) {
    if (!compiled.match(labels.get(compiled.matcher.name))) return false;
  }
  return true;
}

}  // namespace trilobite::api
