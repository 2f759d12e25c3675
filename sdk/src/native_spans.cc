#include "native_spans.h"

namespace trilobite::instruments {

NativeSpans native_spans(const BucketRange& range) {
  constexpr std::size_t kGapMax = 2;
  NativeSpans out;
  std::uint64_t before = 0;
  std::size_t span_end = 0;  // of the last span, as an index of counts
  for (std::size_t i = 0; i < range.counts.size();) {
    if (range.counts[i] == 0) {
      ++i;
      continue;
    }
    std::size_t end = i, zeros = 0;
    for (std::size_t j = i; j < range.counts.size() && zeros <= kGapMax; ++j) {
      zeros = range.counts[j] == 0 ? zeros + 1 : 0;
      if (zeros == 0) end = j + 1;
    }
    const auto gap = static_cast<std::int64_t>(i - span_end);
    out.spans.push_back({.offset = out.spans.empty() ? range.first + gap : gap, .length = end - i});
    for (; i < end; ++i) {
      out.deltas.push_back(static_cast<std::int64_t>(range.counts[i] - before));
      before = range.counts[i];
    }
    span_end = end;
  }
  return out;
}

}  // namespace trilobite::instruments
