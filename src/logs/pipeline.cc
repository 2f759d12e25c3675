#include "logs/pipeline.h"

#include <algorithm>

#include "base/bytes.h"
#include "logs/row.h"
#include "logs/stages.h"
#include "logs/text.h"

namespace trilobite::logql {

namespace {

constexpr std::string_view kExtractedSuffix = "_extracted";

// Conditions that refuse a row while its line is still being parsed.
class EarlyTests final : public EarlyFilter {
 public:
  void add(const LabelTest& test) { tests_.push_back(&test); }
  bool empty() const { return tests_.empty(); }
  bool may_pass(NameId name, const Row& row) const override {
    for (const LabelTest* test : tests_) {
      if (test->label() == name && !test->may_pass(row)) return false;
    }
    return true;
  }

 private:
  std::vector<const LabelTest*> tests_;
};

enum class GroupMode : std::uint8_t { kAll, kNone, kBy, kWithout };

struct CompiledUnwrap {
  NameId label = kNoName;
  Unwrap::Conversion conversion = Unwrap::Conversion::kNumber;
  std::vector<LabelTest> filters;
};

}  // namespace

struct Pipeline::Plan {
  LabelPlan labels;
  std::vector<CompiledStage> stages;
  std::vector<Predicate> predicates;
  std::vector<std::size_t> exact_stage;  // per predicate: the stage that it makes needless, or kNoStage
  EarlyTests early;
  SampleKind kind = SampleKind::kNone;
  std::optional<CompiledUnwrap> unwrap;
  GroupMode group_mode = GroupMode::kAll;
  std::vector<NameId> group;  // sorted by name
  bool needs_metadata = true;

  static constexpr std::size_t kNoStage = ~std::size_t{0};

  Result<void> add_stages(const std::vector<Stage>& list, TimeNs now);
  void add_predicates();
  void add_early_tests();
  void want();
};

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
        std::holds_alternative<Drop>(stage) || std::holds_alternative<Keep>(stage)) {
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
  }

  bool unwrap();
  void build_group();
  void build_group_of(const std::vector<RowLabel>& labels);
  void append_pair(std::string_view name, std::string_view value);

  const Pipeline::Plan& plan;
  Row row;
  StageScratch scratch;
  std::vector<const CompiledStage*> stages;
  std::string_view line;
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
  s.grouped = false;
  s.row.begin(time, metadata);
  s.line = line;
  for (const CompiledStage* stage : s.stages) {
    if (!run_stage(*stage, s.row, s.line, s.scratch)) return false;
  }
  switch (s.plan.kind) {
    case SampleKind::kNone:
    case SampleKind::kOne: s.value = 1; return true;
    case SampleKind::kBytes: s.value = static_cast<double>(s.line.size()); return true;
    case SampleKind::kUnwrap: return s.unwrap();
  }
  return false;
}

namespace {

std::optional<double> convert(Unwrap::Conversion conversion, std::string_view text) {
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

}  // namespace

bool PipelineWorker::State::unwrap() {
  const Row::Found found = row.find(plan.unwrap->label);
  if (found.value.empty()) return false;  // not every line has the label
  const auto converted = convert(plan.unwrap->conversion, found.value);
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
