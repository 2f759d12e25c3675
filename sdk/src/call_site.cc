#include "call_site.h"

#include <algorithm>
#include <numeric>

#include "json.h"
#include "json_keys.h"
#include "line_format.h"
#include "number.h"

namespace trilobite::log {
namespace {

// Beyond that many the memory starts again: statements are counted in thousands, never more.
constexpr std::size_t kSitesMax = 16'384;
constexpr int kLearnedMax = 16;

}  // namespace

CallSite::CallSite(const detail::RecordHead& head, std::string_view target) : target_(target) {
  json_head_ = "\",\"level\":\"";
  json_head_ += level_label(head.level);
  json_head_ += '"';
  if (head.file != nullptr && *head.file != '\0') {
    json_head_ += ",\"file\":";
    append_json_string(json_head_, head.file);
    json_head_ += ",\"line\":";
    append_integer(json_head_, std::uint64_t{head.line});
  }
  json_head_ += ",\"target\":";
  append_json_string(json_head_, target);
  json_head_ += ",\"message\":";
  split_format({head.format, head.format_size});
}

void CallSite::split_format(std::string_view format) {
  Piece piece;
  std::uint32_t arguments = 0;
  for (std::size_t i = 0; i < format.size(); ++i) {
    const char c = format[i];
    const char next = i + 1 < format.size() ? format[i + 1] : '\0';
    if ((c == '{' || c == '}') && next == c) {
      piece.text += c;
      ++i;
    } else if (c == '{' && next == '}') {
      piece.argument = arguments++;
      pieces_.push_back(std::move(piece));
      piece = Piece{};
      ++i;
    } else if (c == '{' || c == '}') {
      simple_ = false;  // a width, a position, a name
      return;
    } else {
      piece.text += c;
    }
  }
  if (!piece.text.empty()) pieces_.push_back(std::move(piece));
}

const std::vector<CallSite::JsonField>* CallSite::json_fields(std::span<const Field> fields) {
  const bool known =
      learned_ > 0 && std::equal(fields.begin(), fields.end(), keys_.begin(), keys_.end(),
                                 [](const Field& field, const std::string& key) { return field.key == key; });
  if (known) return &json_fields_;
  if (learned_ == kLearnedMax) return nullptr;
  learn_fields(fields);
  return &json_fields_;
}

void CallSite::learn_fields(std::span<const Field> fields) {
  ++learned_;
  keys_.clear();
  json_fields_.clear();
  std::vector<std::pair<std::string_view, std::uint32_t>> sorted;
  for (std::uint32_t i = 0; i < fields.size(); ++i) {
    keys_.emplace_back(fields[i].key);
    const std::string_view key = json_key(fields[i].key);
    if (!is_span_key(key)) sorted.emplace_back(key, i);  // ids without a span would be forged ones
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    if (i + 1 < sorted.size() && sorted[i + 1].first == sorted[i].first) continue;  // the later one counts
    JsonField field{.key = ",", .field = sorted[i].second};
    append_json_string(field.key, sorted[i].first);
    field.key += ':';
    json_fields_.push_back(std::move(field));
  }
}

std::size_t CallSites::Hash::operator()(const Key& key) const {
  const auto mix = [](const void* p) { return static_cast<std::size_t>(reinterpret_cast<std::uintptr_t>(p)); };
  std::size_t hash = mix(key.format) ^ (mix(key.target) << 7) ^ (mix(key.file) << 3) ^ (key.place << 1);
  hash *= 0x9e3779b97f4a7c15ull;
  return hash ^ (hash >> 32);
}

CallSite& CallSites::of(const detail::RecordHead& head) {
  const Key key{head.format, head.file, head.target,
                (std::uint64_t{head.line} << 32) ^ (std::uint64_t{head.format_size} << 16) ^
                    (std::uint64_t{head.target_size} << 8) ^ static_cast<std::uint64_t>(head.level)};
  Slot& slot = slots_[Hash{}(key) % kSlots];
  if (slot.site == nullptr || !(slot.key == key)) [[unlikely]]
    slot = {key, &find_or_make(head, key)};
  return *slot.site;
}

CallSite& CallSites::find_or_make(const detail::RecordHead& head, const Key& key) {
  const auto found = sites_.find(key);
  if (found != sites_.end()) return *found->second;
  if (sites_.size() >= kSitesMax) {
    for (Slot& slot : slots_) slot = {};
    sites_.clear();
  }
  const std::string_view target(head.target, head.target_size);
  auto site = std::make_unique<CallSite>(head, target.empty() ? std::string_view(default_target_) : target);
  return *(sites_[key] = std::move(site));
}

}  // namespace trilobite::log
