#include "query/binary.h"

#include <cmath>
#include <limits>

#include "base/check.h"
#include "query/group_table.h"

namespace trilobite::query {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

double apply(BinaryOp op, double left, double right, bool zero_divisor_is_nan) {
  switch (op) {
    case BinaryOp::kPow:
      return std::pow(left, right);
    case BinaryOp::kMul:
      return left * right;
    case BinaryOp::kDiv:
      return right == 0 && zero_divisor_is_nan ? kNan : left / right;
    case BinaryOp::kMod:
      return right == 0 && zero_divisor_is_nan ? kNan : std::fmod(left, right);
    case BinaryOp::kAdd:
      return left + right;
    case BinaryOp::kSub:
      return left - right;
    case BinaryOp::kEqual:
      return left == right;
    case BinaryOp::kNotEqual:
      return left != right;
    case BinaryOp::kGreater:
      return left > right;
    case BinaryOp::kGreaterEqual:
      return left >= right;
    case BinaryOp::kLess:
      return left < right;
    case BinaryOp::kLessEqual:
      return left <= right;
    case BinaryOp::kAnd:
    case BinaryOp::kUnless:
    case BinaryOp::kOr:
      break;
  }
  CHECK(false);
  return kNan;
}

// `kept` is the operand whose value a filtering comparison lets through.
double combine(BinaryOp op, double left, double right, double kept, const BinaryOptions& options) {
  const double value = apply(op, left, right, options.zero_divisor_is_nan);
  if (!is_comparison(op) || options.return_bool) return value;
  return value != 0 ? kept : kAbsent;
}

// Series of both sides that have the same compared labels.
struct Match {
  std::vector<std::uint32_t> left, right;
};

std::vector<Match> match_series(const Matrix& left, const Matrix& right, const LabelGrouping& compared) {
  GroupTable table;
  std::vector<Match> matches;
  const auto add = [&](const Matrix& side, std::vector<std::uint32_t> Match::*list) {
    for (std::uint32_t i = 0; i < side.series.size(); ++i) {
      const std::uint32_t id = table.find_or_add(kept_labels(side.series[i].labels, compared).bytes());
      if (id == matches.size()) matches.emplace_back();
      (matches[id].*list).push_back(i);
    }
  };
  add(left, &Match::left);
  add(right, &Match::right);
  return matches;
}

LabelSet result_labels(const LabelSet& many, const LabelSet& one, const BinaryOptions& options) {
  std::vector<std::pair<std::string, std::string>> pairs;
  const bool reduced = options.matching && options.card == BinaryOptions::Card::kOneToOne;
  const LabelGrouping included{false, options.include};
  for (const std::string& name : options.include) pairs.emplace_back(name, one.get(name));
  for (const auto& [name, value] : many) {
    if (included.keeps(name) || (reduced && !options.compared.keeps(name))) continue;
    pairs.emplace_back(name, value);
  }
  return LabelSet::from_pairs(std::move(pairs));
}

// Result series by their labels: pairs of operands that take turns over time share one.
class Output {
 public:
  explicit Output(const TimeGrid& grid) : matrix_{grid, {}, false} {}

  Series& series(LabelSet labels) {
    const std::uint32_t id = table_.find_or_add(labels.bytes());
    if (id == matrix_.series.size()) {
      matrix_.series.push_back({std::move(labels), std::vector<double>(matrix_.grid.steps(), kAbsent)});
    }
    return matrix_.series[id];
  }
  Matrix take() && {
    drop_empty(matrix_);
    sort_by_labels(matrix_);
    return std::move(matrix_);
  }

 private:
  Matrix matrix_;
  GroupTable table_;
};

// Arithmetic and comparison. Every series of the "many" side meets the one series of the "one" side that is present
// at that step; for one to one, the left side plays "many" and is checked to be single as well.
class VectorOperation {
 public:
  VectorOperation(BinaryOp op, const Matrix& left, const Matrix& right, const BinaryOptions& options)
      : op_(op),
        options_(options),
        swapped_(options.card == BinaryOptions::Card::kOneToMany),
        many_(swapped_ ? right : left),
        one_(swapped_ ? left : right),
        output_(left.grid) {}

  Result<void> run(const Match& match) {
    const std::vector<std::uint32_t>& ones = swapped_ ? match.left : match.right;
    const std::vector<std::uint32_t>& manys = swapped_ ? match.right : match.left;
    TRY_VOID(check_single(ones));
    std::vector<bool> taken(many_.grid.steps(), false);
    for (const std::uint32_t many : manys) {
      for (const std::uint32_t one : ones) TRY_VOID(run_pair(many_.series[many], one_.series[one], taken));
    }
    return {};
  }
  Matrix take() && { return std::move(output_).take(); }

