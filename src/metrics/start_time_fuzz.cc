// Bytes of a part that lie: splitting never reads beyond them, and what is no start stays as it was.
#include "base/check.h"
#include "metrics/histogram.h"
#include "metrics/start_time.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, unsigned long size) {
  using namespace trilobite;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const metrics::SampleText text = metrics::split_sample_text(input);
  CHECK(text.histogram.size() <= input.size());
  if (text.start == 0 && text.histogram.size() == input.size()) CHECK(text.histogram == input);
  if (text.start != 0) {
    const std::string again = metrics::with_start(text.start, text.histogram);
    CHECK(metrics::split_sample_text(again).start == text.start);
  }
  static_cast<void>(metrics::decode_histogram(text.histogram));
  return 0;
}
