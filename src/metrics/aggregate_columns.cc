#include "metrics/aggregate_columns.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "metrics/annotation_texts.h"
#include "metrics/compensated_sum.h"
#include "metrics/histogram_math.h"
#include "metrics/label_algebra.h"

namespace trilobite::metrics {
namespace {

struct SumCell {
  CompensatedSum sum;
  bool any = false;
  void add(double value) {
    if (any) {
      sum.add(value);
    } else {
      sum.sum = value;  // not 0 + value, which would lose the sign of a zero
      any = true;
    }
  }
  void merge(const SumCell& other) {
    if (!other.any) return;
    add(other.sum.sum);
    if (!std::isinf(sum.sum)) sum.rest += other.sum.rest;
  }
  double result() const { return sum.total(); }
};

struct MeanCell {
  CompensatedMean mean;
  bool any = false;
  void add(double value) {
    any = true;
    mean.add(value);
  }
  void merge(const MeanCell& other) {
    any = any || other.any;
    mean.merge(other.mean);
  }
  double result() const { return mean.mean(); }
};

struct CountCell {
  double count = 0;
  bool any = false;
  void add(double) {
    any = true;
    count += 1;
  }
  void merge(const CountCell& other) {
    any = any || other.any;
    count += other.count;
  }
  double result() const { return count; }
};

struct GroupCell {
  bool any = false;
  void add(double) { any = true; }
  void merge(const GroupCell& other) { any = any || other.any; }
  double result() const { return 1; }
};

template <bool least>
struct ExtremeCell {
  double extreme = 0;
  bool any = false;
  void add(double value) {
    if (!any || (least ? value < extreme : value > extreme) || std::isnan(extreme)) extreme = value;
    any = true;
  }
  void merge(const ExtremeCell& other) {
    if (other.any) add(other.extreme);
  }
  double result() const { return extreme; }
};

// Welford's method; the first infinity makes everything NaN.
template <bool is_deviation>
struct VarianceCell {
  double count = 0, mean = 0, squares = 0;
  bool any = false;
  void add(double value) {
    any = true;
    count += 1;
    if (count == 1) {
      mean = value;
      squares = std::isnan(value) || std::isinf(value) ? std::numeric_limits<double>::quiet_NaN() : 0;
      return;
    }
    const double delta = value - mean;
    mean += delta / count;
    squares += delta * (value - mean);
  }
  void merge(const VarianceCell& other) {
    if (!other.any) return;
    if (!any) {
      *this = other;
      return;
    }
    const double all = count + other.count, delta = other.mean - mean;
    squares += other.squares + delta * delta * count * other.count / all;
    mean += delta * other.count / all;
    count = all;
  }
  double result() const { return is_deviation ? std::sqrt(squares / count) : squares / count; }
};

// The histograms of a group: their sums, where there are any.
class HistogramCells {
 public:
  HistogramCells(std::size_t steps, Annotations& annotations, Position position)
      : cells_(steps), annotations_(annotations), position_(position) {}

  void add(std::size_t step, const Histogram& histogram, std::string_view metric) {
    Cell& cell = cells_[step];
    if (!cell.incompatible) note(cell, cell.sum.add(histogram));
    keep_first(first_of_[histogram.schema == kCustomBuckets], metric);
  }
  void merge(const HistogramCells& other) {
    for (std::size_t step = 0; step < cells_.size(); ++step) {
      const Cell& from = other.cells_[step];
      Cell& to = cells_[step];
      to.incompatible = to.incompatible || from.incompatible;
      to.conflict = to.conflict || from.conflict;
      if (!to.incompatible) note(to, to.sum.merge(from.sum));
    }
    for (std::size_t kind = 0; kind < first_of_.size(); ++kind) {
      if (other.first_of_[kind]) keep_first(first_of_[kind], *other.first_of_[kind]);
    }
  }
  bool any(std::size_t step) const { return cells_[step].incompatible || !cells_[step].sum.empty(); }
  void warn(std::size_t step) const {
    if (!cells_[step].incompatible) return;
    warn_mixed_buckets(annotations_, std::max(*first_of_[0], *first_of_[1]), position_);
  }
  // Null: there is none, or they do not go together.
  HistogramRef finish(std::size_t step, bool is_mean) const {
    const Cell& cell = cells_[step];
    if (cell.incompatible || cell.sum.empty()) return nullptr;
    if (cell.conflict) note_combined(annotations_, {.resets_conflict = true}, kAggregated, position_);
    return std::make_shared<const Histogram>(is_mean ? cell.sum.mean() : cell.sum.sum());
  }

 private:
  struct Cell {
    HistogramSum sum;
    bool incompatible = false, conflict = false;
  };

