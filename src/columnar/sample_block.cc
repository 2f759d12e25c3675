#include "columnar/sample_block.h"

#include <algorithm>
#include <limits>

#include "columnar/codec.h"
#include "columnar/int_runs.h"

namespace trilobite::columnar {
namespace {

Result<std::vector<IntRun>> runs_of(std::uint8_t encoding, std::string_view bytes, std::size_t rows) {
  if (encoding == static_cast<std::uint8_t>(Encoding::kIntRuns)) return read_int_runs(bytes, rows);
  TRY(column, decode_column(encoding, bytes, {.rows = rows, .bytes_max = 0}));
  const auto* values = std::get_if<std::vector<std::int64_t>>(&column.values());
  if (values == nullptr) return error(Code::kCorrupt, "series are no integers");
  std::vector<IntRun> out;
  for (const std::int64_t value : *values) {
    if (out.empty() || out.back().value != value) out.push_back({value, out.empty() ? 0 : out.back().end});
    ++out.back().end;
  }
  return out;
}

// Of times, values and histograms the series must end where the block's series do.
Result<void> check_ends(std::span<const std::uint32_t> ends, std::span<const SampleBlock::Run> runs) {
  const auto same = [](std::uint32_t end, const SampleBlock::Run& run) { return end == run.end; };
  if (!std::ranges::equal(ends, runs, same)) return error(Code::kCorrupt, "a column has its series elsewhere");
  return {};
}

}  // namespace

Result<std::shared_ptr<const SampleBlock>> SampleBlock::open(SamplePages pages, std::size_t rows) {
  std::shared_ptr<SampleBlock> out(new SampleBlock);
  out->pages_ = std::move(pages);
  TRY_VOID(out->load(rows));
  return std::shared_ptr<const SampleBlock>(std::move(out));
}

Result<void> SampleBlock::load(std::size_t rows) {
  TRY(series, runs_of(pages_.series_encoding, pages_.series, rows));
  std::uint32_t begin = 0;
  for (const IntRun& run : series) {
    const bool ascends = runs_.empty() || run.value > static_cast<std::int64_t>(runs_.back().series);
    if (!ascends || run.value < 0 || run.value > std::numeric_limits<std::uint32_t>::max())
      return error(Code::kCorrupt, "series {} behind {}", run.value, runs_.empty() ? 0 : runs_.back().series);
    runs_.push_back({static_cast<std::uint32_t>(run.value), begin, run.end});
    begin = run.end;
  }
  if (begin != rows) return error(Code::kCorrupt, "series of {} rows instead of {}", begin, rows);
  TRY(times, TimesBySeries::open(pages_.times, rows));
  TRY_VOID(check_ends(times.ends(), runs_));
  TRY(values, DoublesBySeries::open(pages_.values, rows));
  TRY_VOID(check_ends(values.ends(), runs_));
  times_ = std::move(times);
  values_ = std::move(values);
  if (!pages_.histograms.empty()) {
    TRY(histograms, TextsBySeries::open(pages_.histograms, rows));
    TRY_VOID(check_ends(histograms.ends(), runs_));
    histograms_ = std::move(histograms);
  }
  pages_.series = {};
  bytes_ = pages_.times.size() + pages_.values.size() + pages_.histograms.size() + runs_.size() * sizeof(Run) +
           times_.memory() + values_.memory() + histograms_.memory();
  return {};
}

std::size_t SampleBlock::find(std::uint32_t series) const {
  const auto before = [](const Run& run, std::uint32_t number) { return run.series < number; };
  const auto at = std::lower_bound(runs_.begin(), runs_.end(), series, before);
  if (at == runs_.end() || at->series != series) return runs_.size();
  return static_cast<std::size_t>(at - runs_.begin());
}

Result<void> SampleBlock::histograms(std::size_t run, StringColumn& out) const {
  return histograms_.read(run, kTextBytesMax, out);
}

}  // namespace trilobite::columnar
