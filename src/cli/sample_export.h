// Reads the samples of a selector from a server that speaks Prometheus' API, and writes them as text.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/log_answer.h"
#include "cli/loki_client.h"

namespace trilobite::cli {

enum class SampleFormat : std::uint8_t { kOpenMetrics, kJsonLines };

struct ExportRequest {
  std::string selector;       // such as up{job="api"}
  TimeNs start = 0, end = 0;  // both included
  TimeNs window = 0;          // of one request; halved where the server finds it too much
};

struct ExportCounts {
  std::size_t metrics = 0, series = 0, samples = 0;
  std::size_t histograms = 0;           // native ones, among the samples
  std::size_t histograms_left_out = 0;  // that the format, or the server, cannot say
};

// JSON lines come from /api/v1/export, window by window, with native histograms and staleness markers; from a server
// without that path, and for OpenMetrics, samples are asked for metric by metric. `write` gets whole lines.
Result<ExportCounts> export_samples(LokiClient& client, const ExportRequest& request, SampleFormat format,
                                    const std::function<void(std::string_view)>& write);

// The series of one metric as lines. OpenMetrics: with a # TYPE line in front; "# EOF" is the caller's.
std::string open_metrics_text(const std::string& name, std::string_view type, std::string_view help,
                              const std::vector<MetricSeries>& series);
// {"metric":{"__name__":"up"},"values":[1],"timestamps":[1768435200000]}; NaN is null, infinities are "Infinity".
std::string json_lines_text(const std::vector<MetricSeries>& series);

// Cuts a file of samples into pieces that can be sent one by one. Each piece ends with a line.
class SamplePieces {
 public:
  // OpenMetrics: comments of the family that is cut apart stand again in front of its rest, and each piece ends with
  // # EOF. `size_max` is of bytes and may be exceeded by one line.
  SamplePieces(bool open_metrics, std::size_t size_max) : open_metrics_(open_metrics), size_max_(size_max) {}

  // Calls `send` for each piece that is full.
  Result<void> add(std::string_view text, const std::function<Result<void>(std::string_view)>& send);
  Result<void> finish(const std::function<Result<void>(std::string_view)>& send);
  std::size_t lines() const { return lines_; }  // with a sample, so far

 private:
  Result<void> add_line(std::string_view line, const std::function<Result<void>(std::string_view)>& send);
  Result<void> flush(const std::function<Result<void>(std::string_view)>& send);

  const bool open_metrics_;
  const std::size_t size_max_;
  std::string rest_;  // a line whose end is yet to come
  std::string piece_;
  std::string comments_;  // of the family at hand
  bool in_comments_ = false, samples_ = false;
  std::size_t lines_ = 0;
};

}  // namespace trilobite::cli
