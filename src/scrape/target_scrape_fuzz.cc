// A target that answers anything, scrape after scrape: what is written is whole, and when the target is gone every
// series that was written last with a value has a stale marker.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string_view>

#include "scrape/config.h"
#include "scrape/target_scrape.h"

namespace {

using namespace trilobite;
using namespace trilobite::scrape;

class FuzzSink final : public SampleSink {
 public:
  Result<ingest::MetricSeriesRef> series(LabelSet labels) override { return table_.get(std::move(labels)); }
  bool keeps_start_times() const override { return true; }
  Result<ingest::MetricOutcome> write(ingest::MetricPush push) override {
    if (push.series_of.size() != push.times.size() || push.values.size() != push.times.size()) std::abort();
    if (!push.histogram_of.empty() && push.histogram_of.size() != push.times.size()) std::abort();
    if (!push.starts.empty() && push.starts.size() != push.times.size()) std::abort();
    for (std::size_t row = 0; row < push.times.size(); ++row) {
      if (push.series_of[row] >= push.series.size()) std::abort();
      last_[push.series[push.series_of[row]]] = ingest::is_stale(push.values[row]);
    }
    return ingest::MetricOutcome{};
  }
  void expect_all_stale() const {
    for (const auto& [series, stale] : last_) {
      if (!stale) std::abort();
    }
  }

 private:
  ingest::MetricSeriesTable table_{std::make_shared<const ingest::MetricLimits>()};
  std::map<ingest::MetricSeriesRef, bool> last_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr std::string_view kTypes[] = {"text/plain; version=0.0.4", "application/openmetrics-text",
                                         "application/vnd.google.protobuf"};
  // Every series is tracked, so that each must be marked in the end.
  static const auto config = parse_config(
      "scrape_configs: [{job_name: j, track_timestamps_staleness: true, sample_limit: 50, scrape_native_histograms: true, "
      "convert_classic_histograms_to_nhcb: true, always_scrape_classic_histograms: true, "
      "static_configs: [{targets: ['h:1']}]}]",
      {});
  const auto& job = config->scrape.at(0);
  const auto spec = make_target(*job, discovered_labels(*job, job->sources.fixed[0], job->sources.fixed[0].targets[0]));
  FuzzSink sink;
  TargetScrape target(job, **spec, std::make_shared<HttpAuth>(job->http), sink, std::make_shared<TargetMemory>());
  const std::string_view type = kTypes[data[0] % 3];
  const char separator = static_cast<char>(data[1]);
  std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  for (TimeNs time = kNsPerSecond; time < 20 * kNsPerSecond; time += kNsPerSecond) {
    const std::size_t length = std::min(rest.find(separator), rest.size());
    TargetScrape::Answer answer;
    answer.time = time;
    answer.status = 200;
    answer.content_type = type;
    answer.body = rest.substr(0, length);
    target.scraped(answer);
    if (length == rest.size()) break;
    rest.remove_prefix(length + 1);
  }
  target.end_of_run();
  sink.expect_all_stale();
  return 0;
}
