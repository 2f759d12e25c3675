// info(): labels of info metrics (target_info and its like) put on series that have the same `job` and `instance`.
#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "metrics/durations.h"
#include "metrics/function_table.h"
#include "metrics/label_algebra.h"
#include "storage/label_matcher.h"

namespace trilobite::metrics {
namespace {

constexpr std::array<std::string_view, 2> kIdentifying{"instance", "job"};
// With more values than this the store is not asked for them one by one.
constexpr std::size_t kValuesAskedMax = 500;

bool is_positive(MatchOp op) { return op == MatchOp::kEqual || op == MatchOp::kRegex; }

// What the second argument says: which info metrics, and which of their labels.
struct InfoSelector {
  std::vector<Matcher> names, data;
  std::set<std::string, std::less<>> wanted;  // labels; empty: all
  bool must_match = false;                    // some matcher refuses a series that has no such label
  // A series that is an info metric itself is left as it is.
  std::vector<storage::LabelMatcher> name_matchers;

  bool takes(std::string_view label) const { return wanted.empty() || wanted.count(label) > 0; }
  bool is_info(std::string_view name) const {
    return std::all_of(name_matchers.begin(), name_matchers.end(),
                       [&](const auto& matcher) { return matcher.matches(name); });
  }
};

Result<InfoSelector> read_selector(const Call& call) {
  InfoSelector out;
  if (call.arguments.size() > 1) {
    for (const Matcher& matcher : std::get<VectorSelector>(unwrapped(*call.arguments[1]).node).matchers) {
      if (matcher.name == kMetricName) {
        out.names.push_back(matcher);
        continue;
      }
      TRY(compiled, storage::LabelMatcher::compile(matcher));
      out.must_match |= !compiled.matches("");
      out.data.push_back(matcher);
      out.wanted.insert(matcher.name);
    }
  }
  if (out.names.empty()) {
    out.names.push_back({std::string(kMetricName), MatchOp::kEqual, "target_info"});
  } else if (std::none_of(out.names.begin(), out.names.end(), [](const Matcher& m) { return is_positive(m.op); })) {
    // Names that are ruled out leave the other info metrics, not every metric.
    out.names.push_back({std::string(kMetricName), MatchOp::kRegex, ".+_info"});
  }
  for (const Matcher& matcher : out.names) {
    TRY(compiled, storage::LabelMatcher::compile(matcher));
    out.name_matchers.push_back(std::move(compiled));
  }
  return out;
}

// When the samples of an expression are taken.
struct When {
  Modifiers::At at = Modifiers::At::kNone;
  TimeNs at_time = 0;
  TimeNs offset = 0;
};

// The modifiers of the first selector of an expression and of what is around it, as one.
class FirstSelector {
 public:
  explicit FirstSelector(const query::TimeGrid& grid) : grid_(grid) {}

  // True: found below `expr`, and `found` says how.
  Result<bool> find(const Expr& expr) {
    return std::visit([this](const auto& node) { return visit(node); }, expr.node);
  }
  const When& found() const { return when_; }

 private:
  Result<bool> apply(const Modifiers& modifiers) {
    if (modifiers.at != Modifiers::At::kNone) {
      when_ = {modifiers.at, modifiers.at_time, 0};
    }
    if (modifiers.offset) {
      TRY(offset, resolve_offset(*modifiers.offset, grid_));
      when_.offset += offset;
    }
    return true;
  }
  Result<bool> visit(const NumberLiteral&) { return false; }
  Result<bool> visit(const StringLiteral&) { return false; }
  Result<bool> visit(const VectorSelector& node) { return apply(node.modifiers); }
  Result<bool> visit(const MatrixSelector& node) { return find(*node.selector); }
  Result<bool> visit(const Subquery& node) {
    const When outside = when_;
    TRY_VOID(apply(node.modifiers));
    TRY(found, find(*node.expr));
    if (!found) when_ = outside;
    return found;
  }
  Result<bool> visit(const Call& node) {
    for (const ExprPtr& argument : node.arguments) {
      TRY(found, find(*argument));
      if (found) return true;
    }
    return false;
  }
  Result<bool> visit(const Aggregation& node) { return find(*node.expr); }
  Result<bool> visit(const Binary& node) {
    TRY(found, find(*node.left));
    if (found) return true;
    return find(*node.right);
  }
  Result<bool> visit(const Unary& node) { return find(*node.expr); }
  Result<bool> visit(const Paren& node) { return find(*node.expr); }

