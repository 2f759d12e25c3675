// Arithmetic and comparison of two vectors, group of matching series by group.
#include <unordered_map>

#include "metrics/binary_element.h"
#include "metrics/evaluator.h"
#include "metrics/series_matching.h"

namespace trilobite::metrics {
namespace {

using query::is_present;
using Card = VectorMatching::Card;

// Left and right are the sides as written; "one" is the side that may have one series per group (the right one, or
// with group_right the left one), "many" the other.
class VectorOperation {
 public:
  VectorOperation(Evaluator& evaluator, const Binary& binary, Position position, const StepVector& left,
                  const StepVector& right)
      : evaluator_(evaluator),
        binary_(binary),
        matching_(*binary.matching),
        position_(position),
        one_is_left_(matching_.card == Card::kOneToMany),
        many_(one_is_left_ ? right : left),
        one_(one_is_left_ ? left : right),
        steps_(evaluator.steps()),
        // As Prometheus has it: with group_right, too, fill_left is for the side that may have many series.
        fill_many_(matching_.fill_left),
        fill_one_(matching_.fill_right) {}

  Result<StepVector> run(const std::vector<MatchGroup>& groups) {
    for (const MatchGroup& group : groups) {
      TRY_VOID(evaluator_.query().context.check());
      TRY_VOID(
          run_group(group.labels, one_is_left_ ? group.right : group.left, one_is_left_ ? group.left : group.right));
    }
    TRY_VOID(join_equal_labels(out_));
    return std::move(out_);
  }

 private:
  using Members = std::vector<std::uint32_t>;

  Result<void> run_group(const LabelSet& labels, const Members& many, const Members& one) {
    if (one.empty() && !fill_one_) return {};
    if (many.empty() && !fill_many_ && one.size() < 2) return {};
    TRY_VOID(check_one_side(labels, one));
    if (matching_.card == Card::kOneToOne && many.size() > 1) TRY_VOID(check_many_side(many, one));
    std::vector<std::pair<LabelSet, std::size_t>> grouped;  // of group_x: results and where they are in out_
    for (const std::uint32_t m : many) {
      for (const std::uint32_t o : one) TRY_VOID(add_pair(m, o));
      if (fill_one_) TRY_VOID(add_filled_one(m, one, labels));
    }
    if (fill_many_) {
      for (const std::uint32_t o : one) TRY_VOID(add_filled_many(o, many, labels));
    }
    return {};
  }

  // Steps at which one of the sides has nothing at all: nothing is matched, so nothing can be ambiguous.
  bool is_idle(std::size_t step) {
    if (fill_one_ || fill_many_) return false;
    if (any_many_.empty()) {
      any_many_ = any_steps(many_);
      any_one_ = any_steps(one_);
    }
    return !any_many_[step] || !any_one_[step];
  }
  std::vector<bool> any_steps(const StepVector& side) const {
    Members all(side.series.size());
    for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
    return present_steps(side, all, steps_);
  }

  Result<void> check_one_side(const LabelSet& labels, const Members& one) {
    for (std::size_t step = 0; one.size() > 1 && step < steps_; ++step) {
      const StepSeries* first = nullptr;
      for (const std::uint32_t o : one) {
        const StepSeries& series = one_.series[o];
        if (!series.has(step)) continue;
        if (first && !is_idle(step)) {
          return error(Code::kInternal,
                       "found duplicate series for the match group {} on the {} hand-side of the operation: [{}, {}]"
                       ";many-to-many matching not allowed: matching labels must be unique on one side",
                       labels.to_string(), one_is_left_ ? "left" : "right", series.labels.to_string(),
                       first->labels.to_string());
        }
        first = &series;
      }
    }
    return {};
  }

  Result<void> check_many_side(const Members& many, const Members& one) const {
    const std::vector<bool> partner = present_steps(one_, one, steps_);
    for (std::size_t step = 0; step < steps_; ++step) {
      if (!partner[step] && !fill_one_) continue;
      std::size_t found = 0;
      for (const std::uint32_t m : many) found += many_.series[m].has(step) ? 1 : 0;
      if (found > 1) {
        return error(Code::kInternal,
                     "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)");
      }
    }
    return {};
  }

  LabelSet result_labels(const LabelSet& many, const LabelSet& one) const {
    const LabelSet& base = many;
    const bool drops = changes_meaning(binary_.op) || (binary_.return_bool && !evaluator_.names_stay());
    LabelSet labels = drops ? without_name(base) : base;
    if (matching_.card == Card::kOneToOne) {
      if (matching_.on) {
        labels = LabelChoice(matching_.labels, false).kept(labels);
      } else if (!matching_.labels.empty()) {
        LabelBuilder builder(labels);
        for (const std::string& name : matching_.labels) builder.remove(name);
        labels = builder.build();
      }
    }
    if (matching_.include.empty()) return labels;
    LabelBuilder builder(labels);
    for (const std::string& name : matching_.include) builder.set(name, one.get(name));
    return builder.build();
  }

  Operand operand(const StepSeries& series, std::size_t step) const {
    return {series.values[step], series.histogram(step)};
  }

