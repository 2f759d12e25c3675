#include "ingest/metric_writer.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <map>
#include <span>

#include "metrics/go_number.h"
#include "metrics/start_time.h"
#include "storage/newest_samples.h"

namespace trilobite::ingest {
namespace {

using std::chrono::nanoseconds;

constexpr std::size_t kExemplarRunesMax = 128;
constexpr std::size_t kRefusalsMax = 100;  // lines of one answer
constexpr auto kSaveMetadataEvery = std::chrono::seconds(10);
// The newest sample of a series that was forgotten is older: an hour of silence, less what a sample may be ahead.
constexpr std::chrono::nanoseconds kForgottenAge = std::chrono::minutes(50);
// What was silent for longer before that is as new: recorded data that comes in late does not open all parts there are.
constexpr std::chrono::nanoseconds kRecalledAge = std::chrono::hours(24);

std::size_t runes(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

enum class Fault : std::uint8_t { kNone, kRepeated, kOutOfOrder, kTooOld, kDuplicate, kOutOfBounds, kFuture };

// The samples of one request under the rules. Twice under the mutex of the table, in short passes: before the store
// has them and after.
class MetricAdmission {
 public:
  MetricAdmission(MetricPush& push, MetricSeriesTable& table, const MetricRules& rules, TimeNs now,
                  std::uint32_t minute)
      : push_(push), table_(table), limits_(table.limits()), rules_(rules), minute_(minute) {
    window_ = limits_->out_of_order_window.count();
    if (rules.bounded_in_time && limits_->future_max.count() > 0) time_max_ = now + limits_->future_max.count();
    if (rules.bounded_in_time && limits_->past_max.count() > 0) time_min_ = now - limits_->past_max.count();
  }

  // Errors: with kRefuseAll, the first fault.
  Result<void> check() {
    encode_histograms();
    if (!limits_->start_times) push_.starts.clear();
    const std::size_t rows = push_.times.size();
    const bool histograms = !push_.histogram_of.empty();
    newest_.reserve(push_.series.size());
    const std::lock_guard lock(table_.mutex());
    for (std::size_t row = 0; row < rows; ++row) {
      MetricSeries& series = *push_.series[push_.series_of[row]];
      const std::int32_t histogram = histograms ? push_.histogram_of[row] : -1;
      const std::uint64_t bits = histogram < 0 ? std::bit_cast<std::uint64_t>(push_.values[row]) : hash_of(histogram);
      const Fault fault = admit(series, push_.times[row], bits, histogram >= 0);
      if (fault == Fault::kNone) {
        ++(histogram < 0 ? outcome_.floats : outcome_.histograms);
        if (kept_ != row) move_row(row, histograms);
        ++kept_;
      } else if (fault == Fault::kRepeated) {
        ++(histogram < 0 ? outcome_.floats : outcome_.histograms);
      } else {
        TRY_VOID(refuse(fault, series, row, histogram >= 0));
      }
    }
    cut_rows(histograms);
    table_.forget_idle(minute_, 2 * push_.series.size() + 16);
    return {};
  }

  // The store has them: from now on they are the newest.
  void commit() {
    const bool histograms = !push_.histogram_of.empty();
    const std::lock_guard lock(table_.mutex());
    for (std::size_t row = 0; row < times_.size(); ++row) {
      MetricSeries& series = *series_[series_of_[row]];
      if (times_[row] < series.last_time) continue;
      const std::int32_t histogram = histograms ? push_.histogram_of[row] : -1;
      series.last_time = times_[row];
      series.last_bits = histogram < 0 ? std::bit_cast<std::uint64_t>(values_[row]) : hash_of(histogram);
      series.last_histogram = histogram >= 0 ? 1 : 0;
    }
  }

  // What is left, as rows for the store; views of its columns stay here for commit().
  Batch take_batch() {
    Batch batch;
    series_.reserve(push_.series.size());
    batch.label_sets.reserve(push_.series.size());
    places_.reserve(push_.series.size());
    for (const MetricSeriesRef& series : push_.series) {
      series_.push_back(series.get());
      places_.push_back(&series->place);
    }
    for (MetricSeriesRef& series : push_.series) batch.label_sets.push_back(labels_of(std::move(series)));
    if (!push_.histogram_of.empty() || !push_.starts.empty()) {
      batch.columns.push_back({std::string(kHistogramColumn), Column(histogram_column())});
    }
    batch.label_set_of_row = std::move(push_.series_of);
    batch.times = std::move(push_.times);
    batch.columns.insert(batch.columns.begin(), {std::string(kValueColumn), Column(std::move(push_.values))});
    series_of_ = batch.label_set_of_row;
    times_ = batch.times;
    values_ = std::get<std::vector<double>>(batch.columns.front().column.values());
    return batch;
  }

  // Exemplars that are new; what is wrong with others is only told when `outcome().refused` tells of samples, too.
  Batch take_exemplars() {
    Batch batch;
    if (!limits_->exemplars) return batch;
    StringColumn labels;
    std::vector<double> values;
    std::vector<std::uint32_t> set_of(push_.series.size(), kNoSet);
    const std::lock_guard lock(table_.mutex());
    for (const MetricPush::Exemplar& exemplar : push_.exemplars) {
      const MetricSeriesRef& series = push_.series[exemplar.series];
      if (!admit_exemplar(*series, exemplar)) continue;
      std::uint32_t& set = set_of[exemplar.series];
      if (set == kNoSet) {
        set = static_cast<std::uint32_t>(batch.label_sets.size());
        batch.label_sets.push_back(labels_of(series));
      }
      batch.label_set_of_row.push_back(set);
      batch.times.push_back(exemplar.time);
      values.push_back(exemplar.value);
      labels.push_back(exemplar.labels.bytes());
    }
    outcome_.exemplars = batch.rows();
    batch.columns.push_back({std::string(kValueColumn), Column(std::move(values))});
    batch.columns.push_back({std::string(kMetadataColumn), Column(std::move(labels))});
    return batch;
  }

  // Of the label sets of take_batch().
  std::span<SeriesPlace* const> places() const { return places_; }

  // Nothing was stored: only what was refused counts.
  MetricOutcome finish_refused() {
    outcome_.floats = outcome_.histograms = 0;
    return std::move(outcome_);
  }
  MetricOutcome finish() {
    if (!refusals_.empty()) outcome_.refused = Error{Code::kInvalid, std::move(refusals_)};
    return std::move(outcome_);
  }

 private:
  static constexpr std::uint32_t kNoSet = 0xFFFFFFFF;

  struct Newest {
    const MetricSeries* series;
    TimeNs time;
    std::uint64_t bits;
    bool histogram;
  };

  StringColumn histogram_column() const {
    StringColumn out;
    for (std::size_t row = 0; row < push_.times.size(); ++row) {
      const std::int32_t histogram = push_.histogram_of.empty() ? -1 : push_.histogram_of[row];
      const std::string_view text = histogram < 0 ? std::string_view() : encoded_[static_cast<std::size_t>(histogram)];
      if (push_.starts.empty() || push_.starts[row] == 0) {
        out.push_back(text);
      } else {
        out.push_back(metrics::with_start(push_.starts[row], text));
      }
    }
    return out;
  }

  void encode_histograms() {
    encoded_.reserve(push_.histograms.size());
    hashes_.reserve(push_.histograms.size());
    for (const metrics::Histogram& histogram : push_.histograms) {
      encoded_.push_back(metrics::encode_histogram(histogram));
      hashes_.push_back(hash64(encoded_.back()));
    }
  }
  std::uint64_t hash_of(std::int32_t histogram) const { return hashes_[static_cast<std::size_t>(histogram)]; }

  Fault admit(MetricSeries& series, TimeNs time, std::uint64_t bits, bool histogram) {
    if (time > time_max_) return Fault::kFuture;
    if (time < time_min_) return Fault::kOutOfBounds;
    Newest& newest = newest_of(series);
    if (time > newest.time) {
      newest.time = time;
      newest.bits = bits;
      newest.histogram = histogram;
      return Fault::kNone;
    }
    if (time == newest.time && bits == newest.bits && histogram == newest.histogram) return Fault::kRepeated;
    if (rules_.any_order) return Fault::kNone;
    if (time == newest.time) return Fault::kDuplicate;
    if (window_ == 0) return Fault::kOutOfOrder;
    // Unsigned: the times may be as far apart as numbers go.
    const std::uint64_t age = static_cast<std::uint64_t>(newest.time) - static_cast<std::uint64_t>(time);
    return age <= static_cast<std::uint64_t>(window_) ? Fault::kNone : Fault::kTooOld;
  }

  // The newest sample of a series with those of the request so far. A slot that another check left in the series is
  // told by whose it is here.
  Newest& newest_of(MetricSeries& series) {
    if (series.check_slot < newest_.size() && newest_[series.check_slot].series == &series) {
      return newest_[series.check_slot];
    }
    series.check_slot = static_cast<std::uint32_t>(newest_.size());
    series.used_minute = minute_ & 0x7FFFFFFF;
    return newest_.emplace_back(
        Newest{&series, series.last_time, series.last_bits, static_cast<bool>(series.last_histogram)});
  }

  Result<void> refuse(Fault fault, MetricSeries& series, std::size_t row, bool histogram) {
    ++count_of(fault);
    if (rules_.on_refusal == OnRefusal::kCountOnly) return {};
    std::string text = text_of(fault, series, row, histogram);
    if (rules_.on_refusal == OnRefusal::kRefuseAll) return Error{Code::kInvalid, std::move(text)};
    if (++refused_ > kRefusalsMax) return {};
    if (!refusals_.empty()) refusals_ += '\n';
    refusals_ += fmt::format("{} for series {}", text, series.labels.to_string());
    return {};
  }
  std::uint64_t& count_of(Fault fault) {
    switch (fault) {
      case Fault::kOutOfOrder:
        return outcome_.out_of_order;
      case Fault::kTooOld:
        return outcome_.too_old;
      case Fault::kDuplicate:
        return outcome_.duplicates;
      default:
        return outcome_.out_of_bounds;
    }
  }
  // Prometheus' texts.
  std::string text_of(Fault fault, MetricSeries& series, std::size_t row, bool histogram) {
    switch (fault) {
      case Fault::kOutOfOrder:
        return "out of order sample";
      case Fault::kTooOld:
        return "too old sample";
      case Fault::kFuture:
        return "out of bounds: timestamp is too far in the future";
      case Fault::kOutOfBounds:
        return "out of bounds";
      default:
        break;
    }
    const std::int64_t time = push_.times[row] / 1'000'000;
    if (histogram) return "duplicate sample for timestamp";
    const Newest& newest = newest_of(series);
    if (newest.histogram) {
      return fmt::format(
          "duplicate sample for timestamp {}; overrides not allowed: existing is a histogram, new value {}", time,
          metrics::go_number(push_.values[row]));
    }
    return fmt::format("duplicate sample for timestamp {}; overrides not allowed: existing {}, new value {}", time,
                       metrics::go_number(std::bit_cast<double>(newest.bits)),
                       metrics::go_number(push_.values[row]));
  }

  bool admit_exemplar(MetricSeries& series, const MetricPush::Exemplar& exemplar) {
    if (exemplar.time > time_max_ || exemplar.time < time_min_) return false;
    std::size_t length = 0;
    for (const auto [name, value] : exemplar.labels) length += runes(name) + runes(value);
    if (length > kExemplarRunesMax) return false;
    const std::uint64_t hash = hash64(exemplar.labels.bytes(), std::bit_cast<std::uint64_t>(exemplar.value));
    if (exemplar.time == series.exemplar_time && hash == series.exemplar_hash) return false;
    if (exemplar.time < series.exemplar_time && !rules_.any_order) return false;
    series.exemplar_time = std::max(series.exemplar_time, exemplar.time);
    series.exemplar_hash = hash;
    return true;
  }

  void move_row(std::size_t row, bool histograms) {
    push_.series_of[kept_] = push_.series_of[row];
    push_.times[kept_] = push_.times[row];
    push_.values[kept_] = push_.values[row];
    if (histograms) push_.histogram_of[kept_] = push_.histogram_of[row];
    if (!push_.starts.empty()) push_.starts[kept_] = push_.starts[row];
  }
  void cut_rows(bool histograms) {
    push_.series_of.resize(kept_);
    push_.times.resize(kept_);
    push_.values.resize(kept_);
    if (!push_.starts.empty()) push_.starts.resize(kept_);
    if (histograms) push_.histogram_of.resize(kept_);
  }

  MetricPush& push_;
  MetricSeriesTable& table_;
  const std::shared_ptr<const MetricLimits> limits_;
  const MetricRules& rules_;
  const std::uint32_t minute_;
  TimeNs window_ = 0;
  TimeNs time_max_ = std::numeric_limits<TimeNs>::max(), time_min_ = kNoSample + 1;

  std::vector<std::string> encoded_;  // histograms
  std::vector<std::uint64_t> hashes_;
  std::vector<Newest> newest_;        // of series looked at so far
  std::size_t kept_ = 0;
  std::uint64_t refused_ = 0;
  std::string refusals_;
  MetricOutcome outcome_;

  // Of the batch, which lives until commit().
  std::vector<MetricSeries*> series_;
  std::vector<SeriesPlace*> places_;
  std::span<const std::uint32_t> series_of_;
  std::span<const TimeNs> times_;
  std::span<const double> values_;
};

}  // namespace

double stale_marker() { return std::bit_cast<double>(kStaleBits); }
bool is_stale(double value) { return std::bit_cast<std::uint64_t>(value) == kStaleBits; }

struct MetricWriter::State {
  using Limits = std::shared_ptr<const MetricLimitsByTenant>;