  const query::TimeGrid& grid_;
  When when_;
};

std::string identity_of(const LabelSet& labels) {
  std::string out;
  for (const std::string_view name : kIdentifying) {
    const std::string_view value = labels.get(name);
    out += std::to_string(value.size()) + ':';
    out += value;
  }
  return out;
}

bool has_identity(const LabelSet& labels) {
  return std::any_of(kIdentifying.begin(), kIdentifying.end(), [&](auto name) { return !labels.get(name).empty(); });
}

// The info series of one name and one identity: at each step the one whose sample is newest.
struct InfoSource {
  std::vector<const StepSeries*> newest;  // per step; null: none
  std::vector<double> times;
};

class InfoJoin {
 public:
  InfoJoin(Evaluator& evaluator, InfoSelector selector) : evaluator_(evaluator), selector_(std::move(selector)) {}

  Result<StepVector> join(StepVector base, const When& when) {
    TRY_VOID(read_infos(base, when));
    StepVector out;
    for (StepSeries& series : base.series) {
      if (selector_.is_info(metric_name(series.labels))) {
        out.series.push_back(std::move(series));
      } else {
        TRY_VOID(enrich(series, out));
      }
    }
    TRY_VOID(join_equal_labels(out));
    for (const StepSeries& series : out.series) TRY_VOID(hold(out.held, evaluator_.query().budget, series));
    return out;
  }

 private:
  // `instance=~"a|b"` of all the values that there are: others cannot match.
  static std::optional<Matcher> identity_matcher(const StepVector& base, std::string_view name) {
    std::set<std::string> values;
    for (const StepSeries& series : base.series) {
      if (has_identity(series.labels)) values.insert(std::string(series.labels.get(name)));
      if (values.size() > kValuesAskedMax) return std::nullopt;
    }
    std::string regex;
    for (const std::string& value : values) {
      if (&value != &*values.begin()) regex += '|';
      for (const char c : value) {
        if (std::string_view("\\.+*?()|[]{}^$").find(c) != std::string_view::npos) regex += '\\';
        regex += c;
      }
    }
    return Matcher{std::string(name), MatchOp::kRegex, std::move(regex)};
  }

  Result<void> read_infos(const StepVector& base, const When& when) {
    if (std::none_of(base.series.begin(), base.series.end(),
                     [](const auto& one) { return has_identity(one.labels); })) {
      return {};
    }
    Expr expr;
    expr.type = ValueType::kVector;
    VectorSelector& selector = expr.node.emplace<VectorSelector>();
    selector.matchers = selector_.names;
    selector.matchers.insert(selector.matchers.end(), selector_.data.begin(), selector_.data.end());
    for (const std::string_view name : kIdentifying) {
      if (auto matcher = identity_matcher(base, name)) selector.matchers.push_back(std::move(*matcher));
    }
    selector.modifiers.at = when.at;
    selector.modifiers.at_time = when.at_time;
    if (when.offset != 0) selector.modifiers.offset.emplace().value = when.offset;
    TRY(infos, evaluator_.vector(expr));
    TRY(times,
        evaluator_.collect_from(
            [&](const SeriesSink& sink) {
              return evaluator_.stream_sample_times(selector, Evaluator::TimeOf::kSample, sink);
            },
            Joining::kWhereApart));
    infos_ = std::move(infos);
    times_ = std::move(times);
    return sort_infos();
  }

