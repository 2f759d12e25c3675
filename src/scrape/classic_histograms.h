// Classic histograms (series _bucket, _sum, _count) put together to native ones with custom buckets, for targets of
// convert_classic_histograms_to_nhcb.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ingest/exposition.h"

namespace trilobite::scrape {

// Of one body. One thread.
class ClassicHistograms {
 public:
  // True: the sample is a part of a histogram of `family`, and is kept for it.
  bool take(const ingest::ExpositionFamily& family, const LabelSet& labels, const ingest::ExpositionSample& sample);

  struct Made {
    LabelSet labels;
    metrics::Histogram histogram;
    std::optional<TimeNs> time;
    std::vector<ingest::ExpositionExemplar> exemplars;
  };
  // What the body has. Those without buckets, or whose counts go down, are left out.
  std::vector<Made> finish();

 private:
  struct Parts {
    std::map<double, double> buckets;  // cumulative, by upper bound
    std::optional<double> sum, count;
    std::optional<TimeNs> time;
    std::vector<ingest::ExpositionExemplar> exemplars;
  };
  std::map<LabelSet, Parts> parts_;
};

}  // namespace trilobite::scrape
