#include "ingest/remote_write_parts.h"

#include <array>
#include <cstring>

namespace trilobite::ingest {
namespace {

constexpr std::size_t kLinesMax = 100;
// Of a series with one sample and few labels: more than we will need, and nothing that a small body can blow up.
constexpr std::size_t kBytesPerSample = 100;

}  // namespace

std::string_view metadata_type(std::uint64_t code) {
  static constexpr std::array<std::string_view, 8> kNames{"unknown", "counter", "gauge",   "histogram", "gaugehistogram",
                                                          "summary", "info",    "stateset"};
  return code < kNames.size() ? kNames[code] : kNames[0];
}

bool WriteParts::add_sample(std::uint32_t series, std::string_view message) {
  // As every sender writes it: tag, eight bytes, tag, varint.
  constexpr char kValueTag = static_cast<char>(wire_tag(1, Wire::kFixed64));
  constexpr char kTimeTag = static_cast<char>(wire_tag(2, Wire::kVarint));
  if (message.size() > 10 && message[0] == kValueTag && message[9] == kTimeTag) {
    WireReader rest(message.substr(10));
    const std::int64_t ms = rest.signed_varint();
    if (rest.done() && !rest.broken()) {
      double value;
      std::memcpy(&value, message.data() + 1, sizeof(value));
      push.add(series, time_of_ms(ms), value);
      return true;
    }
  }
  WireReader reader(message);
  double value = 0;
  std::int64_t ms = 0, start_ms = 0;
  while (reader.next()) {
    if (reader.tag() == wire_tag(1, Wire::kFixed64)) {
      value = reader.number();
    } else if (reader.tag() == wire_tag(2, Wire::kVarint)) {
      ms = reader.signed_varint();
    } else if (reader.tag() == wire_tag(3, Wire::kVarint)) {
      start_ms = reader.signed_varint();
    } else {
      reader.skip();
    }
  }
  if (reader.broken()) return false;
  push.add(series, time_of_ms(ms), value, time_of_ms(start_ms));
  return true;
}

void WriteParts::refuse(std::string_view text) {
  if (text == last_ || ++lines_ > kLinesMax) return;
  last_ = text;
  if (!refused.empty()) refused += '\n';
  refused += text;
}

void WriteParts::leave_out(std::uint32_t series) {
  left_out.resize(push.series.size());
  left_out[series] = true;
}

RemoteWrite WriteParts::finish() {
  if (!left_out.empty()) {
    const bool histograms = !push.histogram_of.empty();
    std::size_t kept = 0;
    for (std::size_t row = 0; row < push.times.size(); ++row) {
      if (left_out[push.series_of[row]]) continue;
      push.series_of[kept] = push.series_of[row];
      push.times[kept] = push.times[row];
      push.values[kept] = push.values[row];
      if (histograms) push.histogram_of[kept] = push.histogram_of[row];
      if (!push.starts.empty()) push.starts[kept] = push.starts[row];
      ++kept;
    }
    push.series_of.resize(kept);
    push.times.resize(kept);
    push.values.resize(kept);
    if (histograms) push.histogram_of.resize(kept);
    if (!push.starts.empty()) push.starts.resize(kept);
    std::erase_if(push.exemplars, [&](const MetricPush::Exemplar& exemplar) { return left_out[exemplar.series]; });
    drop_missing_series(push);
  }
  return {std::move(push), std::move(refused)};
}

void reserve(MetricPush& push, std::size_t message_bytes) {
  const std::size_t samples = message_bytes / kBytesPerSample;
  push.series_of.reserve(samples);
  push.times.reserve(samples);
  push.values.reserve(samples);
}

}  // namespace trilobite::ingest
