// Operators with a scalar on one side or on both: a column at a time.
#include <type_traits>

#include "metrics/binary_element.h"
#include "metrics/evaluator.h"

namespace trilobite::metrics {

using query::is_present;
using query::kAbsent;

double binary_scalars(BinaryOp op, double left, double right) {
  double result = 0;
  with_float_operator(op, [&](auto apply) { result = static_cast<double>(apply(left, right)); });
  return result;
}

namespace {

struct ScalarOperation {
  const Binary& binary;
  const ScalarColumn& scalar;
  bool scalar_left;
  Annotations& annotations;
  Position position;

  void apply(StepSeries& series) const {
    if (has_float_operator(binary.op)) {
      with_float_operator(binary.op, [&](auto function) { apply_floats(function, series.values); });
    } else {
      for (std::size_t step = 0; step < series.values.size(); ++step) {
        if (is_present(series.values[step])) apply_sample(series, step);
      }
    }
    for (std::size_t step = 0; step < series.histograms.size(); ++step) {
      if (series.histograms[step]) apply_sample(series, step);
    }
  }

 private:
  template <class Function>
  void apply_floats(Function function, std::vector<double>& values) const {
    for (std::size_t step = 0; step < values.size(); ++step) {
      double& value = values[step];
      if (!is_present(value)) continue;
      const double other = scalar.at(step);
      const auto result = scalar_left ? function(other, value) : function(value, other);
      if constexpr (!std::is_same_v<decltype(function(0.0, 0.0)), bool>) {
        value = result;
      } else if (binary.return_bool) {
        value = result ? 1 : 0;
      } else if (!result) {
        value = kAbsent;  // what stays is the vector's value, on whichever side it is
      }
    }
  }

  void apply_sample(StepSeries& series, std::size_t step) const {
    const HistogramRef histogram = series.histograms.empty() ? nullptr : series.histograms[step];
    const Operand sample{series.values[step], histogram ? &histogram : nullptr}, other{scalar.at(step), nullptr};
    Outcome outcome = scalar_left ? combine(binary.op, other, sample, annotations, position)
                                  : combine(binary.op, sample, other, annotations, position);
    series.clear(step);
    if (!outcome.fits || (!outcome.keep && !binary.return_bool)) return;
    if (binary.return_bool) {
      series.values[step] = outcome.keep ? 1 : 0;
    } else if (outcome.histogram) {
      series.set(step, std::move(outcome.histogram));
    } else {
      series.values[step] = outcome.value;
    }
  }
};

}  // namespace

Result<void> stream_with_scalar(Evaluator& evaluator, const Expr& expr, const Binary& binary, const SeriesSink& sink) {
  const bool scalar_left = binary.left->type == ValueType::kScalar;
  TRY(scalar, evaluator.scalar(scalar_left ? *binary.left : *binary.right));
  const Expr& vector = scalar_left ? *binary.right : *binary.left;
  const ScalarOperation operation{binary, scalar, scalar_left, evaluator.annotations(), expr.position};
  const bool drops_name = changes_meaning(binary.op) || binary.return_bool;
  return evaluator.stream_mapped(
      vector, drops_name, [&](StepSeries& series) { operation.apply(series); }, sink);
}

}  // namespace trilobite::metrics
