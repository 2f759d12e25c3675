#include "logs/pipeline.h"

#include <algorithm>

#include "base/bytes.h"
#include "logs/field_parser.h"
#include "logs/pipeline_plan.h"
#include "logs/template_fields.h"
#include "logs/vector_plan.h"
#include "logs/text.h"

namespace trilobite::logql {

Pipeline::Pipeline(std::unique_ptr<const Plan> plan) : plan_(std::move(plan)) {}
Pipeline::Pipeline(Pipeline&&) noexcept = default;
Pipeline& Pipeline::operator=(Pipeline&&) noexcept = default;
Pipeline::~Pipeline() = default;

Result<Pipeline> Pipeline::compile(const LogExpr& log, const PipelineOptions& options) {
  auto plan = std::make_unique<Plan>();
  TRY_VOID(plan->add_stages(log.stages, options.now));
  plan->want();
  plan->add_early_tests();
  return Pipeline(std::move(plan));
}

Result<Pipeline> Pipeline::compile(const RangeAggregation& range, const std::optional<Grouping>& grouping,
                                   const PipelineOptions& options) {
  auto plan = std::make_unique<Plan>();
  TRY_VOID(plan->add_stages(range.log.stages, options.now));
  const bool counts_bytes = range.op == RangeOp::kBytes || range.op == RangeOp::kBytesRate;
  plan->kind = range.unwrap ? SampleKind::kUnwrap : counts_bytes ? SampleKind::kBytes : SampleKind::kOne;
  if (range.unwrap) {
    CompiledUnwrap unwrap{plan->labels.id(range.unwrap->label), range.unwrap->conversion, {}};
    for (const LabelFilter& filter : range.unwrap->filters) {
      TRY(test, LabelTest::compile(filter, plan->labels));
      unwrap.filters.push_back(std::move(test));
    }
    plan->unwrap = std::move(unwrap);
  }
  if (grouping) {
    plan->group_mode = grouping->without          ? GroupMode::kWithout
                       : grouping->labels.empty() ? GroupMode::kNone
                                                  : GroupMode::kBy;
    for (const std::string& label : grouping->labels) plan->group.push_back(plan->labels.id(label));
  }
  // The unwrapped label is no label of the sample, unless it is asked for.
  if (range.unwrap && (plan->group_mode == GroupMode::kAll || plan->group_mode == GroupMode::kWithout)) {
    plan->group_mode = GroupMode::kWithout;
    plan->group.push_back(plan->unwrap->label);
  }
  const auto by_name = [&](NameId a, NameId b) { return plan->labels.names[a] < plan->labels.names[b]; };
  std::sort(plan->group.begin(), plan->group.end(), by_name);
  plan->group.erase(std::unique(plan->group.begin(), plan->group.end()), plan->group.end());
  plan->want();
  plan->add_early_tests();
  return Pipeline(std::move(plan));
}

std::optional<Grouping> sample_grouping(const RangeAggregation& range, const VectorAggregation* outer) {
  if (range.grouping) return range.grouping;
  if (outer == nullptr || outer->op != VectorOp::kSum) return std::nullopt;
  switch (range.op) {
    case RangeOp::kCount:
    case RangeOp::kRate:
    case RangeOp::kBytes:
    case RangeOp::kBytesRate:
    case RangeOp::kSum: return outer->grouping;
    default: return std::nullopt;
  }
}

const std::vector<Predicate>& Pipeline::predicates() const { return plan_->predicates; }

bool Pipeline::only_predicates() const {
  const auto covered = static_cast<std::size_t>(std::count_if(plan_->exact_stage.begin(), plan_->exact_stage.end(),
                                                              [](std::size_t s) { return s != Plan::kNoStage; }));
  return covered == plan_->stages.size() && !plan_->unwrap;
}

bool Pipeline::needs_line() const {
  return plan_->kind == SampleKind::kNone || plan_->kind == SampleKind::kBytes || plan_->unwrap ||
         !plan_->stages.empty();
}

bool Pipeline::needs_metadata() const { return plan_->needs_metadata; }
SampleKind Pipeline::sample_kind() const { return plan_->kind; }

// ---- Worker -------------------------------------------------------------------------------------------------------

struct PipelineWorker::State {
  State(const Pipeline::Plan& the_plan, const std::vector<bool>& applied)
      : plan(the_plan), row(the_plan.labels, the_plan.early.empty() ? nullptr : &the_plan.early) {
    std::vector<bool> needless(plan.stages.size());
    for (std::size_t i = 0; i < applied.size() && i < plan.exact_stage.size(); ++i) {
      if (applied[i] && plan.exact_stage[i] != Pipeline::Plan::kNoStage) needless[plan.exact_stage[i]] = true;
    }
    for (std::size_t i = 0; i < plan.stages.size(); ++i) {
      if (!needless[i]) stages.push_back(&plan.stages[i]);
    }
    if (plan.kind != SampleKind::kBytes) parser = sole_field_parser(stages);
    vector_plan = make_vector_plan(plan, stages);
  }

  void begin(TimeNs time, std::string_view the_line, std::string_view metadata) {
    grouped = false;
    row.begin(time, metadata);
    line = the_line;
  }
  bool run(TimeNs time);
  bool finish();
  bool unwrap();
  void build_group();
  void build_group_of(const std::vector<RowLabel>& labels);
  void append_pair(std::string_view name, std::string_view value);

