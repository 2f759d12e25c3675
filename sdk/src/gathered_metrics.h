// What a scrape or a push sees: all families of a registry and those below it, merged.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <trilobite/metrics.h>

#include "metric_family.h"
#include "outcome.h"

namespace trilobite::instruments {

enum class Kind : std::uint8_t { kCounter, kGauge, kHistogram, kSummary };
Kind kind_of(Type type);
std::string_view kind_name(Kind kind);  // "counter"

struct NativeBuckets {
  int schema = 0;
  double zero_threshold = 0;
  std::uint64_t zero_count = 0;
  BucketRange positive, negative;
};

struct HistogramReading {
  std::shared_ptr<const detail::HistogramLayout> layout;
  std::vector<std::uint64_t> counts;  // per bucket; the last one is +Inf
  std::uint64_t count = 0;            // of all
  double sum = 0;
  std::optional<NativeBuckets> native;
  std::vector<std::optional<Exemplar>> exemplars;  // per bucket, or empty
};

struct SummaryReading {
  std::shared_ptr<const detail::SummaryLayout> layout;
  detail::SummaryCell::Reading reading;
};

struct Sample {
  std::shared_ptr<const Series> series;
  std::int64_t created_ms = 0;
  double value = 0;  // counters and gauges
  std::unique_ptr<HistogramReading> histogram;
  std::unique_ptr<SummaryReading> summary;
  std::unique_ptr<Exemplar> exemplar;  // counters
};

struct GatheredFamily {
  std::string name;
  std::string help;
  Kind kind = Kind::kCounter;
  std::vector<Sample> samples;
};

struct Gathered {
  std::vector<GatheredFamily> families;  // sorted by name
  std::string text;                      // of the text callbacks, each piece from the start of a line
};

enum class WithTexts : std::uint8_t { kNo, kYes };

// Runs the callbacks and reads everything. Fails when two registries disagree on help or type of a family.
log::Outcome<Gathered> gather(const Registry& registry, WithTexts texts);

}  // namespace trilobite::instruments
