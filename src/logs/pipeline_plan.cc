#include "logs/pipeline_plan.h"

#include <algorithm>

#include "logs/text.h"

namespace trilobite::logql {

Result<void> Pipeline::Plan::add_stages(const std::vector<Stage>& list, TimeNs now) {
  for (const Stage& stage : reorder_stages(list)) {
    TRY(compiled, compile_stage(stage, labels, now));
    stages.push_back(std::move(compiled));
  }
  add_predicates();
  return {};
}

void Pipeline::Plan::add_predicates() {
  for (std::size_t i = 0; i < stages.size(); ++i) {
    if (std::holds_alternative<LineFormat>(stages[i]) || std::holds_alternative<Unpack>(stages[i]) ||
        std::holds_alternative<Decolorize>(stages[i])) {
      return;  // the line is another from here on
    }
    const auto* test = std::get_if<LineTest>(&stages[i]);
    if (test == nullptr) continue;
    if (auto predicate = test->predicate()) {
      predicates.push_back(std::move(*predicate));
      exact_stage.push_back(test->exact() ? i : kNoStage);
    }
  }
}

// Only filters in front of everything that changes labels or the error: what they refuse stays refused. A comparison of
// numbers passes once there is an error, so only the first one counts, and only where it stands alone. (An error
// further on in the line does not save the row then: Loki's rule.)
void Pipeline::Plan::add_early_tests() {
  bool first = true;
  for (const CompiledStage& stage : stages) {
    if (std::holds_alternative<LineFormat>(stage) || std::holds_alternative<LabelFormat>(stage) ||
        std::holds_alternative<Drop>(stage) || std::holds_alternative<Keep>(stage) ||
        std::holds_alternative<Unroll>(stage)) {
      return;
    }
    const auto* test = std::get_if<LabelTest>(&stage);
    if (test == nullptr) continue;
    std::vector<const LabelTest*> parts;
    test->conjuncts(parts);
    for (const LabelTest* part : parts) {
      if (part->is_string() || (part == test && first)) early.add(*part);
    }
    first = first && test->is_string();
  }
}

// Which labels parsers have to find.
void Pipeline::Plan::want() {
  std::vector<NameId> required;
  bool known = true;
  for (const CompiledStage& stage : stages) known = required_names(stage, labels, required) && known;
  if (unwrap) {
    required.push_back(unwrap->label);
    for (const LabelTest& test : unwrap->filters) test.names(required);
  }
  if (group_mode == GroupMode::kBy) required.insert(required.end(), group.begin(), group.end());
  const bool all = kind == SampleKind::kNone || group_mode == GroupMode::kAll || group_mode == GroupMode::kWithout;
  labels.all_wanted = all || !known;
  if (labels.all_wanted) return;
  labels.none_wanted = required.empty();
  needs_metadata = !required.empty();
  // A field that collides is extracted under NAME_extracted: to find it, parsers look for NAME as well.
  for (std::size_t i = 0; i < required.size(); ++i) {
    const std::string name = labels.names[required[i]];
    if (name.size() > kExtractedSuffix.size() &&
        std::string_view(name).substr(name.size() - kExtractedSuffix.size()) == kExtractedSuffix) {
      required.push_back(labels.id(name.substr(0, name.size() - kExtractedSuffix.size())));
    }
  }
  labels.wanted.resize(labels.names.size());
  for (const NameId id : required) labels.wanted[id] = true;
  labels.wanted_count = static_cast<std::size_t>(std::count(labels.wanted.begin(), labels.wanted.end(), true));
}

std::optional<double> convert_sample(Unwrap::Conversion conversion, std::string_view text) {
  switch (conversion) {
    case Unwrap::Conversion::kNumber: return parse_number(text);
    case Unwrap::Conversion::kBytes: {
      const auto bytes = parse_bytes(text);
      return bytes ? std::optional<double>(static_cast<double>(*bytes)) : std::nullopt;
    }
    case Unwrap::Conversion::kDuration:
    case Unwrap::Conversion::kDurationSeconds: {
      const auto ns = parse_go_duration(text);
      return ns ? std::optional<double>(static_cast<double>(*ns) / 1e9) : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace trilobite::logql
