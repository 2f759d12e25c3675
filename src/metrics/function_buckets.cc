// histogram_quantile, histogram_quantiles and histogram_fraction: of native histograms, and of classic ones, whose
// buckets are series with a label `le`.
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <unordered_map>

#include "metrics/annotation_texts.h"
#include "metrics/function_table.h"
#include "metrics/go_number.h"
#include "metrics/histogram_functions.h"
#include "metrics/label_algebra.h"

namespace trilobite::metrics {
namespace {

// Buckets of one classic histogram: series numbers by upper bound. Or a native histogram: one series.
struct ClassicHistogram {
  LabelSet labels;  // without le; with the name
  bool drop_name = false;
  std::vector<std::pair<double, std::uint32_t>> buckets;
  std::optional<std::uint32_t> native;  // series of the same labels that has native histograms
};

// The input of one of the functions, sorted into histograms; labels are looked at once.
class Histograms {
 public:
  Histograms(Evaluator& evaluator, StepVector input, Position position)
      : evaluator_(evaluator), input_(std::move(input)), position_(position) {
    std::unordered_map<std::string, std::size_t> found;
    for (std::uint32_t i = 0; i < input_.series.size(); ++i) {
      const StepSeries& series = input_.series[i];
      const bool floats = std::any_of(series.values.begin(), series.values.end(), query::is_present);
      if (floats) add_bucket(i, found);
      if (!series.histograms.empty()) histogram_of(series.labels, series, found).native = i;
    }
  }

  // Calls classic(worker, histogram, step, buckets) or native(worker, histogram, step, reference) for all that have a
  // value; several workers, each with some of the histograms.
  template <class Classic, class Native>
  Result<void> each(const Classic& classic, const Native& native) const {
    const std::size_t parts = (histograms_.size() + kHistogramsPerPart - 1) / kHistogramsPerPart;
    return evaluator_.parallel(parts, [&](std::size_t worker, std::size_t part) -> Result<void> {
      std::vector<ClassicBucket> buckets;  // of one step
      const std::size_t end = std::min(histograms_.size(), (part + 1) * kHistogramsPerPart);
      for (std::size_t h = part * kHistogramsPerPart; h < end; ++h) each_step(worker, h, buckets, classic, native);
      return {};
    });
  }
  const std::vector<ClassicHistogram>& histograms() const { return histograms_; }
  // For annotations: the name that is still there when the function has been called.
  std::string_view shown_name(std::size_t histogram) const {
    return evaluator_.names_stay() ? metric_name(histograms_[histogram].labels) : std::string_view();
  }

 private:
  static constexpr std::size_t kHistogramsPerPart = 16;

  template <class Classic, class Native>
  void each_step(std::size_t worker, std::size_t h, std::vector<ClassicBucket>& buckets, const Classic& classic,
                 const Native& native) const {
    const ClassicHistogram& histogram = histograms_[h];
    for (std::size_t step = 0; step < evaluator_.steps(); ++step) {
      buckets.clear();
      for (const auto& [bound, i] : histogram.buckets) {
        const double count = input_.series[i].values[step];
        if (query::is_present(count)) buckets.push_back({bound, count});
      }
      const HistogramRef* reference = histogram.native ? input_.series[*histogram.native].histogram(step) : nullptr;
      if (reference && !buckets.empty()) {
        warn("vector contains a mix of classic and native histograms", histogram.labels);
      } else if (reference) {
        native(worker, h, step, **reference);
      } else if (!buckets.empty()) {
        classic(worker, h, step, buckets);
      }
    }
  }

  ClassicHistogram& histogram_of(const LabelSet& labels, const StepSeries& series,
                                 std::unordered_map<std::string, std::size_t>& found) {
    const auto [at, added] = found.emplace(std::string(labels.bytes()), histograms_.size());
    if (added) histograms_.push_back({labels, series.drop_name, {}, std::nullopt});
    return histograms_[at->second];
  }

  void add_bucket(std::uint32_t index, std::unordered_map<std::string, std::size_t>& found) {
    const StepSeries& series = input_.series[index];
    const std::string_view written = series.labels.get("le");
    const std::optional<double> bound = parse_go_float(written);
    if (!bound) {
      warn("bucket label \"le\" is missing or has a malformed value of " + quoted(written), series.labels);
      return;
    }
    histogram_of(without_label(series.labels, "le"), series, found).buckets.emplace_back(*bound, index);
  }

