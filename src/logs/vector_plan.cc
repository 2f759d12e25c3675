#include "logs/vector_plan.h"

#include <algorithm>

namespace trilobite::logql {
namespace {

class Planner {
 public:
  explicit Planner(const Pipeline::Plan& plan) : plan_(plan) { out_.name_of.resize(plan.labels.names.size()); }

  VectorPlan run(std::span<const CompiledStage* const> stages) {
    const bool all = take_stages(stages);
    const bool sample = plan_.kind == SampleKind::kOne || plan_.kind == SampleKind::kUnwrap;
    const bool grouped = plan_.group_mode == GroupMode::kNone || plan_.group_mode == GroupMode::kBy;
    out_.whole = all && sample && grouped;
    if (out_.whole) {
      if (plan_.unwrap) take_unwrap(*plan_.unwrap);
      for (const NameId id : plan_.group) out_.group.push_back(add(id));
    }
    if (out_.labels.size() > VectorPlan::kNamesMax) return {};
    return std::move(out_);
  }

 private:
  // False: there are stages that are not taken.
  bool take_stages(std::span<const CompiledStage* const> stages) {
    bool all = true, parsed = false;
    for (const CompiledStage* stage : stages) {
      if (std::holds_alternative<LineTest>(*stage)) {
        all = false;  // it only drops rows: what comes behind can be looked at all the same
      } else if (const auto* test = std::get_if<LabelTest>(stage)) {
        take_test(*test, parsed);
      } else {
        const FieldParser parser = field_parser_of(*stage);
        if (parser == FieldParser::kNone || parsed) return false;
        parsed = true;
        if (plan_.labels.none_wanted) continue;
        out_.parser = parser;
        if (const auto* fields = std::get_if<PatternFields>(stage)) out_.pattern = &fields->pattern();
      }
    }
    return all;
  }

  void take_test(const LabelTest& test, bool parsed) {
    std::vector<NameId> names;
    test.names(names);
    for (const NameId id : names) add(id);
    out_.tests.push_back({&test, parsed});
  }

  void take_unwrap(const CompiledUnwrap& unwrap) {
    out_.unwrap = &unwrap;
    add(unwrap.label);
    for (const LabelTest& test : unwrap.filters) {
      std::vector<NameId> names;
      test.names(names);
      for (const NameId id : names) add(id);
    }
  }

  VectorPlan::Name add(NameId id) { return out_.name_of[id] = add(plan_.labels.names[id]); }

  VectorPlan::Name add(const std::string& name) {
    if (const auto known = out_.find(name)) return *known;
    if (out_.labels.size() > VectorPlan::kNamesMax) return 0;  // too many anyway
    std::optional<VectorPlan::Name> plain;
    if (name.size() > kExtractedSuffix.size() && name.ends_with(kExtractedSuffix)) {
      plain = add(name.substr(0, name.size() - kExtractedSuffix.size()));
    }
    out_.labels.push_back({name, plain});
    return static_cast<VectorPlan::Name>(out_.labels.size() - 1);
  }

  const Pipeline::Plan& plan_;
  VectorPlan out_;
};

}  // namespace

std::optional<VectorPlan::Name> VectorPlan::find(std::string_view name) const {
  const auto found = std::find_if(labels.begin(), labels.end(), [&](const Label& label) { return label.name == name; });
  if (found == labels.end()) return std::nullopt;
  return static_cast<Name>(found - labels.begin());
}

VectorPlan make_vector_plan(const Pipeline::Plan& plan, std::span<const CompiledStage* const> stages) {
  return Planner(plan).run(stages);
}

}  // namespace trilobite::logql
