// What scrape targets, federation peers and imports send: the text formats, OpenMetrics and delimited protobuf, read
// sample by sample. A reader holds views into the body and makes a label set only when asked, so that a caller who
// keeps a map from `key` to series pays for the labels of a series once, not at every scrape.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "columnar/label_set.h"
#include "metrics/histogram.h"

namespace trilobite::ingest {

enum class ExpositionFormat : std::uint8_t {
  kText,         // 0.0.4 and 1.0.0
  kOpenMetrics,  // 0.0.1 and 1.0.0
  kProtobuf,     // io.prometheus.client.MetricFamily, each with its length in front
};

// Of a Content-Type header; nothing if it is empty or names none of ours. text/plain of any version is kText.
std::optional<ExpositionFormat> exposition_format(std::string_view content_type);

struct ExpositionExemplar {
  LabelSet labels;
  double value = 0;
  std::optional<TimeNs> time;
};

struct ExpositionSample {
  // Stands for the label set: equal bytes of one target are equal labels. Valid until the next next().
  std::string_view key;
  bool expected = false;          // the key is what expect() said
  std::optional<TimeNs> time;     // if the target says one
  std::optional<TimeNs> start;    // since when it counts, if the target says so
  double value = 0;               // of a histogram: its sum
  const metrics::Histogram* histogram = nullptr;  // null: a float. Checked. Valid until the next next()
  std::span<const ExpositionExemplar> exemplars;  // valid until the next next()
};

// What HELP, TYPE and UNIT say of a metric family.
struct ExpositionFamily {
  std::string name;
  std::string type = "unknown";  // as /api/v1/metadata shows it: counter, gauge, histogram, gaugehistogram, summary ...
  std::string help, unit;
};

struct ExpositionOptions {
  bool native_histograms = true;   // of protobuf; false: their classic buckets only
  bool classic_histograms = false;  // the classic buckets beside the native histogram, if there is one
  // OpenMetrics: lines `x_created` say the start of the samples of their metric, and are no series of their own.
  bool start_times = false;
  bool classic_to_custom = false;   // classic buckets become a native histogram with custom buckets
};

// One thread at a time.
class ExpositionReader {
 public:
  virtual ~ExpositionReader() = default;

  // The key that the next sample probably has: that of the scrape before. Saves looking for where it ends. Valid until
  // the next next().
  virtual void expect(std::string_view /*key*/) {}

  // False at the end. After an error (kInvalid, in the words of Prometheus' parsers) nothing more comes; what came
  // before is as the target sent it.
  virtual Result<bool> next(ExpositionSample& out) = 0;

  // Of the sample that came last, with __name__; `le` and `quantile` in the form of floats (1 is 1.0). Empty values
  // are left out. Errors: kInvalid, a name twice or not UTF-8.
  virtual Result<LabelSet> labels() const = 0;

  // What was read of families so far, in order of the body; complete when next() gave false.
  virtual const std::vector<ExpositionFamily>& families() const { return families_; }

 protected:
  std::vector<ExpositionFamily> families_;
};

// `body` is unpacked and must outlive the reader.
std::unique_ptr<ExpositionReader> read_exposition(std::string_view body, ExpositionFormat format,
                                                  ExpositionOptions options = {});

}  // namespace trilobite::ingest
