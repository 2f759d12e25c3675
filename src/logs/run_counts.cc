// Rows counted without looking at them: what becomes of one follows from its stream and metadata, so the group is found
// once per run, and a run's rows are counted between the borders of panes.
#include <algorithm>
#include <optional>

#include "logs/base_labels.h"
#include "logs/range_worker.h"

namespace trilobite::logql {
namespace {

// What a group may be besides a number.
constexpr std::uint32_t kUnknown = UINT32_MAX;      // not looked at yet
constexpr std::uint32_t kDropped = UINT32_MAX - 1;  // a filter refuses such rows
constexpr std::uint32_t kFailed = UINT32_MAX - 2;   // such rows have an error

constexpr std::size_t kSmallDictionary = 256;  // entries that may go unused

}  // namespace

std::uint32_t RangeWorker::group_of_labels(const LabelSet& stream, std::string_view metadata) {
  worker_.begin_stream(stream);
  if (!worker_.process(0, {}, metadata)) return kDropped;
  return worker_.error().empty() ? groups_.find_or_add(worker_.group()) : kFailed;
}

Result<void> RangeWorker::consume_by_stream(ScanBlock& block) {
  const bool bytes = plan_.pipeline.sample_kind() == SampleKind::kBytes;
  TRY(text, BlockText::open(block, {.lines = bytes, .metadata = plan_.pipeline.needs_metadata()}));
  std::vector<std::uint32_t> all;  // numbers of the rows of a run
  std::size_t place = 0;           // in block.rows
  for (const ScanBlock::Run& run : block.runs) {
    std::span<const std::uint32_t> rows;
    if (block.rows) {
      const auto from = block.rows->begin() + static_cast<std::ptrdiff_t>(place);
      const auto to = std::lower_bound(from, block.rows->end(), run.end);
      place = static_cast<std::size_t>(to - block.rows->begin());
      if (from == to) continue;
      rows = {from, to};
    }
    const auto metadata = bytes ? std::nullopt : shared_metadata(text.metadata_column(), run);
    if (metadata) {
      TRY_VOID(count_run(block, run, rows, *metadata));
    } else {
      if (!block.rows) {
        all.clear();
        for (std::uint32_t row = run.begin; row < run.end; ++row) all.push_back(row);
        rows = all;
      }
      TRY_VOID(take_run(block, run, rows, text));
    }
  }
  version_ = UINT64_MAX;
  return {};
}

// `rows` is empty for all rows of the run.
Result<void> RangeWorker::count_run(const ScanBlock& block, const ScanBlock::Run& run,
                                    std::span<const std::uint32_t> rows, std::string_view metadata) {
  const LabelSet& labels = *block.label_sets[run.label_set];
  const std::size_t groups_before = groups_.size();
  const std::uint32_t group = group_of_labels(labels, metadata);
  if (group == kDropped) return {};
  std::span<const TimeNs> times = block.times.subspan(run.begin, run.end - run.begin);
  if (block.rows) {
    run_times_.clear();
    for (const std::uint32_t row : rows) run_times_.push_back(block.times[row]);
    times = run_times_;
  }
  if (group == kFailed) {
    const auto counts = [&](TimeNs time) { return plan_.windows.locate(time).index != query::Windows::kNoPane; };
    if (std::none_of(times.begin(), times.end(), counts)) return {};
    return error_of_row();
  }
  if (groups_.size() != groups_before) TRY_VOID(check_memory());
  accumulator_->add_ones(group, times);
  rows_passed_ += times.size();
  return {};
}

// Rows that need a look at their metadata or at the length of their line.
Result<void> RangeWorker::take_run(const ScanBlock& block, const ScanBlock::Run& run,
                                   std::span<const std::uint32_t> rows, BlockText& text) {
  const LabelSet& labels = *block.label_sets[run.label_set];
  const Column* metadata = text.metadata_column();
  const auto* dictionary = metadata == nullptr ? nullptr : std::get_if<DictionaryColumn>(&metadata->values());
  const bool by_code = dictionary != nullptr && dictionary->dictionary.size() <= rows.size() + kSmallDictionary;
  group_of_code_.assign(by_code ? dictionary->dictionary.size() : 1, kUnknown);
  for (const std::uint32_t row : rows) {
    std::uint32_t& group = group_of_code_[by_code ? dictionary->codes[row] : 0];
    if ((!by_code && metadata != nullptr) || group == kUnknown) group = group_of_labels(labels, text.metadata(row));
    TRY_VOID(take(block, labels, row, group, text));
  }
  return {};
}

Result<void> RangeWorker::take(const ScanBlock& block, const LabelSet& labels, std::uint32_t row, std::uint32_t group,
                               BlockText& text) {
  if (group == kDropped) return {};
  const TimeNs time = block.times[row];
  if (group == kFailed) {
    if (plan_.windows.locate(time).index == query::Windows::kNoPane) return {};
    group_of_labels(labels, text.metadata(row));  // for the text of the error
    return error_of_row();
  }
  sample_groups_.push_back(group);
  sample_times_.push_back(time);
  if (plan_.function.op == query::RangeFunction::Op::kCount) return {};
  if (plan_.pipeline.sample_kind() != SampleKind::kBytes) {
    sample_values_.push_back(1);
    return {};
  }
  TRY(line, text.line(row));
  sample_values_.push_back(static_cast<double>(line.size()));
  return {};
}

}  // namespace trilobite::logql