  // The name is said where it is still there in the end.
  void warn(std::string text, const LabelSet& labels) const {
    const std::string_view name = evaluator_.names_stay() ? metric_name(labels) : std::string_view();
    if (!name.empty()) text += " for metric name " + quoted(name);
    evaluator_.annotations().warn(text, position_);
  }

  Evaluator& evaluator_;
  StepVector input_;
  Position position_;
  std::vector<ClassicHistogram> histograms_;
};

// What had to be flattened, over all steps: one sentence per metric.
class FixedNotes {
 public:
  void add(std::string_view name, const ClassicQuantile& result, TimeNs time) {
    add(std::string(name), {result.fixed_from, result.fixed_to, result.fixed_max, 1, time, time});
  }
  void merge(const FixedNotes& other) {
    for (const auto& [name, note] : other.notes_) add(name, note);
  }
  void tell(Annotations& annotations, Position position) const {
    for (const auto& [name, note] : notes_) {
      annotations.info(
          fmt::format("input to histogram_quantile needed to be fixed for monotonicity (see "
                      "https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile){}, from "
                      "buckets {} to {}, with a max diff of {:.2g}, over {} samples from {} to {}",
                      name.empty() ? "" : " for metric name " + quoted(name), go_number(note.from), go_number(note.to),
                      note.most, note.samples, time_text(note.first), time_text(note.last)),
          position);
    }
  }