  Result<void> sort_infos() {
    std::map<LabelSet, const StepSeries*> times;
    for (const StepSeries& series : times_.series) times[series.labels] = &series;
    for (const StepSeries& series : infos_.series) {
      InfoSource& source = sources_[identity_of(series.labels)][std::string(metric_name(series.labels))];
      source.newest.resize(evaluator_.steps());
      source.times.resize(evaluator_.steps());
      const StepSeries& taken = *times.at(series.labels);
      for (std::size_t step = 0; step < evaluator_.steps(); ++step) {
        if (series.histogram(step) != nullptr) {
          return error(Code::kInternal, "this should be an info metric, with float samples: {}",
                       series.labels.to_string());
        }
        if (!series.has(step)) continue;
        const StepSeries*& newest = source.newest[step];
        if (newest != nullptr && source.times[step] == taken.values[step]) {
          return error(Code::kInternal, "found duplicate series for info metric: existing {} @ {}, new {} @ {}",
                       newest->labels.to_string(), static_cast<std::int64_t>(source.times[step] * 1000),
                       series.labels.to_string(), static_cast<std::int64_t>(taken.values[step] * 1000));
        }
        if (newest != nullptr && source.times[step] > taken.values[step]) continue;
        newest = &series;
        source.times[step] = taken.values[step];
      }
    }
    return {};
  }

  // The labels of the base with those of the info series; equal combinations are worked out once.
  Result<LabelSet> enriched(const LabelSet& base, const std::vector<const StepSeries*>& infos) const {
    LabelBuilder builder(base);
    std::map<std::string_view, std::string_view> added;
    for (const StepSeries* info : infos) {
      for (const auto& [name, value] : info->labels) {
        if (name == kMetricName || !selector_.takes(name)) continue;
        const auto [at, is_new] = added.emplace(name, value);
        if (!is_new && at->second != value) return error(Code::kInternal, "conflicting label: {}", name);
        if (base.get(name).empty()) builder.set(name, value);
      }
    }
    return builder.build();
  }

  Result<void> enrich(const StepSeries& base, StepVector& out) const {
    const auto found = has_identity(base.labels) ? sources_.find(identity_of(base.labels)) : sources_.end();
    std::map<std::vector<const StepSeries*>, std::size_t> results;  // index in out.series, by info series
    std::vector<const StepSeries*> infos;
    for (std::size_t step = 0; step < evaluator_.steps(); ++step) {
      if (!base.has(step)) continue;
      infos.clear();
      if (found != sources_.end()) {
        for (const auto& [name, source] : found->second) {
          if (source.newest[step] != nullptr) infos.push_back(source.newest[step]);
        }
      }
      if (infos.empty() && selector_.must_match) continue;
      const auto [at, added] = results.emplace(infos, out.series.size());
      if (added) {
        TRY(labels, enriched(base.labels, infos));
        out.series.push_back(empty_series(std::move(labels), evaluator_.steps()));
        out.series.back().drop_name = base.drop_name;
      }
      StepSeries& result = out.series[at->second];
      result.values[step] = base.values[step];
      if (base.histogram(step) != nullptr) result.set(step, *base.histogram(step));
    }
    return {};
  }

  Evaluator& evaluator_;
  InfoSelector selector_;
  StepVector infos_, times_;
  std::unordered_map<std::string, std::map<std::string, InfoSource>> sources_;  // by identity, then by metric name
};

Result<StepVector> info(Evaluator& evaluator, const Expr&, const Call& call) {
  TRY(selector, read_selector(call));
  FirstSelector first(evaluator.query().grid);
  TRY_VOID(first.find(*call.arguments[0]));
  TRY(base, evaluator.vector(*call.arguments[0]));
  return InfoJoin(evaluator, std::move(selector)).join(std::move(base), first.found());
}

constexpr Function kFunctions[] = {
    {.name = "info", .vector = info},
};

}  // namespace

std::span<const Function> info_functions() { return kFunctions; }

}  // namespace trilobite::metrics
