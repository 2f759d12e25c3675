// Scraped samples go to the write path of samples.
#pragma once

#include <string>

#include "ingest/metric_writer.h"
#include "scrape/sample_sink.h"

namespace trilobite::server {

class ScrapeSink final : public scrape::SampleSink {
 public:
  ScrapeSink(ingest::MetricWriter& writer, std::string tenant)
      : writer_(writer), tenant_(std::move(tenant)), table_(writer.table(tenant_)) {}

  Result<ingest::MetricSeriesRef> series(LabelSet labels) override { return table_->get(std::move(labels)); }
  bool keeps_start_times() const override { return table_->limits()->start_times; }
  Result<ingest::MetricOutcome> write(ingest::MetricPush push) override {
    return writer_.write(tenant_, std::move(push),
                         {.on_refusal = ingest::OnRefusal::kCountOnly, .durability = Durability::kSoon});
  }

 private:
  ingest::MetricWriter& writer_;
  const std::string tenant_;
  const std::shared_ptr<ingest::MetricSeriesTable> table_;
};

}  // namespace trilobite::server
