#include "ingest/metric_labels.h"

#include <simdjson.h>

#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "ingest/label_string.h"

namespace trilobite::ingest {

bool valid_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

Result<LabelSet> make_labels(std::span<LabelSet::Pair> pairs) {
  std::sort(pairs.begin(), pairs.end());
  std::string bytes;
  std::size_t size = 0;
  const auto bytes_of = [](std::string_view text) { return text.size() + (text.size() < 0x80 ? 1 : 2); };
  for (const auto& [name, value] : pairs) size += bytes_of(name) + bytes_of(value);
  bytes.reserve(size);
  ByteWriter writer(bytes);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto& [name, value] = pairs[i];
    if (name.empty()) return error(Code::kInvalid, "label without a name");
    if (i > 0 && name == pairs[i - 1].first) return error(Code::kInvalid, "duplicated label {}", name);
    if (!valid_utf8(name) || !valid_utf8(value)) return error(Code::kInvalid, "label is not UTF-8");
    if (value.empty()) continue;
    writer.text(name);
    writer.text(value);
  }
  return LabelSet::from_bytes(std::move(bytes));
}

Result<LabelSet> make_series_labels(std::span<LabelSet::Pair> pairs) {
  TRY(labels, make_labels(pairs));
  if (labels.get(kNameLabel).empty()) return error(Code::kInvalid, "series without a name");
  return labels;
}

std::string pairs_text(std::span<const LabelSet::Pair> pairs) {
  std::string out = "{";
  for (const auto& [name, value] : pairs) {
    if (out.size() > 1) out += ", ";
    append_label(out, name, value);
  }
  return out + "}";
}

TimeNs time_of_ms(std::int64_t ms) {
  constexpr std::int64_t kNsPerMs = 1'000'000;
  constexpr std::int64_t kLast = std::numeric_limits<TimeNs>::max() / kNsPerMs - 1;
  return std::clamp(ms, -kLast, kLast) * kNsPerMs;
}

void drop_missing_series(MetricPush& push) {
  std::vector<std::uint32_t> moved(push.series.size());
  std::uint32_t kept = 0;
  for (std::size_t i = 0; i < push.series.size(); ++i) {
    moved[i] = kept;
    if (push.series[i] == nullptr) continue;
    if (kept != i) push.series[kept] = std::move(push.series[i]);
    ++kept;
  }
  push.series.resize(kept);
  for (std::uint32_t& series : push.series_of) series = moved[series];
  for (MetricPush::Exemplar& exemplar : push.exemplars) exemplar.series = moved[exemplar.series];
}

}  // namespace trilobite::ingest