  static void keep_first(std::optional<std::string>& first, std::string_view metric) {
    if (!first || metric < *first) first = metric;
  }
  void note(Cell& cell, const HistogramNotes& notes) {
    if (notes.incompatible) {
      cell.incompatible = true;
      return;
    }
    cell.conflict = cell.conflict || notes.resets_conflict;
    note_reconciled(annotations_, notes, kAggregated, position_);
  }

  std::vector<Cell> cells_;
  // The first metric with exponential and with custom buckets, in the order of names: whichever worker read what, the
  // later of the two is the one that did not go with those before it.
  std::array<std::optional<std::string>, 2> first_of_;
  Annotations& annotations_;
  Position position_;
};

enum class WithHistograms : std::uint8_t { kIgnored, kCounted, kSummed, kAveraged };

template <class Cell, WithHistograms with_histograms>
class Columns final : public GroupColumns {
 public:
  Columns(AggregateOp op, std::size_t steps, Annotations& annotations, Position position)
      : op_(op), cells_(steps), annotations_(annotations), position_(position) {}

  void add(const StepSeries& series) override {
    for (std::size_t step = 0; step < cells_.size(); ++step) {
      if (query::is_present(series.values[step])) cells_[step].add(series.values[step]);
    }
    for (std::size_t step = 0; step < series.histograms.size(); ++step) {
      if (series.histograms[step]) add(step, *series.histograms[step], series.labels);
    }
  }
  void merge(const GroupColumns& other) override {
    const auto& from = static_cast<const Columns&>(other);
    for (std::size_t step = 0; step < cells_.size(); ++step) cells_[step].merge(from.cells_[step]);
    if (!from.histograms_) return;
    if (histograms_) {
      histograms_->merge(*from.histograms_);
    } else {
      histograms_ = std::make_unique<HistogramCells>(*from.histograms_);
    }
  }
  StepSeries finish(LabelSet labels) const override {
    StepSeries out = empty_series(std::move(labels), cells_.size());
    for (std::size_t step = 0; step < cells_.size(); ++step) {
      const bool histograms = histograms_ && histograms_->any(step);
      if (histograms) histograms_->warn(step);
      if (cells_[step].any && histograms) {
        warn_mixed_aggregation(annotations_, position_);
      } else if (cells_[step].any) {
        out.values[step] = cells_[step].result();
      } else if (histograms) {
        HistogramRef result = histograms_->finish(step, with_histograms == WithHistograms::kAveraged);
        if (result) out.set(step, std::move(result));
      }
    }
    return out;
  }
  std::size_t bytes() const override { return sizeof(*this) + cells_.size() * sizeof(Cell); }

 private:
  void add(std::size_t step, const Histogram& histogram, const LabelSet& labels) {
    if constexpr (with_histograms == WithHistograms::kCounted) {
      cells_[step].add(0);
    } else if constexpr (with_histograms == WithHistograms::kIgnored) {
      if (!said_ignored_) info_ignored_in_aggregation(annotations_, aggregate_name(op_), position_);
      said_ignored_ = true;
    } else {
      if (!histograms_) histograms_ = std::make_unique<HistogramCells>(cells_.size(), annotations_, position_);
      histograms_->add(step, histogram, metric_name(labels));
    }
  }

  AggregateOp op_;
  std::vector<Cell> cells_;
  bool said_ignored_ = false;
  std::unique_ptr<HistogramCells> histograms_;  // null: no series had one
  Annotations& annotations_;
  Position position_;
};

}  // namespace

std::unique_ptr<GroupColumns> make_group_columns(AggregateOp op, std::size_t steps, Annotations& annotations,
                                                 Position position) {
  using With = WithHistograms;
  const auto make = [&]<class Made>(std::type_identity<Made>) -> std::unique_ptr<GroupColumns> {
    return std::make_unique<Made>(op, steps, annotations, position);
  };
  switch (op) {
    case AggregateOp::kSum:
      return make(std::type_identity<Columns<SumCell, With::kSummed>>());
    case AggregateOp::kAvg:
      return make(std::type_identity<Columns<MeanCell, With::kAveraged>>());
    case AggregateOp::kCount:
      return make(std::type_identity<Columns<CountCell, With::kCounted>>());
    case AggregateOp::kGroup:
      return make(std::type_identity<Columns<GroupCell, With::kCounted>>());
    case AggregateOp::kMin:
      return make(std::type_identity<Columns<ExtremeCell<true>, With::kIgnored>>());
    case AggregateOp::kMax:
      return make(std::type_identity<Columns<ExtremeCell<false>, With::kIgnored>>());
    case AggregateOp::kStddev:
      return make(std::type_identity<Columns<VarianceCell<true>, With::kIgnored>>());
    case AggregateOp::kStdvar:
      return make(std::type_identity<Columns<VarianceCell<false>, With::kIgnored>>());
    default:
      break;
  }
  CHECK(false);
  return nullptr;
}

}  // namespace trilobite::metrics
