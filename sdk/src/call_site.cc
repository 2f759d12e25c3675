#include "call_site.h"

#include <algorithm>
#include <iterator>

#include <fmt/compile.h>
#include <fmt/format.h>

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
  std::string text = "\",\"level\":\"";
  text += level_label(head.level);
  text += '"';
  if (head.file != nullptr && *head.file != '\0') {
    text += ",\"file\":";
    append_json_string(text, head.file);
    text += ",\"line\":";
    append_integer(text, std::uint64_t{head.line});
  }
  text += ",\"target\":";
  append_json_string(text, target);
  text += ",\"message\":";
  json_head_ = PaddedText(text);
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
      add_piece(std::move(piece));
      piece = Piece{};
      ++i;
    } else if (c == '{' || c == '}') {
      simple_ = false;  // a width, a position, a name
      return;
    } else {
      piece.text += c;
    }
  }
  if (!piece.text.empty()) add_piece(std::move(piece));
}

void CallSite::add_piece(Piece piece) {
  std::string json;
  append_json_string(json, piece.text);
  piece.json = PaddedText(std::string_view(json).substr(1, json.size() - 2));
  pieces_.push_back(std::move(piece));
}

void append_message(std::string& out, const CallSite& site, std::span<const Value> arguments) {
  for (const CallSite::Piece& piece : site.pieces()) {
    out += piece.text;
    if (piece.argument < arguments.size()) append_argument(out, arguments[piece.argument]);
  }
}

void append_argument(std::string& out, const Value& value) {
  switch (value.kind()) {
    case ValueKind::kInt:
      return append_integer(out, value.as_int());
    case ValueKind::kUint:
      return append_integer(out, value.as_uint());
    case ValueKind::kFloat:
      fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), static_cast<float>(value.as_double()));
      return;
    case ValueKind::kDouble:
      fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), value.as_double());
      return;
    case ValueKind::kBool:
      out += value.as_bool() ? "true" : "false";
      return;
    case ValueKind::kChar:
      out += value.as_char();
      return;
    case ValueKind::kPointer:
      fmt::format_to(std::back_inserter(out), FMT_COMPILE("{}"), value.as_pointer());
      return;
    default:
      out += value.text();
  }
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
    std::string text = ",";
    append_json_string(text, sorted[i].first);
    text += ':';
    json_fields_.push_back({.key = std::string(sorted[i].first),
                            .text = PaddedText(text),
                            .field = sorted[i].second,
                            .is_request_id = is_request_key(sorted[i].first)});
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
