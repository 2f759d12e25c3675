#include "logs/stage_extract.h"

namespace trilobite::logql {

namespace {

// Puts a captured value under the name that is free for it. False: the row is refused.
bool put(Row& row, NameId id, std::string_view value) {
  const NameId target = row.target(id);
  return target == kNoName || row.put(target, json::valid_utf8(value, row.arena())) != Extracted::kDrop;
}

}  // namespace

Result<PatternFields> PatternFields::compile(const PatternStage& stage, LabelPlan& plan) {
  TRY(pattern, Pattern::compile_parser(stage.pattern));
  PatternFields out(std::move(pattern));
  for (const std::string& name : out.pattern_.names()) out.ids_.push_back(plan.id(name));
  return out;
}

bool PatternFields::run(Row& row, std::string_view& line, StageScratch& scratch) const {
  if (row.parse_nothing()) return true;
  pattern_.extract(line, scratch.values);
  for (std::size_t i = 0; i < scratch.values.size(); ++i) {
    if (!put(row, ids_[i], scratch.values[i])) return false;
  }
  return true;
}

Result<RegexpFields> RegexpFields::compile(const RegexpStage& stage, LabelPlan& plan) {
  TRY(names, capture_names(stage.regex));
  TRY(regex, Regex::compile(stage.regex, {}));
  RegexpFields out(std::move(regex));
  for (const auto& [group, name] : names) {
    std::string label;
    append_label_name(label, name, false);
    out.groups_.emplace_back(group, plan.id(label));
  }
  return out;
}

bool RegexpFields::run(Row& row, std::string_view& line, StageScratch& scratch) const {
  if (row.parse_nothing()) return true;
  scratch.values.resize(groups_.back().first + 1);
  if (!regex_.find(line, 0, scratch.values)) return true;
  for (const auto& [group, id] : groups_) {
    const std::string_view value = scratch.values[group];
    if (!put(row, id, value.data() == nullptr ? std::string_view("") : value)) return false;
  }
  return true;
}

}  // namespace trilobite::logql
