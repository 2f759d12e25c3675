// Arithmetic and comparison of two vectors, group of matching series by group; several workers take some of them each.
#include <algorithm>
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
    find_idle_steps(groups);
    checks_unique_ = may_repeat(groups);
    std::vector<Part> parts = cut(groups);
    TRY_VOID(evaluator_.parallel(parts.size(), [&](std::size_t, std::size_t index) -> Result<void> {
      for (const Piece& piece : parts[index].pieces) TRY_VOID(run_piece(piece, parts[index]));
      return {};
    }));
    TRY_VOID(check_unique(parts));
    StepVector out;
    for (Part& part : parts) {
      std::move(part.out.series.begin(), part.out.series.end(), std::back_inserter(out.series));
      out.held.add(std::move(part.out.held));
    }
    TRY_VOID(join_equal_labels(out, labels_differ() ? Joining::kNoneEqual : Joining::kWhereApart));
    return out;
  }

 private:
  using Members = std::vector<std::uint32_t>;

  // Some of the many series of a group, with all of the one side.
  struct Piece {
    const MatchGroup* group = nullptr;
    std::size_t from = 0, to = 0;  // in the many side's members
    bool last = false;             // of its group
  };
  // The labels of a result and where there was a pair, whether or not a comparison kept it.
  struct Matched {
    const MatchGroup* group = nullptr;
    LabelSet labels;
    std::vector<bool> steps;
  };
  // What one worker does at a time, and what came out.
  struct Part {
    std::vector<Piece> pieces;
    StepVector out;
    std::vector<Matched> matched;
  };
  static constexpr std::size_t kSeriesPerPart = 256;

  const Members& many_of(const MatchGroup& group) const { return one_is_left_ ? group.right : group.left; }
  const Members& one_of(const MatchGroup& group) const { return one_is_left_ ? group.left : group.right; }

  std::vector<Part> cut(const std::vector<MatchGroup>& groups) const {
    std::vector<Part> parts;
    std::size_t room = 0;  // in the last part
    for (const MatchGroup& group : groups) {
      const std::size_t many = many_of(group).size();
      std::size_t from = 0;
      do {
        if (room == 0) {
          parts.emplace_back();
          room = kSeriesPerPart;
        }
        const std::size_t to = std::min(many, from + room);
        parts.back().pieces.push_back({&group, from, to, to == many});
        room -= std::min(room, std::max<std::size_t>(to - from, 1));
        from = to;
      } while (from < many);
    }
    return parts;
  }

  Result<void> run_piece(const Piece& piece, Part& part) const {
    const MatchGroup& group = *piece.group;
    const Members& many = many_of(group);
    const Members& one = one_of(group);
    if (one.empty() && !fill_one_) return {};
    if (many.empty() && !fill_many_ && one.size() < 2) return {};
    if (piece.from == 0) {
      TRY_VOID(check_one_side(group.labels, one));
      if (matching_.card == Card::kOneToOne && many.size() > 1) TRY_VOID(check_many_side(many, one));
    }
    const std::vector<bool> partner = fill_one_ ? present_steps(one_, one, steps_) : std::vector<bool>();
    for (std::size_t i = piece.from; i < piece.to; ++i) {
      for (const std::uint32_t o : one) TRY_VOID(add_pair(many[i], o, group, part));
      if (fill_one_) TRY_VOID(add_filled_one(many[i], partner, group, part));
    }
    if (!fill_many_ || !piece.last) return {};
    const std::vector<bool> many_partner = present_steps(many_, many, steps_);
    for (const std::uint32_t o : one) TRY_VOID(add_filled_many(o, many_partner, group, part));
    return {};
  }

  bool drops_name() const { return changes_meaning(binary_.op) || (binary_.return_bool && !evaluator_.names_stay()); }
  bool fills() const { return fill_one_ || fill_many_; }

  bool many_have_one_name() const {
    const auto name = [](const StepSeries& series) { return metric_name(series.labels); };
    return many_.series.empty() || std::all_of(many_.series.begin(), many_.series.end(), [&](const StepSeries& series) {
             return name(series) == name(many_.series[0]);
           });
  }

  // With group_x: whether two results of one group may have the same labels.
  bool may_repeat(const std::vector<MatchGroup>& groups) const {
    if (matching_.card == Card::kOneToOne) return false;
    if (fills() || !matching_.include.empty()) return true;
    if (std::any_of(groups.begin(), groups.end(), [&](const auto& group) { return one_of(group).size() > 1; })) {
      return true;
    }
    return drops_name() && !many_have_one_name();
  }

  // With group_x, results have the labels of different series, but for the name, unless something may repeat.
  bool labels_differ() const { return matching_.card != Card::kOneToOne && !checks_unique_; }

  // Steps at which one of the sides has nothing at all: nothing is matched, so nothing can be ambiguous.
  void find_idle_steps(const std::vector<MatchGroup>& groups) {
    if (fills()) return;
    if (std::none_of(groups.begin(), groups.end(), [&](const auto& group) { return one_of(group).size() > 1; })) return;
    any_many_ = any_steps(many_);
    any_one_ = any_steps(one_);
  }
  bool is_idle(std::size_t step) const { return !fills() && (!any_many_[step] || !any_one_[step]); }
  std::vector<bool> any_steps(const StepVector& side) const {
    Members all(side.series.size());
    for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
    return present_steps(side, all, steps_);
  }

  Result<void> check_one_side(const LabelSet& labels, const Members& one) const {
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
    LabelSet labels = drops_name() ? without_name(base) : base;
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

  Result<void> add_pair(std::uint32_t m, std::uint32_t o, const MatchGroup& group, Part& part) const {
    const StepSeries& many = many_.series[m];
    const StepSeries& one = one_.series[o];
    StepSeries out = start(many.labels, one.labels, many.drop_name);
    if (many.histograms.empty() && one.histograms.empty() && has_float_operator(binary_.op)) {
      put_floats(out, many, one);
    } else {
      for (std::size_t step = 0; step < steps_; ++step) {
        if (many.has(step) && one.has(step)) put(out, step, operand(many, step), operand(one, step));
      }
    }
    const auto both = [&](std::size_t step) { return many.has(step) && one.has(step); };
    return finish(std::move(out), both, group, part);
  }

  // The many side's samples that have no partner.
  Result<void> add_filled_one(std::uint32_t m, const std::vector<bool>& partner, const MatchGroup& group,
                              Part& part) const {
    const StepSeries& many = many_.series[m];
    StepSeries out = start(many.labels, group.labels, many.drop_name);
    const auto filled = [&](std::size_t step) { return many.has(step) && !partner[step]; };
    for (std::size_t step = 0; step < steps_; ++step) {
      if (filled(step)) put(out, step, operand(many, step), Operand{*fill_one_, nullptr});
    }
    return finish(std::move(out), filled, group, part);
  }

  // The one side's samples that have no partner.
  Result<void> add_filled_many(std::uint32_t o, const std::vector<bool>& partner, const MatchGroup& group,
                               Part& part) const {
    const StepSeries& one = one_.series[o];
    StepSeries out = start(group.labels, one.labels, one.drop_name);
    const auto filled = [&](std::size_t step) { return one.has(step) && !partner[step]; };
    for (std::size_t step = 0; step < steps_; ++step) {
      if (filled(step)) put(out, step, Operand{*fill_many_, nullptr}, operand(one, step));
    }
    return finish(std::move(out), filled, group, part);
  }

  StepSeries start(const LabelSet& many, const LabelSet& one, bool drop_name) const {
    StepSeries out = empty_series(result_labels(many, one), steps_);
    out.drop_name = evaluator_.names_stay() && (drop_name || binary_.return_bool);
    return out;
  }

  // `matched` says at which steps there was a pair, whether or not a comparison kept it.
  template <class IsMatched>
  Result<void> finish(StepSeries out, const IsMatched& matched, const MatchGroup& group, Part& part) const {
    if (checks_unique_) {
      Matched found{&group, out.labels, std::vector<bool>(steps_)};
      for (std::size_t step = 0; step < steps_; ++step) found.steps[step] = matched(step);
      part.matched.push_back(std::move(found));
    }
    if (out.samples() == 0) return {};
    TRY_VOID(hold(part.out.held, evaluator_.query().budget, out));
    part.out.series.push_back(std::move(out));
    return {};
  }

  // With group_x two of the many of a group may come to the same labels.
  Result<void> check_unique(std::vector<Part>& parts) const {
    if (!checks_unique_) return {};
    std::unordered_map<std::string_view, std::vector<bool>*> seen;  // of one group
    const MatchGroup* group = nullptr;
    for (Part& part : parts) {
      for (Matched& matched : part.matched) {
        if (matched.group != group) seen.clear();
        group = matched.group;
        const auto [found, added] = seen.try_emplace(matched.labels.bytes(), &matched.steps);
        if (added) continue;
        for (std::size_t step = 0; step < steps_; ++step) {
          if (!matched.steps[step]) continue;
          if ((*found->second)[step]) {
            return error(Code::kInternal, "multiple matches for labels: grouping labels must ensure unique matches");
          }
          (*found->second)[step] = true;
        }
      }
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
  std::vector<bool> any_many_, any_one_;  // see is_idle()
  bool checks_unique_ = false;
};

}  // namespace

Result<StepVector> evaluate_binary(Evaluator& evaluator, const Expr& expr, const Binary& binary) {
  TRY(left, evaluator.vector(*binary.left));
  TRY(right, evaluator.vector(*binary.right));
  const std::vector<MatchGroup> groups = match_series(left, right, *binary.matching);
  return VectorOperation(evaluator, binary, expr.position, left, right).run(groups);
}

}  // namespace trilobite::metrics
