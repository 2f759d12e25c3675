#include "logs/range_worker.h"

#include <algorithm>

namespace trilobite::logql {
namespace {

// What group_of_code_ has besides groups.
constexpr std::uint32_t kUnknown = UINT32_MAX;      // not looked at yet
constexpr std::uint32_t kDropped = UINT32_MAX - 1;  // a filter refuses such rows
constexpr std::uint32_t kFailed = UINT32_MAX - 2;   // such rows have an error

constexpr std::size_t kCodeTableMax = 1u << 18;  // entries of stream x metadata code; beyond, rows are hashed

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
      by_stream_(plan.follows_from_labels && all_applied(plan.pipeline, applied)),
      accumulator_(query::make_range_accumulator(plan.function, plan.windows)) {}

Result<void> RangeWorker::consume(const Batch& batch) {
  sample_groups_.clear();
  sample_times_.clear();
  sample_values_.clear();
  TRY_VOID(by_stream_ ? consume_by_stream(batch) : consume_by_row(batch));
  return fold();
}

Result<void> RangeWorker::fold() {
  rows_passed_ += sample_times_.size();
  if (accumulator_->bytes(groups_.size()) + groups_.bytes() > plan_.memory_max) {
    return error(Code::kLimit,
                 "the query needs more memory than one query may use ({} groups so far); aggregate by fewer labels, or "
                 "use a shorter time range or a larger step",
                 groups_.size());
  }
  accumulator_->add({sample_groups_, sample_times_, sample_values_});
  return {};
}

std::uint32_t RangeWorker::group_of_labels(const LabelSet& stream, std::string_view metadata) {
  worker_.begin_stream(stream);
  if (!worker_.process(0, {}, metadata)) return kDropped;
  return worker_.error().empty() ? groups_.find_or_add(worker_.group()) : kFailed;
}

// Rows are counted without looking at them: the group is found once per stream and distinct metadata of the block.
Result<void> RangeWorker::consume_by_stream(const Batch& batch) {
  const Column* metadata = plan_.pipeline.needs_metadata() ? batch.find(kMetadataColumn) : nullptr;
  const auto* dictionary = metadata == nullptr ? nullptr : std::get_if<DictionaryColumn>(&metadata->values());
  const std::size_t codes = dictionary == nullptr ? 1 : dictionary->dictionary.size();
  if (metadata != nullptr && (dictionary == nullptr || codes * batch.label_sets.size() > kCodeTableMax)) {
    return consume_by_row(batch);
  }
  const Column* lines = plan_.pipeline.sample_kind() == SampleKind::kBytes ? batch.find(kLineColumn) : nullptr;
  group_of_code_.assign(codes * batch.label_sets.size(), kUnknown);
  sample_groups_.resize(batch.rows());
  sample_times_.resize(batch.rows());
  if (plan_.pipeline.sample_kind() == SampleKind::kBytes) sample_values_.resize(batch.rows());
  std::size_t samples = 0;
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    const std::uint32_t label_set = batch.label_set_of_row[row];
    const std::uint32_t code = dictionary == nullptr ? 0 : dictionary->codes[row];
    std::uint32_t& group = group_of_code_[label_set * codes + code];
    const std::string_view extra = dictionary == nullptr ? std::string_view() : dictionary->dictionary[code];
    if (group == kUnknown) group = group_of_labels(*batch.label_sets[label_set], extra);
    if (group == kDropped) continue;
    if (group == kFailed) {
      if (plan_.windows.locate(batch.times[row]).index == query::Windows::kNoPane) continue;
      group_of_labels(*batch.label_sets[label_set], extra);
      return error_of_row();
    }
    sample_groups_[samples] = group;
    sample_times_[samples] = batch.times[row];
    if (!sample_values_.empty())
      sample_values_[samples] = lines == nullptr ? 0 : static_cast<double>(lines->text(row).size());
    ++samples;
  }
  sample_groups_.resize(samples);
  sample_times_.resize(samples);
  if (!sample_values_.empty()) sample_values_.resize(samples);
  version_ = UINT64_MAX;
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

Result<void> RangeWorker::consume_by_row(const Batch& batch) {
  const Column* lines = batch.find(kLineColumn);
  const Column* metadata = plan_.pipeline.needs_metadata() ? batch.find(kMetadataColumn) : nullptr;
  const bool has_values = plan_.function.op != query::RangeFunction::Op::kCount;
  const LabelSet* stream = nullptr;
  query::Windows::Pane pane;
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    const TimeNs time = batch.times[row];
    // Between windows nothing counts, not even an error.
    if (!pane.contains(time)) pane = plan_.windows.locate(time);
    if (pane.index == query::Windows::kNoPane) continue;
    const LabelSet* labels = batch.label_sets[batch.label_set_of_row[row]].get();
    if (labels != stream) worker_.begin_stream(*labels);
    stream = labels;
    const std::string_view line = lines == nullptr ? std::string_view() : lines->text(row);
    const std::string_view extra = metadata == nullptr ? std::string_view() : metadata->text(row);
    if (!worker_.process(time, line, extra)) continue;
    TRY(group, group_of_row());
    sample_groups_.push_back(group);
    sample_times_.push_back(time);
    if (has_values) sample_values_.push_back(worker_.value());
  }
  return {};
}

void RangeWorker::merge(RangeWorker& other) {
  std::vector<std::uint32_t> map(other.groups_.size());
  for (std::uint32_t group = 0; group < map.size(); ++group) map[group] = groups_.find_or_add(other.groups_.key(group));
  rows_passed_ += other.rows_passed_;
  accumulator_->merge(*other.accumulator_, map);
}

}  // namespace trilobite::logql
