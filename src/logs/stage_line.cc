#include "logs/stage_line.h"

#include <string.h>

#include <algorithm>

namespace trilobite::logql {

bool contains(std::string_view text, std::string_view needle) {
  return needle.empty() || memmem(text.data(), text.size(), needle.data(), needle.size()) != nullptr;
}

Result<LineTest> LineTest::compile(const LineFilter& filter) {
  using Op = LineFilter::Op;
  LineTest out;
  out.negative_ = filter.op == Op::kNotContains || filter.op == Op::kNotRegex || filter.op == Op::kNotPattern;
  for (const LineFilter::Operand& operand : filter.operands) {
    if (operand.ip) {
      if (filter.op != Op::kContains && filter.op != Op::kNotContains)
        return error(Code::kInvalid, "ip: invalid operation");
      TRY(ip, IpFilter::compile(operand.text));
      out.ips_.push_back(ip);
    } else if (operand.fold_case) {
      if (filter.op != Op::kContains && filter.op != Op::kNotContains)
        return error(Code::kInvalid, "i\"text\" is for |= and != only");
      out.folded_.push_back(operand.text);
      out.fold_searchers_.push_back(std::make_shared<const columnar::FoldSearcher>(operand.text));
    } else if (filter.op == Op::kContains || filter.op == Op::kNotContains) {
      out.needles_.push_back(operand.text);
    } else if (filter.op == Op::kPattern || filter.op == Op::kNotPattern) {
      TRY(pattern, Pattern::compile_filter(operand.text));
      out.patterns_.push_back(std::move(pattern));
    } else {
      TRY(regex, Regex::compile(operand.text, {}));
      if (auto literals = regex.literal_alternatives()) {
        out.needles_.insert(out.needles_.end(), literals->begin(), literals->end());
      } else {
        std::vector<std::string> required = regex.required_literals();
        out.regexes_.push_back({std::move(regex), std::move(required)});
      }
    }
  }
  return out;
}

bool LineTest::passes(std::string_view line) const { return any(line) != negative_; }

bool LineTest::any(std::string_view line) const {
  for (const std::string& needle : needles_) {
    if (contains(line, needle)) return true;
  }
  for (const auto& searcher : fold_searchers_) {
    if (searcher->occurs_in(line)) return true;
  }
  for (const RegexTest& test : regexes_) {
    const auto occurs = [&](const std::string& literal) { return contains(line, literal); };
    if (!test.literals.empty() && std::none_of(test.literals.begin(), test.literals.end(), occurs)) continue;
    if (test.regex.matches(line)) return true;
  }
  for (const Pattern& pattern : patterns_) {
    if (pattern.test(line)) return true;
  }
  for (const IpFilter& ip : ips_) {
    if (ip.finds(line)) return true;
  }
  return false;
}

std::optional<Predicate> LineTest::predicate() const {
  Predicate out;
  out.column = kLineColumn;
  out.fold_case = needles_.empty() && !folded_.empty();
  out.needles = out.fold_case ? folded_ : needles_;
  if (negative_) {
    out.op = Predicate::Op::kContainsNone;  // of the other operands the store need not know
    if (out.needles.empty()) return std::nullopt;
    return out;
  }
  if (!ips_.empty()) return std::nullopt;
  // A predicate folds all of its needles or none; any of them folded finds what it finds as it is, and more.
  if (!folded_.empty() && !out.fold_case) {
    out.fold_case = true;
    out.needles.insert(out.needles.end(), folded_.begin(), folded_.end());
  }
  for (const RegexTest& test : regexes_) {
    if (test.literals.empty()) return std::nullopt;
    out.needles.insert(out.needles.end(), test.literals.begin(), test.literals.end());
  }
  for (const Pattern& pattern : patterns_) {
    const std::vector<std::string> literals = pattern.literals();
    if (literals.empty()) return std::nullopt;
    out.needles.push_back(*std::max_element(literals.begin(), literals.end(),
                                            [](const auto& a, const auto& b) { return a.size() < b.size(); }));
  }
  const auto everywhere = [](const std::string& needle) { return needle.empty(); };
  if (std::any_of(out.needles.begin(), out.needles.end(), everywhere)) return std::nullopt;
  return out;
}

}  // namespace trilobite::logql
