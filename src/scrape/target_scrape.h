// One target: what is asked of it, what becomes of its answer, and what the pages say about it.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ingest/exposition.h"
#include "scrape/classic_histograms.h"
#include "scrape/http_auth.h"
#include "scrape/http_transfer.h"
#include "scrape/sample_sink.h"
#include "scrape/series_cache.h"
#include "scrape/target.h"

namespace trilobite::scrape {

enum class TargetHealth : std::uint8_t { kUnknown, kUp, kDown };

struct TargetReport {
  TargetHealth health = TargetHealth::kUnknown;
  std::string last_error;  // of a scrape that failed; of one that did not, what was left out
  TimeNs last_scrape = 0;  // 0: none yet
  Nanoseconds last_duration{0};
  std::uint64_t samples = 0, body_bytes = 0, series = 0;
  std::uint64_t refused = 0;  // since start: out of order, duplicate, out of bounds
};

// What a target exposed, kept when its configuration changes, so that series that vanish with the change are marked.
struct TargetMemory {
  std::mutex mutex;  // guards the rest
  SeriesCache cache;
  std::string made_by;  // identity of the configuration that the keys were resolved with
  std::vector<ingest::MetricSeriesRef> report_series;
  TimeNs last_time = 0;  // of the newest scrape
};

// Any thread; scraped() and end_of_run() of one target one after the other.
class TargetScrape {
 public:
  TargetScrape(std::shared_ptr<const ScrapeConfig> config, TargetSpec spec, std::shared_ptr<HttpAuth> auth,
               SampleSink& sink, std::shared_ptr<TargetMemory> memory);

  const TargetSpec& spec() const { return spec_; }
  const ScrapeConfig& config() const { return *config_; }
  const std::shared_ptr<TargetMemory>& memory() const { return memory_; }

  // Reads files with secrets, and blocks when auth().may_block().
  Result<HttpTransferRequest> request() const;
  HttpAuth& auth() const { return *auth_; }

  // Not empty: nothing is asked, every scrape fails with this.
  void set_forced_error(std::string error);
  std::string forced_error() const;

  struct Answer {
    TimeNs time = 0;  // of its samples
    Nanoseconds duration{0};
    Result<void> outcome;  // of the transfer
    int status = 0;
    std::string_view status_text, content_type, body;
    bool body_too_large = false;
  };
  void scraped(const Answer& answer);

  // The target is gone: all its series get a stale marker.
  void end_of_run();

  TargetReport report() const;
  std::shared_ptr<const std::vector<ingest::ExpositionFamily>> families() const;

 private:
  struct Counts {
    std::uint64_t total = 0;  // in the body
    std::uint64_t kept = 0;   // by metric relabelling
    std::uint64_t added = 0;  // series that were not there before
    std::uint64_t refused_series = 0;
    Result<void> refused;  // the first of them
  };
  struct Batch {
    ingest::MetricPush push;
    std::vector<ingest::MetricPush> later;  // further samples of series that came before
  };
  Result<void> read_body(const Answer& answer, Counts& counts, Batch& batch);
  using LabelsOf = std::function<Result<LabelSet>()>;  // of a sample, asked only for series that are new
  Result<void> take(const ingest::ExpositionSample& sample, const LabelsOf& labels, TimeNs scrape_time, Counts& counts,
                    Batch& batch);
  Result<void> take_classic(ClassicHistograms& classic, TimeNs scrape_time, Counts& counts, Batch& batch);
  Result<std::uint32_t> resolve(std::string_view key, const LabelsOf& labels, Counts& counts);
  Result<void> check_labels(const LabelSet& labels) const;
  void add_report(const Answer& answer, const Counts& counts, bool up, Batch& batch);
  void add_stale(std::vector<ingest::MetricSeriesRef> gone, TimeNs time, Batch& batch);
  Result<void> write(Batch& batch);
  void note_failure(TimeNs time, const Error& error) const;

  const std::shared_ptr<const ScrapeConfig> config_;
  const TargetSpec spec_;
  const std::shared_ptr<HttpAuth> auth_;
  SampleSink& sink_;
  const std::shared_ptr<TargetMemory> memory_;
  const std::vector<std::string> headers_;      // the same for every scrape
  std::vector<ingest::ExpositionFamily> told_;  // metadata that the sink knows
  std::uint64_t body_bytes_ = 0;

  mutable std::mutex mutex_;  // guards the rest
  std::string forced_error_;
  TargetReport report_;
  std::shared_ptr<const std::vector<ingest::ExpositionFamily>> families_;
};

// What the Accept header says of protocols and escaping.
std::string accept_header(const ScrapeConfig& config);

// The labels of a scraped series under the labels of its target; nothing: metric relabelling drops it.
std::optional<Labels> series_labels(const ScrapeConfig& config, const Labels& target, const LabelSet& scraped,
                                    std::string_view key);

}  // namespace trilobite::scrape
