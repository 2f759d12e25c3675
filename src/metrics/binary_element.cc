#include "metrics/binary_element.h"

#include <fmt/core.h>

#include <type_traits>

#include "metrics/annotation_texts.h"
#include "metrics/histogram_math.h"

namespace trilobite::metrics {
namespace {

Outcome histogram_outcome(Histogram histogram) {
  Outcome out;
  out.histogram = std::make_shared<const Histogram>(std::move(histogram));
  return out;
}

Outcome misfit(BinaryOp op, const Operand& left, const Operand& right, Annotations& annotations, Position position) {
  const auto kind = [](const Operand& operand) { return operand.histogram ? "histogram" : "float"; };
  const std::string_view text = operator_text(op);
  annotations.info(fmt::format("incompatible sample types encountered for binary operator \"{}\": {} {} {}", text,
                               kind(left), text, kind(right)),
                   position);
  Outcome out;
  out.fits = false;
  return out;
}

Outcome sum_or_difference(BinaryOp op, const Operand& left, const Operand& right, Annotations& annotations,
                          Position position) {
  Histogram result = **left.histogram;
  const bool is_sum = op == BinaryOp::kAdd;
  const HistogramNotes notes = is_sum ? add(result, **right.histogram) : subtract(result, **right.histogram);
  if (notes.incompatible) {
    annotations.warn(fmt::format("incompatible bucket layout encountered for binary operator {}", operator_text(op)),
                     position);
    Outcome out;
    out.fits = false;
    return out;
  }
  note_combined(annotations, notes, is_sum ? kAddition : kSubtraction, position);
  if (!is_sum) result.reset = CounterReset::kGauge;
  compact(result);
  return histogram_outcome(std::move(result));
}

Outcome scaled(BinaryOp op, const Histogram& histogram, double by) {
  Histogram result = histogram;
  switch (op) {
    case BinaryOp::kMul:
      multiply(result, by);
      break;
    case BinaryOp::kDiv:
      divide(result, by);
      break;
    case BinaryOp::kTrimUpper:
      trim_above(result, by);
      break;
    default:
      trim_below(result, by);
      break;
  }
  compact(result);
  return histogram_outcome(std::move(result));
}

}  // namespace

Outcome combine(BinaryOp op, const Operand& left, const Operand& right, Annotations& annotations, Position position) {
  if (!left.histogram && !right.histogram) {
    if (!has_float_operator(op)) return misfit(op, left, right, annotations, position);
    Outcome out;
    with_float_operator(op, [&](auto apply) {
      if constexpr (std::is_same_v<decltype(apply(0.0, 0.0)), bool>) {
        out.keep = apply(left.value, right.value);
        out.value = left.value;
      } else {
        out.value = apply(left.value, right.value);
      }
    });
    return out;
  }
  if (left.histogram && right.histogram) {
    if (op == BinaryOp::kAdd || op == BinaryOp::kSub) return sum_or_difference(op, left, right, annotations, position);
    if (op == BinaryOp::kEqual || op == BinaryOp::kNotEqual) {
      Outcome out;
      out.keep = equal(**left.histogram, **right.histogram) == (op == BinaryOp::kEqual);
      out.histogram = *left.histogram;
      return out;
    }
  } else if (left.histogram) {
    const bool scales = op == BinaryOp::kMul || op == BinaryOp::kDiv;
    if (scales || op == BinaryOp::kTrimUpper || op == BinaryOp::kTrimLower) {
      return scaled(op, **left.histogram, right.value);
    }
  } else if (op == BinaryOp::kMul) {
    return scaled(op, **right.histogram, left.value);
  }
  return misfit(op, left, right, annotations, position);
}

}  // namespace trilobite::metrics
