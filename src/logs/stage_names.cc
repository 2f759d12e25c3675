#include "logs/stage_names.h"

namespace trilobite::logql {

Result<NameTests> NameTests::compile(const std::vector<NameOrMatcher>& labels, LabelPlan& plan) {
  NameTests out;
  for (const NameOrMatcher& label : labels) {
    Test test;
    test.id = plan.id(label.name);
    if (label.matcher) {
      test.always = false;
      test.op = label.matcher->op;
      test.value = label.matcher->value;
      if (test.op == MatchOp::kRegex || test.op == MatchOp::kNotRegex) {
        TRY(regex, Regex::compile(test.value, {.anchored = true}));
        test.regex = std::move(regex);
      }
    }
    out.tests_.push_back(std::move(test));
  }
  return out;
}

bool NameTests::Test::holds(std::string_view text) const {
  if (always) return true;
  switch (op) {
    case MatchOp::kEqual: return text == value;
    case MatchOp::kNotEqual: return text != value;
    case MatchOp::kRegex: return regex->matches(text);
    case MatchOp::kNotRegex: return !regex->matches(text);
  }
  return false;
}

bool Drop::run(Row& row, std::string_view& /*line*/, StageScratch& /*scratch*/) const {
  for (const NameTests::Test& test : tests_.tests()) {
    const std::string_view name = row.name(test.id);
    if (name == kErrorLabel) {  // the row's error; a field that is called so stays
      if (test.holds(row.error())) row.clear_error();
    } else if (name == kErrorDetailsLabel) {
      if (test.holds(row.error_details())) row.clear_error_details();
    } else if (const Row::Found found = row.find(test.id); found.present && test.holds(found.value)) {
      row.remove(test.id);
    }
  }
  return true;
}

bool Keep::run(Row& row, std::string_view& /*line*/, StageScratch& scratch) const {
  scratch.pairs.clear();
  row.for_each([&](NameId id, std::string_view value, LabelCategory) {
    const std::string_view name = row.name(id);
    if (name == kErrorLabel || name == kErrorDetailsLabel) return;
    for (const NameTests::Test& test : tests_.tests()) {
      if (test.id == id && test.holds(value)) return;
    }
    scratch.pairs.emplace_back(id, value);
  });
  for (const auto& [id, value] : scratch.pairs) row.remove(id);
  return true;
}

}  // namespace trilobite::logql
