// Folds rows into range windows, per group: the engine of count_over_time, rate, sum_over_time and their kin. Each
// worker of a scan has its own and adds whole blocks of rows; they are merged at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "query/windows.h"

namespace trilobite::query {

struct Sample {
  TimeNs time = 0;
  double value = 0;
};

// A function of all samples of one window, oldest first, never empty. For what cannot be merged from panes.
using WindowKernel = double (*)(std::span<const Sample> samples, TimeNs range);

struct RangeFunction {
  enum class Op : std::uint8_t {
    kCount,
    kSum,
    kAverage,
    kMin,
    kMax,
    kStdvar,
    kStddev,
    kFirst,
    kLast,
    kQuantile,
    kKernel,
  };
  Op op = Op::kCount;
  double quantile = 0;            // kQuantile
  WindowKernel kernel = nullptr;  // kKernel
};

// Rows of a block: all spans have the same length, but values may be empty for kCount.
struct SampleBlock {
  std::span<const std::uint32_t> groups;
  std::span<const TimeNs> times;
  std::span<const double> values;
};

// Not for several threads at once.
class RangeAccumulator {
 public:
  virtual ~RangeAccumulator() = default;
  virtual void add(const SampleBlock& block) = 0;
  // Rows of one group, each of value 1, times ascending. Those that only count rows look at pane borders alone.
  virtual void add_ones(std::uint32_t group, std::span<const TimeNs> times) = 0;
  // Takes over what another accumulator of the same function and windows has; its group g becomes group_map[g] here.
  virtual void merge(RangeAccumulator& other, std::span<const std::uint32_t> group_map) = 0;
  // One value per step, kAbsent where no row was in the window. Once per group; different groups at the same time.
  virtual std::vector<double> finish(std::uint32_t group) = 0;
  // Memory held, or needed once it knows this many groups. To be asked before a block with new groups is added.
  virtual std::size_t bytes(std::size_t groups) const = 0;
};

// `windows` must live as long as the accumulator.
std::unique_ptr<RangeAccumulator> make_range_accumulator(const RangeFunction& function, const Windows& windows);

}  // namespace trilobite::query
