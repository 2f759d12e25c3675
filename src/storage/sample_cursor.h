// Reads the samples of one series after the other from one source. A cursor belongs to one thread at a time and keeps
// what the next series is likely to need: neighbours share a block, and often their times.
#pragma once

#include <cstdint>
#include <memory>

#include "storage/store.h"

namespace trilobite::storage {

class RowSource;

// What reading has cost so far.
struct SampleCosts {
  std::uint64_t blocks = 0, samples = 0, bytes = 0, bytes_compressed = 0;
};

class SampleCursor {
 public:
  virtual ~SampleCursor() = default;
  // Appends those of the series with times from `first` to `last`, both included; of samples with one time the one
  // written last comes last.
  virtual Result<void> read(std::uint32_t series, TimeNs first, TimeNs last, SeriesSamples& out) = 0;
  const SampleCosts& costs() const { return costs_; }

 protected:
  SampleCosts costs_;
};

// Through keys and columns, for any source. REQUIRES: the source outlives the cursor.
std::unique_ptr<SampleCursor> read_samples_of_rows(const RowSource& source);

// Gives the newest samples of `out`, from `begin` on, histograms: `texts` has one for each of them. `texts` may be
// empty, then none has one.
void append_histograms(SeriesSamples& out, std::size_t begin, const StringColumn& texts, std::size_t texts_begin);

// From the order of arrival to that of time; of samples with one time the last stays.
void put_in_order(SeriesSamples& samples);

}  // namespace trilobite::storage
