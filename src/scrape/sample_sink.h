// Where scraped samples go.
#pragma once

#include "ingest/metric_series.h"
#include "ingest/metric_writer.h"

namespace trilobite::scrape {

// Any thread.
class SampleSink {
 public:
  virtual ~SampleSink() = default;
  // The series of these labels. kLimit, kInvalid: the tenant's limits refuse it.
  virtual Result<ingest::MetricSeriesRef> series(LabelSet labels) = 0;
  // Whether start times of samples are kept.
  virtual bool keeps_start_times() const { return false; }
  // Refused samples (out of order, duplicate, out of bounds) are counted and left out. An error: nothing was stored.
  virtual Result<ingest::MetricOutcome> write(ingest::MetricPush push) = 0;
};

}  // namespace trilobite::scrape