  const Pipeline::Plan& plan;
  Row row;
  StageScratch scratch;
  std::vector<const CompiledStage*> stages;
  FieldParser parser = FieldParser::kNone;
  VectorPlan vector_plan;
  std::string_view line;
  std::string_view given_line, given_metadata;  // what process() was called with
  double value = 1;
  bool grouped = false;
  std::string group, group_before;
  std::uint64_t group_version = 0;
};

PipelineWorker::PipelineWorker(const Pipeline& pipeline, const std::vector<bool>& applied)
    : state_(std::make_unique<State>(*pipeline.plan_, applied)) {}
PipelineWorker::PipelineWorker(PipelineWorker&&) noexcept = default;
PipelineWorker::~PipelineWorker() = default;

void PipelineWorker::begin_stream(const LabelSet& labels) { state_->row.begin_stream(labels); }

bool PipelineWorker::process(TimeNs time, std::string_view line, std::string_view metadata) {
  State& s = *state_;
  s.row.unrolled() = {};
  s.given_line = line;
  s.given_metadata = metadata;
  return s.run(time);
}

// The stages run again on the same line, and unroll shows the next element.
bool PipelineWorker::process_next(bool& passes) {
  State& s = *state_;
  if (s.row.unrolled().next == 0) return false;
  s.row.unrolled() = {s.row.unrolled().next, 0};
  passes = s.run(s.row.time());
  return true;
}

bool PipelineWorker::State::run(TimeNs time) {
  begin(time, given_line, given_metadata);
  for (const CompiledStage* stage : stages) {
    if (!run_stage(*stage, row, line, scratch)) return false;
  }
  return finish();
}

FieldParser PipelineWorker::field_parser() const { return state_->parser; }
const VectorPlan& PipelineWorker::vector_plan() const { return state_->vector_plan; }

Result<bool> PipelineWorker::process(TimeNs time, TemplateFields& fields, std::size_t position,
                                     std::string_view metadata) {
  State& s = *state_;
  s.row.unrolled() = {};
  s.begin(time, {}, metadata);
  for (const CompiledStage* stage : s.stages) {
    bool passes = false;
    if (field_parser_of(*stage) == FieldParser::kNone) {
      passes = run_stage(*stage, s.row, s.line, s.scratch);
    } else {
      TRY(accepted, fields.put_into(s.row, position));
      passes = accepted;
    }
    if (!passes) return false;
  }
  return s.finish();
}

// The sample of a row that has passed all stages.
bool PipelineWorker::State::finish() {
  switch (plan.kind) {
    case SampleKind::kNone:
    case SampleKind::kOne: value = 1; return true;
    case SampleKind::kBytes: value = static_cast<double>(line.size()); return true;
    case SampleKind::kUnwrap: return unwrap();
  }
  return false;
}

bool PipelineWorker::State::unwrap() {
  const Row::Found found = row.find(plan.unwrap->label);
  if (found.value.empty()) return false;  // not every line has the label
  const auto converted = convert_sample(plan.unwrap->conversion, found.value);
  value = converted.value_or(0);
  if (!converted) {
    const bool duration = plan.unwrap->conversion == Unwrap::Conversion::kDuration ||
                          plan.unwrap->conversion == Unwrap::Conversion::kDurationSeconds;
    row.fail("SampleExtractionErr", duration
                                        ? "time: invalid duration " + quote(found.value)
                                        : "strconv.ParseFloat: parsing " + quote(found.value) + ": invalid syntax");
  }
  for (const LabelTest& filter : plan.unwrap->filters) {
    if (!filter.passes(row)) return false;
  }
  return true;
}

std::string_view PipelineWorker::line() const { return state_->line; }
double PipelineWorker::value() const { return state_->value; }
std::string_view PipelineWorker::error() const { return state_->row.error(); }

std::span<const RowLabel> PipelineWorker::labels() { return state_->row.sorted(); }

void PipelineWorker::State::append_pair(std::string_view name, std::string_view text) {
  if (text.empty()) return;  // a label set has no empty values
  ByteWriter writer(group);
  writer.text(name);
  writer.text(text);
}

void PipelineWorker::State::build_group_of(const std::vector<RowLabel>& labels) {
  for (const RowLabel& label : labels) append_pair(label.name, label.value);
}

void PipelineWorker::State::build_group() {
  if (!row.error().empty()) return build_group_of(row.sorted());
  switch (plan.group_mode) {
    case GroupMode::kNone: return;
    case GroupMode::kAll: return build_group_of(row.sorted());
    case GroupMode::kBy:
      for (const NameId id : plan.group) append_pair(row.name(id), row.find(id).value);
      return;
    case GroupMode::kWithout:
      for (const RowLabel& label : row.sorted()) {
        const auto same = [&](NameId id) { return row.name(id) == label.name; };
        if (std::none_of(plan.group.begin(), plan.group.end(), same)) append_pair(label.name, label.value);
      }
  }
}

std::string_view PipelineWorker::group() {
  State& s = *state_;
  if (s.grouped) return s.group;
  s.grouped = true;
  std::swap(s.group, s.group_before);
  s.group.clear();
  s.build_group();
  if (s.group != s.group_before || s.group_version == 0) ++s.group_version;
  return s.group;
}

std::uint64_t PipelineWorker::group_version() const { return state_->group_version; }

}  // namespace trilobite::logql
