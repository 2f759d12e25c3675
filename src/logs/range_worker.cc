#include "logs/range_worker.h"

#include <algorithm>
#include <utility>

namespace trilobite::logql {
namespace {

Error sample_error(std::string_view kind, std::string_view group) {
  const Result<LabelSet> labels = LabelSet::from_bytes(std::string(group));
  return error(Code::kInvalid,
               "pipeline error: '{}' for series: '{}'.\nUse a label filter to intentionally skip this error. (e.g | "
               "__error__!=\"{}\").\nTo skip all potential errors you can match empty errors.(e.g __error__=\"\")\nThe "
               "label filter can also be specified after unwrap. (e.g | unwrap latency | __error__=\"\" )\n",
               kind, labels.ok() ? labels->to_string() : "{}", kind);
}

bool all_applied(const Pipeline& pipeline, const std::vector<bool>& applied) {
  const std::size_t wanted = pipeline.predicates().size();
  return applied.size() >= wanted && std::all_of(applied.begin(), applied.begin() + static_cast<std::ptrdiff_t>(wanted),
                                                 [](bool flag) { return flag; });
}

}  // namespace

RangeWorker::RangeWorker(const RangePlan& plan, const std::vector<bool>& applied)
    : plan_(plan),
      worker_(plan.pipeline, applied),
      columns_(worker_.vector_plan()),
      by_stream_(plan.follows_from_labels && all_applied(plan.pipeline, applied)),
      accumulator_(query::make_range_accumulator(plan.function, plan.windows)) {}

Result<void> RangeWorker::consume(ScanBlock& block) {
  sample_groups_.clear();
  sample_times_.clear();
  sample_values_.clear();
  run_ = nullptr;
  pane_ = {};
  TRY_VOID(by_stream_ ? consume_by_stream(block) : consume_by_column(block));
  return fold();
}

Result<void> RangeWorker::check_memory() {
  const std::size_t bytes = accumulator_->bytes(groups_.size()) + groups_.bytes();
  plan_.bytes += bytes - std::exchange(bytes_, bytes);  // may wrap on the way, and comes out right
  if (bytes <= plan_.memory_max) return {};
  return error(Code::kLimit,
               "the query needs more memory than one query may use ({} groups so far); aggregate by fewer labels, or "
               "use a shorter time range or a larger step",
               groups_.size());
}

Result<void> RangeWorker::fold() {
  rows_passed_ += sample_times_.size();
  TRY_VOID(check_memory());
  accumulator_->add({sample_groups_, sample_times_, sample_values_});
  return {};
}

Error RangeWorker::error_of_row() { return sample_error(worker_.error(), worker_.group()); }

Result<std::uint32_t> RangeWorker::group_of_row() {
  if (!worker_.error().empty()) return error_of_row();
  const std::string_view key = worker_.group();
  if (const std::uint64_t version = worker_.group_version(); version != version_) {
    group_ = groups_.find_or_add(key);
    version_ = version;
  }
  return group_;
}

Result<void> RangeWorker::consume_by_column(ScanBlock& block) {
  TRY(text, BlockText::open(block, {.lines = false, .metadata = plan_.pipeline.needs_metadata()}));
  if (!worker_.vector_plan().whole) {
    TRY_VOID(columns_.prefilter(block, text.metadata_column()));
    return consume_by_row(block);
  }
  TRY(done, columns_.sample(block, text.metadata_column(), groups_, samples_));
  if (!done) return consume_by_row(block);
  if (!samples_.any_by_row) {
    take_samples(block);
    return {};
  }
  TRY(lines, BlockText::open(block, {.lines = samples_.any_by_row, .metadata = plan_.pipeline.needs_metadata()}));
  TRY(fields, BlockFields::open(block, samples_.any_by_row ? worker_.field_parser() : FieldParser::kNone));
  const bool has_values = plan_.function.op != query::RangeFunction::Op::kCount;
  const bool unwraps = plan_.pipeline.sample_kind() == SampleKind::kUnwrap;
  return for_each_row(block, [&](const ScanBlock::Run& run, std::uint32_t row) -> Result<void> {
    const std::uint32_t group = samples_.groups[row];
    if (group == VectorBlock::kDropped) return {};
    if (group == VectorBlock::kByRow) return process_at(block, run, row, lines, fields);
    sample_groups_.push_back(group);
    sample_times_.push_back(block.times[row]);
    if (has_values) sample_values_.push_back(unwraps ? samples_.values[row] : 1);
    return {};
  });
}

// All samples of a block, in the order of its rows; without branches, for which rows have one is hard to foresee.
void RangeWorker::take_samples(const ScanBlock& block) {
  const bool has_values = plan_.function.op != query::RangeFunction::Op::kCount;
  const bool unwraps = plan_.pipeline.sample_kind() == SampleKind::kUnwrap;
  const std::size_t rows_max = block.count();
  sample_groups_.resize(rows_max);
  sample_times_.resize(rows_max);
  if (has_values) sample_values_.assign(rows_max, 1);
  std::size_t samples = 0;
  const auto take = [&](std::uint32_t row) {
    const std::uint32_t group = samples_.groups[row];
    sample_groups_[samples] = group;
    sample_times_[samples] = block.times[row];
    if (has_values && unwraps) sample_values_[samples] = samples_.values[row];
    samples += group != VectorBlock::kDropped;
  };
  if (block.rows) {
    for (const std::uint32_t row : *block.rows) take(row);
  } else {
    for (const ScanBlock::Run& run : block.runs) {
      for (std::uint32_t row = run.begin; row < run.end; ++row) take(row);
    }
  }
  sample_groups_.resize(samples);
  sample_times_.resize(samples);
  if (has_values) sample_values_.resize(samples);
}

Result<void> RangeWorker::consume_by_row(ScanBlock& block) {
  TRY(text, BlockText::open(block, {.lines = true, .metadata = plan_.pipeline.needs_metadata()}));
  TRY(fields, BlockFields::open(block, worker_.field_parser()));
  return for_each_row(block, [&](const ScanBlock::Run& run, std::uint32_t row) {
    return process_at(block, run, row, text, fields);
  });
}

Result<void> RangeWorker::process_at(const ScanBlock& block, const ScanBlock::Run& run, std::uint32_t row,
                                     BlockText& text, BlockFields& fields) {
  const TimeNs time = block.times[row];
  // Between windows nothing counts, not even an error.
  if (!pane_.contains(time)) pane_ = plan_.windows.locate(time);
  if (pane_.index == query::Windows::kNoPane) return {};
  if (&run != run_) worker_.begin_stream(*block.label_sets[run.label_set]);
  run_ = &run;
  TRY(passes, process_row(worker_, time, row, text, fields));
  do {
    if (!passes) continue;
    TRY(group, group_of_row());
    sample_groups_.push_back(group);
    sample_times_.push_back(time);
    if (plan_.function.op != query::RangeFunction::Op::kCount) sample_values_.push_back(worker_.value());
  } while (worker_.process_next(passes));
  return {};
}

void RangeWorker::merge(RangeWorker& other) {
  std::vector<std::uint32_t> map(other.groups_.size());
  for (std::uint32_t group = 0; group < map.size(); ++group) map[group] = groups_.find_or_add(other.groups_.key(group));
  rows_passed_ += other.rows_passed_;
  accumulator_->merge(*other.accumulator_, map);
}

}  // namespace trilobite::logql
