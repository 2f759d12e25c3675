// Any bytes are a chunk or an error; what was read as floats is written to a chunk that reads the same.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "api/histogram_chunk.h"
#include "api/xor_chunk.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trilobite;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(api::decode_histogram_chunk(text, true));
  static_cast<void>(api::decode_histogram_chunk(text, false));
  const auto samples = api::decode_xor_chunk(text);
  if (!samples.ok()) return 0;
  std::vector<std::int64_t> times;
  std::vector<double> values;
  for (const auto& [time, value] : *samples) times.push_back(time), values.push_back(value);
  const auto again = api::decode_xor_chunk(api::encode_xor_chunk(times, values));
  CHECK(again.ok() && again->size() == samples->size());
  for (std::size_t i = 0; i < samples->size(); ++i) {
    CHECK(again->at(i).first == times[i]);
    CHECK(std::bit_cast<std::uint64_t>(again->at(i).second) == std::bit_cast<std::uint64_t>(values[i]));
  }
  return 0;
}
