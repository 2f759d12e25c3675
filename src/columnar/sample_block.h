// The samples of one block of a part, read series by series: its stored bytes, checked, and where in them each series
// is. Any number of threads.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "columnar/series_pages.h"

namespace trilobite::columnar {

// The pages of a block as they are stored.
struct SamplePages {
  std::uint8_t series_encoding = 0;
  std::string series, times, values;
  std::string histograms;  // empty: no sample has one
};

class SampleBlock {
 public:
  static Result<std::shared_ptr<const SampleBlock>> open(SamplePages pages, std::size_t rows);
  SampleBlock(const SampleBlock&) = delete;
  SampleBlock& operator=(const SampleBlock&) = delete;

  // Rows begin .. end - 1 are of one series; ascending.
  struct Run {
    std::uint32_t series = 0, begin = 0, end = 0;
  };
  std::span<const Run> runs() const { return runs_; }
  std::size_t find(std::uint32_t series) const;  // its run; runs().size() when it has none here

  // Runs with the same number have the same times.
  std::uint32_t times_number(std::size_t run) const { return times_.vector_of(run); }
  Result<void> times(std::size_t run, std::vector<TimeNs>& out) const { return times_.read(run, out); }  // replaces
  // Of the samples begin .. end - 1 of the run; appends.
  Result<void> values(std::size_t run, std::size_t begin, std::size_t end, std::vector<double>& out) const {
    return values_.read(run, begin, end, out);
  }
  bool has_histograms(std::size_t run) const { return !pages_.histograms.empty() && histograms_.has(run); }
  // Of all samples of the run, empty for a float; replaces. REQUIRES: has_histograms(run).
  Result<void> histograms(std::size_t run, StringColumn& out) const;

  std::size_t bytes() const { return bytes_; }  // of memory

 private:
  SampleBlock() = default;
  Result<void> load(std::size_t rows);

  SamplePages pages_;
  std::vector<Run> runs_;
  TimesBySeries times_;
  DoublesBySeries values_;
  TextsBySeries histograms_;
  std::size_t bytes_ = 0;
};

}  // namespace trilobite::columnar
