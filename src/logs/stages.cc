#include "logs/stages.h"

#include "logs/lexer.h"
#include "logs/printer.h"

namespace trilobite::logql {

namespace {

struct StageCompiler {
  LabelPlan& plan;
  TimeNs now;

  template <class T>
  static Result<CompiledStage> wrap(Result<T> compiled) {
    if (!compiled.ok()) return std::move(compiled).error();
    return CompiledStage(std::move(*compiled));
  }

  Result<CompiledStage> operator()(const LineFilter& stage) const { return wrap(LineTest::compile(stage)); }
  Result<CompiledStage> operator()(const LabelFilter& stage) const { return wrap(LabelTest::compile(stage, plan)); }
  Result<CompiledStage> operator()(const JsonStage& stage) const {
    if (stage.extractions.empty()) return CompiledStage(JsonFields{});
    return wrap(JsonPaths::compile(stage, plan));
  }
  Result<CompiledStage> operator()(const LogfmtStage& stage) const { return wrap(Logfmt::compile(stage, plan)); }
  Result<CompiledStage> operator()(const PatternStage& stage) const {
    return wrap(PatternFields::compile(stage, plan));
  }
  Result<CompiledStage> operator()(const RegexpStage& stage) const { return wrap(RegexpFields::compile(stage, plan)); }
  Result<CompiledStage> operator()(const UnpackStage&) const { return CompiledStage(Unpack{}); }
  Result<CompiledStage> operator()(const DecolorizeStage&) const { return wrap(Decolorize::compile()); }
  Result<CompiledStage> operator()(const LineFormatStage& stage) const { return wrap(LineFormat::compile(stage, now)); }
  Result<CompiledStage> operator()(const LabelFormatStage& stage) const {
    return wrap(LabelFormat::compile(stage, plan, now));
  }
  Result<CompiledStage> operator()(const DropStage& stage) const {
    TRY(tests, NameTests::compile(stage.labels, plan));
    return CompiledStage(Drop(std::move(tests)));
  }
  Result<CompiledStage> operator()(const KeepStage& stage) const {
    TRY(tests, NameTests::compile(stage.labels, plan));
    return CompiledStage(Keep(std::move(tests)));
  }
  Result<CompiledStage> operator()(const UnrollStage& stage) const { return wrap(Unroll::compile(stage, plan)); }
};

// Labels of a template; false when it may read any.
bool template_names(const Template& text, LabelPlan& plan, std::vector<NameId>& out) {
  for (const std::string& field : text.fields()) out.push_back(plan.id(field));
  return !text.all_labels();
}

}  // namespace

Result<CompiledStage> compile_stage(const Stage& stage, LabelPlan& plan, TimeNs now) {
  auto compiled = std::visit(StageCompiler{plan, now}, stage);
  if (!compiled.ok()) {
    return error(Code::kInvalid, "stage '{}' : {}", to_string(stage), compiled.error().message);
  }
  return compiled;
}

bool run_stage(const CompiledStage& stage, Row& row, std::string_view& line, StageScratch& scratch) {
  return std::visit(
      [&](const auto& one) {
        using Kind = std::decay_t<decltype(one)>;
        if constexpr (std::is_same_v<Kind, LineTest>) {
          return one.passes(line);
        } else if constexpr (std::is_same_v<Kind, LabelTest>) {
          return one.passes(row);
        } else {
          return one.run(row, line, scratch);
        }
      },
      stage);
}

bool required_names(const CompiledStage& stage, LabelPlan& plan, std::vector<NameId>& out) {
  if (const auto* test = std::get_if<LabelTest>(&stage)) {
    test->names(out);
  } else if (const auto* line = std::get_if<LineFormat>(&stage)) {
    return template_names(line->text(), plan, out);
  } else if (const auto* unroll = std::get_if<Unroll>(&stage)) {
    out.push_back(unroll->label());
  } else if (const auto* labels = std::get_if<LabelFormat>(&stage)) {
    bool known = true;
    for (const LabelFormat::Format& format : labels->formats()) {
      if (format.from != kNoName) out.push_back(format.from);
      if (format.text) known = template_names(*format.text, plan, out) && known;
    }
    return known;
  }
  return true;
}

std::vector<Stage> reorder_stages(const std::vector<Stage>& stages) {
  std::vector<Stage> out, filters, rest;
  const auto flush = [&] {
    out.insert(out.end(), filters.begin(), filters.end());
    out.insert(out.end(), rest.begin(), rest.end());
    filters.clear();
    rest.clear();
  };
  for (const Stage& stage : stages) {
    if (std::holds_alternative<LineFilter>(stage)) {
      filters.push_back(stage);
      continue;
    }
    rest.push_back(stage);
    const bool barrier = std::holds_alternative<LineFormatStage>(stage) || std::holds_alternative<UnpackStage>(stage) ||
                         std::holds_alternative<LabelFilter>(stage);
    if (barrier) flush();
  }
  flush();
  return out;
}

Result<void> check_stages(const std::vector<Stage>& stages) {
  LabelPlan plan;
  for (const Stage& stage : stages) {
    if (auto compiled = compile_stage(stage, plan, 0); !compiled.ok())
      return parse_error(0, 0, compiled.error().message);
  }
  return {};
}

}  // namespace trilobite::logql
