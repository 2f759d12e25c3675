#include "metrics/label_algebra.h"

#include <algorithm>

#include "base/check.h"

namespace trilobite::metrics {
namespace {

// Calls each(name, pair) with the canonical bytes of every pair.
template <class Each>
void for_each_pair(const LabelSet& labels, const Each& each) {
  const char* from = labels.bytes().data();
  for (const auto& [name, value] : labels) {
    const char* to = value.data() + value.size();
    each(name, std::string_view(from, static_cast<std::size_t>(to - from)));
    from = to;
  }
}

LabelSet from_canonical(std::string bytes) {
  Result<LabelSet> labels = LabelSet::from_bytes(std::move(bytes));
  CHECK(labels.ok());
  return std::move(labels).value();
}

bool is_metadata(std::string_view name) { return name == kMetricName || name == "__type__" || name == "__unit__"; }

template <class Leaves>
LabelSet without_those(const LabelSet& labels, const Leaves& leaves) {
  std::string kept;
  kept.reserve(labels.bytes().size());
  for_each_pair(labels, [&](std::string_view name, std::string_view pair) {
    if (!leaves(name)) kept += pair;
  });
  if (kept.size() == labels.bytes().size()) return labels;
  return from_canonical(std::move(kept));
}

}  // namespace

LabelSet without_name(const LabelSet& labels) { return without_those(labels, is_metadata); }

LabelSet without_label(const LabelSet& labels, std::string_view name) {
  return without_those(labels, [&](std::string_view one) { return one == name; });
}

LabelChoice::LabelChoice(std::vector<std::string> names, bool without) : names_(std::move(names)), without_(without) {
  if (without_) names_.emplace_back(kMetricName);
  std::sort(names_.begin(), names_.end());
  names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
}

bool LabelChoice::keeps(std::string_view name) const {
  return std::binary_search(names_.begin(), names_.end(), name) != without_;
}

void LabelChoice::keep(const LabelSet& labels, std::string& out) const {
  out.clear();
  if (!without_ && names_.empty()) return;
  auto next = names_.begin();  // both are sorted by name
  for_each_pair(labels, [&](std::string_view name, std::string_view pair) {
    while (next != names_.end() && *next < name) ++next;
    const bool listed = next != names_.end() && *next == name;
    if (listed != without_) out += pair;
  });
}

LabelSet LabelChoice::kept(const LabelSet& labels) const {
  std::string bytes;
  keep(labels, bytes);
  return from_canonical(std::move(bytes));
}

bool is_label_name(std::string_view name) {
  for (std::size_t at = 0; at < name.size();) {
    const auto first = static_cast<std::uint8_t>(name[at]);
    const std::size_t length = first < 0x80 ? 1 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if ((first >= 0x80 && first < 0xC2) || first > 0xF4 || at + length > name.size()) return false;
    std::uint32_t rune = length == 1 ? first : first & (0xFFu >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
      const auto byte = static_cast<std::uint8_t>(name[at + i]);
      if ((byte & 0xC0) != 0x80) return false;
      rune = rune << 6 | (byte & 0x3Fu);
    }
    const bool overlong = (length == 3 && rune < 0x800) || (length == 4 && rune < 0x10000);
    if (overlong || rune > 0x10FFFF || (rune >= 0xD800 && rune <= 0xDFFF)) return false;
    at += length;
  }
  return !name.empty();
}

LabelBuilder::LabelBuilder(const LabelSet& labels) {
  for (const auto& [name, value] : labels) pairs_.emplace_back(name, value);
}

std::string_view LabelBuilder::get(std::string_view name) const {
  for (const auto& [one, value] : pairs_) {
    if (one == name) return value;
  }
  return {};
}

void LabelBuilder::set(std::string_view name, std::string_view value) {
  for (auto& [one, old] : pairs_) {
    if (one == name) {
      old = value;
      return;
    }
  }
  pairs_.emplace_back(name, value);
}

}  // namespace trilobite::metrics
