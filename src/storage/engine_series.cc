#include "storage/engine_series.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <mutex>

#include "storage/sample_cursor.h"
#include "storage/series_plan.h"

namespace trilobite::storage {
namespace {

// Takes rows out; `keep` has one flag for each.
void keep_samples(SeriesSamples& samples, const std::vector<bool>& keep) {
  StringColumn texts;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < keep.size(); ++i) {
    if (!keep[i]) continue;
    samples.times[kept] = samples.times[i];
    samples.values[kept] = samples.values[i];
    if (samples.histograms.size() > 0) texts.push_back(samples.histograms[i]);
    ++kept;
  }
  samples.times.resize(kept);
  samples.values.resize(kept);
  samples.histograms = std::move(texts);
}

void hide_samples(SeriesSamples& samples, const std::vector<TimeRange>& hidden) {
  std::vector<bool> keep(samples.times.size(), true);
  for (const TimeRange& range : hidden) {
    const auto from = std::lower_bound(samples.times.begin(), samples.times.end(), range.start);
    const auto to = std::lower_bound(from, samples.times.end(), range.end);
    std::fill(keep.begin() + (from - samples.times.begin()), keep.begin() + (to - samples.times.begin()), false);
  }
  keep_samples(samples, keep);
}

// What one thread reads with: a cursor for each source it has met.
using Cursors = std::vector<std::unique_ptr<SampleCursor>>;

class EngineSeriesScan final : public SeriesScan {
 public:
  EngineSeriesScan(SeriesPlan plan, const ScanRequest& request, HiddenRows hidden, std::vector<std::string> warnings)
      : plan_(std::move(plan)),
        range_(request.range),
        cancel_(request.cancel),
        hidden_(std::move(hidden)),
        warnings_(std::move(warnings)) {}

  Result<bool> next(SeriesSamples& out) override {
    Borrowed cursors(*this);
    for (;;) {
      if (cancel_) TRY_VOID(cancel_->check());
      const std::size_t number = next_.fetch_add(1);
      if (number >= plan_.series()) return false;
      TRY_VOID(read(number, *cursors, out));
      if (!out.times.empty()) return true;
    }
  }

  std::size_t series() const override { return plan_.series(); }
  std::uint64_t samples_max() const override { return plan_.samples; }

  ScanStats stats() const override {
    ScanStats out;
    out.parts = plan_.parts;
    out.blocks_skipped = plan_.blocks_skipped;
    out.warnings = warnings_;
    std::lock_guard lock(mutex_);
    for (const Cursors& cursors : idle_) {
      for (std::size_t i = 0; i < cursors.size(); ++i) {
        if (!cursors[i]) continue;
        const SampleCosts& costs = cursors[i]->costs();
        out.blocks += costs.blocks;
        out.rows += costs.samples;
        out.bytes += costs.bytes;
        out.bytes_compressed += costs.bytes_compressed;
        if (!plan_.sources[i]->in_memory()) continue;
        out.head_rows += costs.samples;
        out.head_bytes += costs.bytes;
      }
    }
    return out;
  }

 private:
  // Cursors for the time of a call; given back, they keep their blocks for the next.
  class Borrowed {
   public:
    explicit Borrowed(EngineSeriesScan& scan) : scan_(scan) {
      std::lock_guard lock(scan_.mutex_);
      if (scan_.idle_.empty()) {
        cursors_.resize(scan_.plan_.sources.size());
      } else {
        cursors_ = std::move(scan_.idle_.back());
        scan_.idle_.pop_back();
      }
    }
    ~Borrowed() {
      std::lock_guard lock(scan_.mutex_);
      scan_.idle_.push_back(std::move(cursors_));
    }
    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;
    Cursors& operator*() { return cursors_; }

   private:
    EngineSeriesScan& scan_;
    Cursors cursors_;
  };

  Result<void> read(std::size_t number, Cursors& cursors, SeriesSamples& out) const {
    const std::span<const SeriesPlan::Piece> pieces = plan_.pieces_of(number);
    out.labels = plan_.sources[pieces[0].source]->label_set(pieces[0].series);
    out.times.clear();
    out.values.clear();
    out.histograms.bytes.clear();
    out.histograms.ends.clear();
    for (const SeriesPlan::Piece& piece : pieces) {
      std::unique_ptr<SampleCursor>& cursor = cursors[piece.source];
      if (!cursor) cursor = plan_.sources[piece.source]->sample_cursor();
      TRY_VOID(cursor->read(piece.series, range_.start, range_.end - 1, out));
    }
    put_in_order(out);
    if (!hidden_.empty()) {
      if (const auto hidden = hidden_.ranges_of(*out.labels); !hidden.empty()) hide_samples(out, hidden);
    }
    return {};
  }

  const SeriesPlan plan_;
  const TimeRange range_;
  const std::shared_ptr<const CancelToken> cancel_;
  const HiddenRows hidden_;
  const std::vector<std::string> warnings_;
  std::atomic<std::size_t> next_{0};
  mutable std::mutex mutex_;    // guards idle_
  std::vector<Cursors> idle_;   // of threads that are not reading now
};

}  // namespace

Result<std::unique_ptr<SeriesScan>> open_series_scan(const StoreView& view, const ScanRequest& request,
                                                     HiddenRows hidden, std::vector<std::string> warnings) {
  TRY(plan, plan_series(view, request));
  return std::unique_ptr<SeriesScan>(
      std::make_unique<EngineSeriesScan>(std::move(plan), request, std::move(hidden), std::move(warnings)));
}

}  // namespace trilobite::storage
