// Runs of buckets as Prometheus' protobuf messages hold them.
#pragma once

#include <cstdint>
#include <vector>

#include "exponential_buckets.h"

namespace trilobite::instruments {

struct NativeSpans {
  struct Span {
    std::int64_t offset;  // from the end of the span before; of the first one the index of its bucket
    std::uint64_t length;
  };
  std::vector<Span> spans;
  std::vector<std::int64_t> deltas;  // of each count from the one before
};

// Gaps of up to two empty buckets are cheaper as buckets than as a new span.
NativeSpans native_spans(const BucketRange& range);

inline std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

}  // namespace trilobite::instruments