  State(Store& to, const Clock& by)
      : store(to), placed(dynamic_cast<PlacedAppends*>(&to)), newest(dynamic_cast<NewestSamples*>(&to)), clock(by) {}

  struct Tenant {
    std::shared_ptr<MetricSeriesTable> table;
    TimeNs stored_until = kNoSample;    // when the table was made: the store had samples up to here
    std::chrono::nanoseconds since{0};  // steady
  };

  Store& store;
  PlacedAppends* const placed;  // the store, if it is that as well
  NewestSamples* const newest;  // and that
  const Clock& clock;

  std::atomic<std::uint64_t> requests{0}, floats{0}, histograms{0}, exemplars{0};
  std::atomic<std::uint64_t> out_of_order{0}, duplicates{0}, out_of_bounds{0}, too_old{0};
  std::atomic<std::int64_t> metadata_saved_ns{0};  // steady
  mutable std::mutex mutex;  // guards the rest
  Limits limits;
  std::map<std::string, Tenant, std::less<>> tenants;

  Result<void> append(std::string_view tenant, Signal signal, const Batch& batch, const PlacedAppendOptions& options) {
    return placed ? placed->append_placed(tenant, signal, batch, options)
                  : store.append(tenant, signal, batch, options.append);
  }
  Tenant& tenant_locked(std::string_view name);
  void recall(const std::string& tenant, const MetricPush& push);
  // Keeps the whole snapshot alive that the limits are part of.
  static std::shared_ptr<const MetricLimits> part_of(const Limits& all, std::string_view tenant) {
    return {all, &all->of(tenant)};
  }
  void count(const MetricOutcome& outcome) {
    floats += outcome.floats, histograms += outcome.histograms, exemplars += outcome.exemplars;
    out_of_order += outcome.out_of_order, duplicates += outcome.duplicates;
    out_of_bounds += outcome.out_of_bounds, too_old += outcome.too_old;
  }
};

MetricWriter::MetricWriter(Store& store, MetadataTable& metadata, const Clock& clock, MetricLimitsByTenant limits)
    : metadata_(metadata), state_(new State(store, clock)) {
  set_limits(std::move(limits));
}
MetricWriter::~MetricWriter() = default;

// REQUIRES: the mutex is held.
MetricWriter::State::Tenant& MetricWriter::State::tenant_locked(std::string_view name) {
  const auto found = tenants.find(name);
  if (found != tenants.end()) return found->second;
  Tenant& made = tenants[std::string(name)];
  made.table = std::make_shared<MetricSeriesTable>(part_of(limits, name));
  if (newest != nullptr) made.stored_until = newest->newest_time(std::string(name)).value_or(kNoSample);
  made.since = clock.steady();
  return made;
}

// Series that the table does not know may have samples in the store all the same: from before the program was started,
// or from before the table forgot them. Where that can matter to the rules, the newest is looked up.
void MetricWriter::State::recall(const std::string& tenant, const MetricPush& push) {
  if (newest == nullptr || push.times.empty()) return;
  std::shared_ptr<MetricSeriesTable> table;
  TimeNs until = kNoSample;
  {
    const std::lock_guard lock(mutex);
    const Tenant& known = tenant_locked(tenant);
    table = known.table;
    until = known.stored_until;
    if (clock.steady() - known.since > kForgottenAge) until = std::max(until, clock.now() - kForgottenAge.count());
  }
  if (until == kNoSample || *std::min_element(push.times.begin(), push.times.end()) > until) return;
  std::vector<MetricSeries*> unknown;
  std::vector<LabelSetRef> labels;
  TimeNs from = until;
  {
    const std::lock_guard lock(table->mutex());
    for (std::size_t row = 0; row < push.times.size(); ++row) {
      const MetricSeriesRef& series = push.series[push.series_of[row]];
      if (push.times[row] > until || series->last_time != kNoSample) continue;
      from = std::min(from, push.times[row]);
      if (!unknown.empty() && unknown.back() == series.get()) continue;
      unknown.push_back(series.get());
      labels.push_back(labels_of(series));
    }
  }
  if (unknown.empty()) return;
  from = std::max(from, until - kRecalledAge.count());
  const auto found = newest->newest_samples(tenant, labels, from);
  const std::lock_guard lock(table->mutex());
  for (std::size_t i = 0; i < unknown.size(); ++i) {
    MetricSeries& series = *unknown[i];
    if (!found[i] || found[i]->time <= series.last_time) continue;
    const std::string_view histogram = metrics::split_sample_text(found[i]->histogram).histogram;
    series.last_time = found[i]->time;
    series.last_histogram = !histogram.empty();
    series.last_bits = histogram.empty() ? std::bit_cast<std::uint64_t>(found[i]->value) : hash64(histogram);
  }
}

std::shared_ptr<MetricSeriesTable> MetricWriter::table(std::string_view tenant) {
  const std::lock_guard lock(state_->mutex);
  return state_->tenant_locked(tenant).table;
}

Result<MetricOutcome> MetricWriter::write(std::string_view tenant, MetricPush push, const MetricRules& rules) {
  State& state = *state_;
  ++state.requests;
  const auto steady = state.clock.steady();
  const auto minute = static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::minutes>(steady).count());
  const std::shared_ptr<MetricSeriesTable> known = table(tenant);
  if (!rules.any_order) state.recall(std::string(tenant), push);
  MetricAdmission admission(push, *known, rules, state.clock.now(), minute);
  if (auto checked = admission.check(); !checked.ok()) {
    state.count(admission.finish_refused());
    return std::move(checked).error();
  }
  PlacedAppendOptions options;
  options.durability = rules.durability;
  if (push.request) options.append.request = Hash128{push.request->low ^ hash64(tenant), push.request->high};
  const Batch exemplars = push.exemplars.empty() ? Batch() : admission.take_exemplars();
  if (const Batch batch = admission.take_batch(); batch.rows() > 0) {
    options.places = admission.places();
    TRY_VOID(state.append(tenant, Signal::kMetrics, batch, options));
    options.places = {};
    admission.commit();
  }
  if (exemplars.rows() > 0) {
    if (options.append.request) options.append.request->high ^= 1;
    TRY_VOID(state.append(tenant, Signal::kExemplars, exemplars, options));
  }
  if (!push.metadata.empty()) {
    metadata_.add(tenant, std::move(push.metadata), limits_of(tenant)->metadata_max);
    const std::int64_t last = state.metadata_saved_ns;
    if (steady.count() - last > nanoseconds(kSaveMetadataEvery).count()) {
      state.metadata_saved_ns = steady.count();
      static_cast<void>(metadata_.save());  // the samples are stored; it is tried again, and told when the server stops
    }
  }
  MetricOutcome outcome = admission.finish();
  state.count(outcome);
  return outcome;
}

MetricStats MetricWriter::stats() const {
  const State& state = *state_;
  MetricStats stats;
  stats.floats = state.floats, stats.histograms = state.histograms, stats.exemplars = state.exemplars;
  stats.requests = state.requests;
  stats.out_of_order = state.out_of_order, stats.duplicates = state.duplicates;
  stats.out_of_bounds = state.out_of_bounds, stats.too_old = state.too_old;
  const std::lock_guard lock(state.mutex);
  for (const auto& [tenant, known] : state.tenants) {
    stats.series += known.table->size();
    stats.series_added += known.table->added();
  }
  return stats;
}

MetricStats MetricWriter::stats(std::string_view tenant) const {
  MetricStats stats;
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->tenants.find(tenant);
  if (found == state_->tenants.end()) return stats;
  stats.series = found->second.table->size();
  stats.series_added = found->second.table->added();
  return stats;
}

std::vector<std::string> MetricWriter::tenants() const {
  std::vector<std::string> out;
  const std::lock_guard lock(state_->mutex);
  for (const auto& [tenant, known] : state_->tenants) out.push_back(tenant);
  return out;
}

std::shared_ptr<const MetricLimits> MetricWriter::limits_of(std::string_view tenant) const {
  const std::lock_guard lock(state_->mutex);
  return State::part_of(state_->limits, tenant);
}

void MetricWriter::set_limits(MetricLimitsByTenant limits) {
  auto replacement = std::make_shared<const MetricLimitsByTenant>(std::move(limits));
  const std::lock_guard lock(state_->mutex);
  state_->limits = std::move(replacement);
  for (auto& [tenant, known] : state_->tenants) known.table->set_limits(State::part_of(state_->limits, tenant));
}

}  // namespace trilobite::ingest
