#include "storage/part_samples.h"

#include <algorithm>

namespace trilobite::storage {

// False when the block is stored in the old way.
Result<bool> PartSamples::load(std::size_t block) {
  if (samples_ && block_ == block) return true;
  samples_.reset();
  times_number_ = kNoTimes;
  TRY(samples, source_.samples(block));
  if (!samples) return false;
  samples_ = std::move(samples);
  block_ = block;
  ++costs_.blocks;
  costs_.bytes_compressed += source_.block(block).bytes;
  return true;
}

Result<void> PartSamples::read(std::uint32_t series, TimeNs first, TimeNs last, SeriesSamples& out) {
  if (rows_) {
    TRY_VOID(rows_->read(series, first, last, out));
    costs_ = rows_->costs();
    return {};
  }
  // Blocks follow each other in the order of series.
  std::size_t low = 0, high = source_.blocks();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (source_.block(middle).series_max < series) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  for (std::size_t block = low; block < source_.blocks(); ++block) {
    const BlockInfo info = source_.block(block);
    if (info.series_min > series) break;
    if (info.time_max < first || info.time_min > last) continue;
    TRY(by_series, load(block));
    if (!by_series) {
      rows_ = read_samples_of_rows(source_);
      return rows_->read(series, first, last, out);
    }
    TRY_VOID(source_.noted(copy(series, first, last, out)));
  }
  return {};
}

Result<void> PartSamples::copy(std::uint32_t series, TimeNs first, TimeNs last, SeriesSamples& out) {
  const std::size_t run = samples_->find(series);
  if (run == samples_->runs().size()) return {};
  if (const std::uint32_t number = samples_->times_number(run); number != times_number_) {
    times_number_ = kNoTimes;
    TRY_VOID(samples_->times(run, times_));
    times_number_ = number;
  }
  const auto from = std::lower_bound(times_.begin(), times_.end(), first);
  const auto to = std::upper_bound(from, times_.end(), last);
  if (from == to) return {};
  const auto begin = static_cast<std::size_t>(from - times_.begin());
  const auto end = static_cast<std::size_t>(to - times_.begin());
  const std::size_t before = out.times.size();
  TRY_VOID(samples_->values(run, begin, end, out.values));
  out.times.insert(out.times.end(), from, to);
  const bool histograms = samples_->has_histograms(run);
  if (histograms) TRY_VOID(samples_->histograms(run, texts_));
  append_histograms(out, before, histograms ? texts_ : StringColumn(), begin);
  costs_.samples += end - begin;
  costs_.bytes += (end - begin) * (sizeof(TimeNs) + sizeof(double)) + (histograms ? texts_.bytes.size() : 0);
  return {};
}

}  // namespace trilobite::storage