 private:
  struct Note {
    double from = 0, to = 0, most = 0;
    std::uint64_t samples = 0;
    TimeNs first = 0, last = 0;
  };
  void add(const std::string& name, const Note& more) {
    const auto [at, added] = notes_.try_emplace(name, more);
    if (added) return;
    Note& note = at->second;
    note.from = std::min(note.from, more.from);
    note.to = std::max(note.to, more.to);
    note.most = std::max(note.most, more.most);
    note.samples += more.samples;
    note.first = std::min(note.first, more.first);
    note.last = std::max(note.last, more.last);
  }
  std::map<std::string, Note> notes_;
};

void note_quantile(Evaluator& evaluator, const QuantileNotes& notes, std::string_view name, Position position) {
  const std::string suffix = name.empty() ? "" : " for metric name " + quoted(name);
  Annotations& annotations = evaluator.annotations();
  if (notes.nan_result) {
    annotations.info("input to histogram_quantile has NaN observations, result is NaN" + suffix, position);
  }
  if (notes.nan_skewed) {
    annotations.info("input to histogram_quantile has NaN observations, result is skewed higher" + suffix, position);
  }
  if (notes.nan_excluded) {
    annotations.info("input to histogram_fraction has NaN observations, which are excluded from all fractions" + suffix,
                     position);
  }
}

// An empty result for each histogram.
std::vector<StepSeries> results_of(const Evaluator& evaluator, const Histograms& histograms) {
  std::vector<StepSeries> out;
  for (const ClassicHistogram& histogram : histograms.histograms()) {
    out.push_back(empty_series(histogram.labels, evaluator.steps()));
    out.back().drop_name = histogram.drop_name;
    evaluator.drop_name(out.back());
  }
  return out;
}

Result<void> quantile_of_each(Evaluator& evaluator, const Histograms& histograms, const ScalarColumn& quantile,
                              Position position, std::vector<StepSeries>& out) {
  std::vector<FixedNotes> parts(evaluator.workers());
  TRY_VOID(histograms.each(
      [&](std::size_t worker, std::size_t h, std::size_t step, std::vector<ClassicBucket>& buckets) {
        const ClassicQuantile result = classic_quantile(quantile.at(step), buckets);
        out[h].values[step] = result.value;
        if (result.fixed) parts[worker].add(histograms.shown_name(h), result, evaluator.grid().at(step));
      },
      [&](std::size_t, std::size_t h, std::size_t step, const Histogram& histogram) {
        QuantileNotes notes;
        out[h].values[step] = histogram_quantile(quantile.at(step), histogram, notes);
        note_quantile(evaluator, notes, histograms.shown_name(h), position);
      }));
  FixedNotes fixed;
  for (const FixedNotes& part : parts) fixed.merge(part);
  fixed.tell(evaluator.annotations(), position);
  return {};
}

void check_quantile(Evaluator& evaluator, const ScalarColumn& quantile, Position position) {
  for (const double value : quantile.values) {
    if (!(value >= 0 && value <= 1)) warn_quantile(evaluator.annotations(), value, position);
  }
}

Result<StepVector> kept(Evaluator& evaluator, std::vector<StepSeries> series) {
  StepVector out;
  out.series = std::move(series);
  TRY_VOID(join_equal_labels(out));
  for (const StepSeries& one : out.series) TRY_VOID(hold(out.held, evaluator.query().budget, one));
  return out;
}

Result<StepVector> quantile_of_histograms(Evaluator& evaluator, const Expr&, const Call& call) {
  TRY(quantile, evaluator.scalar(*call.arguments[0]));
  TRY(input, evaluator.vector(*call.arguments[1]));
  check_quantile(evaluator, quantile, call.arguments[0]->position);
  const Position position = call.arguments[1]->position;
  Histograms histograms(evaluator, std::move(input), position);
  std::vector<StepSeries> out = results_of(evaluator, histograms);
  TRY_VOID(quantile_of_each(evaluator, histograms, quantile, position, out));
  return kept(evaluator, std::move(out));
}

// A float as a label of OpenMetrics: 0.5, 1.0.
std::string label_number(double value) {
  std::string text = go_number(value);
  if (text.find_first_not_of("-0123456789") == text.npos) text += ".0";
  return text;
}

Result<StepVector> quantiles_of_histograms(Evaluator& evaluator, const Expr&, const Call& call) {
  TRY(input, evaluator.vector(*call.arguments[0]));
  const std::string& label = string_of(*call.arguments[1]);
  if (!is_label_name(label)) return error(Code::kInternal, "invalid label name {}", quoted(label));
  const Position position = call.arguments[0]->position;
  Histograms histograms(evaluator, std::move(input), position);
  std::vector<StepSeries> all;
  for (std::size_t i = 2; i < call.arguments.size(); ++i) {
    TRY(quantile, evaluator.scalar(*call.arguments[i]));
    check_quantile(evaluator, quantile, call.arguments[i]->position);
    std::vector<StepSeries> out = results_of(evaluator, histograms);
    TRY_VOID(quantile_of_each(evaluator, histograms, quantile, position, out));
    for (StepSeries& series : out) {
      // A quantile that varies gives a series for each of its values.
      std::map<std::string, StepSeries> by_text;
      for (std::size_t step = 0; step < series.values.size(); ++step) {
        if (!series.has(step)) continue;
        const std::string text = label_number(quantile.at(step));
        const auto [at, added] = by_text.try_emplace(text);
        if (added) {
          LabelBuilder builder(series.labels);
          builder.set(label, text);
          at->second = empty_series(builder.build(), series.values.size());
          at->second.drop_name = series.drop_name;
        }
        at->second.values[step] = series.values[step];
      }
      for (auto& [text, one] : by_text) all.push_back(std::move(one));
    }
  }
  return kept(evaluator, std::move(all));
}

Result<StepVector> fraction_of_histograms(Evaluator& evaluator, const Expr&, const Call& call) {
  TRY(lower, evaluator.scalar(*call.arguments[0]));
  TRY(upper, evaluator.scalar(*call.arguments[1]));
  TRY(input, evaluator.vector(*call.arguments[2]));
  const Position position = call.arguments[2]->position;
  Histograms histograms(evaluator, std::move(input), position);
  std::vector<StepSeries> out = results_of(evaluator, histograms);
  TRY_VOID(histograms.each(
      [&](std::size_t, std::size_t h, std::size_t step, std::vector<ClassicBucket>& buckets) {
        out[h].values[step] = classic_fraction(lower.at(step), upper.at(step), buckets);
      },
      [&](std::size_t, std::size_t h, std::size_t step, const Histogram& histogram) {
        QuantileNotes notes;
        out[h].values[step] = histogram_fraction(lower.at(step), upper.at(step), histogram, notes);
        note_quantile(evaluator, notes, histograms.shown_name(h), position);
      }));
  return kept(evaluator, std::move(out));
}

constexpr Function kFunctions[] = {
    {.name = "histogram_quantile", .vector = quantile_of_histograms},
    {.name = "histogram_quantiles", .vector = quantiles_of_histograms},
    {.name = "histogram_fraction", .vector = fraction_of_histograms},
};

}  // namespace

std::span<const Function> bucket_functions() { return kFunctions; }

}  // namespace trilobite::metrics
