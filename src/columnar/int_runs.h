// Runs of equal integers as codec_int_runs.cc stores them, for who wants the runs and not a value for each row.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace trilobite::columnar {

struct IntRun {
  std::int64_t value = 0;
  std::uint32_t end = 0;  // row behind its last; runs are not empty
};

// The bytes of Encoding::kIntRuns.
Result<std::vector<IntRun>> read_int_runs(std::string_view bytes, std::size_t rows);

}  // namespace trilobite::columnar