 private:
  Result<void> check_single(const std::vector<std::uint32_t>& ones) const {
    if (ones.size() < 2) return {};
    for (std::size_t step = 0; step < one_.grid.steps(); ++step) {
      int present = 0;
      for (const std::uint32_t i : ones) present += is_present(one_.series[i].values[step]);
      if (present < 2) continue;
      return error(Code::kInternal,
                   "found duplicate series on the {} hand-side;many-to-many matching not allowed: matching labels must "
                   "be unique on one side",
                   swapped_ ? "left" : "right");
    }
    return {};
  }

  Result<void> run_pair(const Series& many, const Series& one, std::vector<bool>& taken) {
    Series* result = nullptr;
    for (std::size_t step = 0; step < many.values.size(); ++step) {
      if (is_absent(many.values[step]) || is_absent(one.values[step])) continue;
      if (options_.card == BinaryOptions::Card::kOneToOne) {
        if (taken[step]) {
          return error(Code::kInternal,
                       "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)");
        }
        taken[step] = true;
      }
      const double left = swapped_ ? one.values[step] : many.values[step];
      const double right = swapped_ ? many.values[step] : one.values[step];
      const double value = combine(op_, left, right, left, options_);
      if (is_absent(value)) continue;
      if (result == nullptr) result = &output_.series(result_labels(many.labels, one.labels, options_));
      if (is_present(result->values[step])) {
        return error(Code::kInternal, "multiple matches for labels: grouping labels must ensure unique matches");
      }
      result->values[step] = value;
    }
    return {};
  }

  BinaryOp op_;
  const BinaryOptions& options_;
  bool swapped_;
  const Matrix& many_;
  const Matrix& one_;
  Output output_;
};

// and, unless, or: whether the other side has any matching series at the step decides.
class SetOperation {
 public:
  SetOperation(BinaryOp op, const Matrix& left, const Matrix& right)
      : op_(op), left_(left), right_(right), output_(left.grid) {}

  void run(const Match& match) {
    if (op_ == BinaryOp::kOr) {
      copy(left_, match.left, {}, false);
      copy(right_, match.right, present(left_, match.left), false);
    } else {
      copy(left_, match.left, present(right_, match.right), op_ == BinaryOp::kAnd);
    }
  }
  Matrix take() && { return std::move(output_).take(); }

 private:
  static std::vector<bool> present(const Matrix& side, const std::vector<std::uint32_t>& members) {
    std::vector<bool> any(side.grid.steps(), false);
    for (const std::uint32_t i : members) {
      for (std::size_t step = 0; step < any.size(); ++step)
        any[step] = any[step] || is_present(side.series[i].values[step]);
    }
    return any;
  }

  // Values at the steps where `flags` is `wanted`; all if there are no flags.
  void copy(const Matrix& side, const std::vector<std::uint32_t>& members, const std::vector<bool>& flags,
            bool wanted) {
    for (const std::uint32_t i : members) {
      Series& to = output_.series(side.series[i].labels);
      for (std::size_t step = 0; step < to.values.size(); ++step) {
        if (!flags.empty() && flags[step] != wanted) continue;
        if (is_present(side.series[i].values[step])) to.values[step] = side.series[i].values[step];
      }
    }
  }

  BinaryOp op_;
  const Matrix& left_;
  const Matrix& right_;
  Output output_;
};

}  // namespace

bool is_comparison(BinaryOp op) { return op >= BinaryOp::kEqual && op <= BinaryOp::kLessEqual; }
bool is_set(BinaryOp op) { return op >= BinaryOp::kAnd; }

Result<Matrix> binary(BinaryOp op, const Matrix& left, const Matrix& right, const BinaryOptions& options) {
  CHECK(left.grid == right.grid);
  const std::vector<Match> matches = match_series(left, right, options.compared);
  if (is_set(op)) {
    SetOperation operation(op, left, right);
    for (const Match& match : matches) operation.run(match);
    return std::move(operation).take();
  }
  VectorOperation operation(op, left, right, options);
  for (const Match& match : matches) TRY_VOID(operation.run(match));
  return std::move(operation).take();
}

Matrix binary_right_scalar(BinaryOp op, Matrix left, double right, const BinaryOptions& options) {
  for (Series& series : left.series) {
    for (double& value : series.values) {
      if (is_present(value)) value = combine(op, value, right, value, options);
    }
  }
  drop_empty(left);
  return left;
}

Matrix binary_left_scalar(BinaryOp op, double left, Matrix right, const BinaryOptions& options) {
  for (Series& series : right.series) {
    for (double& value : series.values) {
      if (is_present(value)) value = combine(op, left, value, value, options);
    }
  }
  drop_empty(right);
  return right;
}

double binary_scalars(BinaryOp op, double left, double right, const BinaryOptions& options) {
  return apply(op, left, right, options.zero_divisor_is_nan);
}

}  // namespace trilobite::query