  void put(StepSeries& out, std::size_t step, const Operand& many, const Operand& one) const {
    const Operand& left = one_is_left_ ? one : many;
    const Operand& right = one_is_left_ ? many : one;
    Outcome outcome = combine(binary_.op, left, right, evaluator_.annotations(), position_);
    if (!outcome.fits) return;
    if (binary_.return_bool) {
      out.values[step] = outcome.keep ? 1 : 0;
    } else if (!outcome.keep) {
      return;
    } else if (outcome.histogram) {
      out.set(step, std::move(outcome.histogram));
    } else {
      out.values[step] = outcome.value;
    }
  }

  // All steps of two series of floats.
  void put_floats(StepSeries& out, const StepSeries& many, const StepSeries& one) const {
    const std::vector<double>& left = one_is_left_ ? one.values : many.values;
    const std::vector<double>& right = one_is_left_ ? many.values : one.values;
    with_float_operator(binary_.op, [&](auto function) {
      for (std::size_t step = 0; step < left.size(); ++step) {
        if (!is_present(left[step]) || !is_present(right[step])) continue;
        if constexpr (std::is_same_v<decltype(function(0.0, 0.0)), bool>) {
          const bool keep = function(left[step], right[step]);
          if (binary_.return_bool) {
            out.values[step] = keep ? 1 : 0;
          } else if (keep) {
            out.values[step] = left[step];
          }
        } else {
          out.values[step] = function(left[step], right[step]);
        }
      }
    });
  }

  Result<void> add_pair(std::uint32_t m, std::uint32_t o) {
    const StepSeries& many = many_.series[m];
    const StepSeries& one = one_.series[o];
    StepSeries out = start(many.labels, one.labels, many.drop_name);
    std::vector<bool> matched;
    if (many.histograms.empty() && one.histograms.empty() && has_float_operator(binary_.op)) {
      put_floats(out, many, one);
    } else {
      for (std::size_t step = 0; step < steps_; ++step) {
        if (many.has(step) && one.has(step)) put(out, step, operand(many, step), operand(one, step));
      }
    }
    const auto both = [&](std::size_t step) { return many.has(step) && one.has(step); };
    return finish(std::move(out), both);
  }

  // The many side's samples that have no partner.
  Result<void> add_filled_one(std::uint32_t m, const Members& one, const LabelSet& labels) {
    const StepSeries& many = many_.series[m];
    const std::vector<bool> partner = present_steps(one_, one, steps_);
    StepSeries out = start(many.labels, labels, many.drop_name);
    const auto filled = [&](std::size_t step) { return many.has(step) && !partner[step]; };
    for (std::size_t step = 0; step < steps_; ++step) {
      if (filled(step)) put(out, step, operand(many, step), Operand{*fill_one_, nullptr});
    }
    return finish(std::move(out), filled);
  }

  // The one side's samples that have no partner.
  Result<void> add_filled_many(std::uint32_t o, const Members& many, const LabelSet& labels) {
    const StepSeries& one = one_.series[o];
    const std::vector<bool> partner = present_steps(many_, many, steps_);
    StepSeries out = start(labels, one.labels, one.drop_name);
    const auto filled = [&](std::size_t step) { return one.has(step) && !partner[step]; };
    for (std::size_t step = 0; step < steps_; ++step) {
      if (filled(step)) put(out, step, Operand{*fill_many_, nullptr}, operand(one, step));
    }
    return finish(std::move(out), filled);
  }

  StepSeries start(const LabelSet& many, const LabelSet& one, bool drop_name) const {
    StepSeries out = empty_series(result_labels(many, one), steps_);
    out.drop_name = evaluator_.names_stay() && (drop_name || binary_.return_bool);
    return out;
  }

  // `matched` says at which steps there was a pair, whether or not a comparison kept it.
  template <class Matched>
  Result<void> finish(StepSeries out, const Matched& matched) {
    if (matching_.card != Card::kOneToOne) TRY_VOID(check_unique(out.labels, matched));
    if (out.samples() == 0) return {};
    TRY_VOID(hold(out_.held, evaluator_.query().budget, out));
    out_.series.push_back(std::move(out));
    return {};
  }

  // With group_x two of the many may come to the same labels.
  template <class Matched>
  Result<void> check_unique(const LabelSet& labels, const Matched& matched) {
    const auto [found, added] = matched_.try_emplace(std::string(labels.bytes()));
    std::vector<bool>& steps = found->second;
    if (added) steps.resize(steps_);
    for (std::size_t step = 0; step < steps_; ++step) {
      if (!matched(step)) continue;
      if (steps[step]) {
        return error(Code::kInternal, "multiple matches for labels: grouping labels must ensure unique matches");
      }
      steps[step] = true;
    }
    return {};
  }

  Evaluator& evaluator_;
  const Binary& binary_;
  const VectorMatching& matching_;
  Position position_;
  bool one_is_left_;
  const StepVector& many_;
  const StepVector& one_;
  std::size_t steps_;
  std::optional<double> fill_many_, fill_one_;
  std::vector<bool> any_many_, any_one_;                        // filled when asked for
  std::unordered_map<std::string, std::vector<bool>> matched_;  // by labels of the result
  StepVector out_;
};

}  // namespace

Result<StepVector> evaluate_binary(Evaluator& evaluator, const Expr& expr, const Binary& binary) {
  TRY(left, evaluator.vector(*binary.left));
  TRY(right, evaluator.vector(*binary.right));
  const std::vector<MatchGroup> groups = match_series(left, right, *binary.matching);
  return VectorOperation(evaluator, binary, expr.position, left, right).run(groups);
}

}  // namespace trilobite::metrics
