// What several scans did, summed up.
#pragma once

#include <algorithm>

#include "storage/store.h"

namespace trilobite {

// A warning that is there already is not added again.
inline void add_to(ScanStats& sum, const ScanStats& stats) {
  sum.parts += stats.parts;
  sum.blocks += stats.blocks;
  sum.blocks_skipped += stats.blocks_skipped;
  sum.rows += stats.rows;
  sum.bytes += stats.bytes;
  sum.bytes_compressed += stats.bytes_compressed;
  sum.head_rows += stats.head_rows;
  sum.head_bytes += stats.head_bytes;
  for (const std::string& warning : stats.warnings) {
    if (std::find(sum.warnings.begin(), sum.warnings.end(), warning) == sum.warnings.end())
      sum.warnings.push_back(warning);
  }
}

}  // namespace trilobite
