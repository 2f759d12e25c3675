#include "logs/row.h"

#include <algorithm>

#include "base/bytes.h"
#include "logs/text.h"

namespace trilobite::logql {

namespace {

// Lines with random keys must not fill the memory; forgetting costs a few hash insertions.
constexpr std::size_t kNamesMax = 50'000;
constexpr std::size_t kStreamsMax = 20'000;

}  // namespace

void append_label_name(std::string& out, std::string_view raw, bool continues) {
  static constexpr std::string_view kBlanks = " \t\n\v\f\r";
  const std::size_t first = raw.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return;
  raw = raw.substr(first, raw.find_last_not_of(kBlanks) + 1 - first);
  if (!continues && raw.front() >= '0' && raw.front() <= '9') out.push_back('_');
  while (!raw.empty()) {
    const char c = raw.front();
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9');
    out.push_back(letter ? c : '_');
    raw.remove_prefix(letter ? 1 : decode_rune(raw).length);
  }
}

Row::Row(const LabelPlan& plan, const EarlyFilter* filter) : plan_(plan), filter_(filter) { forget_names(); }

void Row::forget_names() {
  ++names_generation_;
  names_.clear();
  index_.clear();
  fields_.clear();
  expected_.clear();
  streams_.clear();
  stream_ = nullptr;
  metadata_bytes_.clear();
  metadata_.clear();
  for (const std::string& name : plan_.names) intern(name);
  for (NameId id = 0; id < plan_.wanted.size(); ++id) names_[id].wanted = plan_.wanted[id];
}

NameId Row::intern(std::string_view name) {
  if (const auto found = index_.find(name); found != index_.end()) return found->second;
  const auto id = static_cast<NameId>(names_.size());
  names_.emplace_back().text = name;
  index_.emplace(names_.back().text, id);
  return id;
}

NameId Row::field(std::string_view raw) {
  constexpr std::size_t kExpectedMax = 256;
  const std::size_t place = field_no_ < kExpectedMax ? field_no_ : kExpectedMax;
  ++field_no_;
  if (place < expected_.size() && expected_[place].raw == raw) return expected_[place].id;
  auto found = fields_.find(raw);
  if (found == fields_.end()) {
    std::string name;
    append_label_name(name, raw, false);
    found = fields_.emplace(raw, name.empty() ? kNoName : intern(name)).first;
  }
  if (place >= expected_.size()) expected_.resize(place + 1);
  expected_[place] = {found->first, found->second};
  return found->second;
}

NameId Row::extracted_name(NameId id) {
  if (names_[id].extracted == kNoName) {
    const NameId other = intern(names_[id].text + std::string(kExtractedSuffix));
    names_[id].extracted = other;
  }
  return names_[id].extracted;
}

// ---- Life of a row ------------------------------------------------------------------------------------------------

void Row::begin_stream(const LabelSet& labels) {
  if (streams_.size() > kStreamsMax) forget_names();
  stream_set_ = &labels;
  auto [entry, added] = streams_.try_emplace(&labels);
  if (added) {
    for (const auto& [name, value] : labels) entry->second.labels.push_back({intern(name), value});
  }
  stream_ = &entry->second;
  ++stream_no_;
  for (std::uint32_t i = 0; i < stream_->labels.size(); ++i) {
    Name& name = names_[stream_->labels[i].id];
    name.stream = stream_no_;
    name.stream_slot = i;
  }
}

void Row::begin(TimeNs time, std::string_view metadata) {
  if (names_.size() > kNamesMax || fields_.size() > kNamesMax) {
    forget_names();
    if (stream_set_ != nullptr) begin_stream(*stream_set_);
  }
  ++row_no_;
  time_ = time;
  field_no_ = 0;
  slots_.clear();
  arena_.reset();
  wanted_found_ = 0;
  error_ = error_details_ = {};
  if (metadata.empty()) return;
  if (metadata != metadata_bytes_) load_metadata(metadata);
  add_metadata();
}

void Row::load_metadata(std::string_view bytes) {
  metadata_bytes_ = bytes;
  metadata_.clear();
  ByteReader reader(metadata_bytes_);
  while (!reader.done()) {
    const auto name = reader.text();
    if (!name.ok()) return;  // the store has checked the bytes; a damaged end is no reason to fail the row
    const auto value = reader.text();
    if (!value.ok()) return;
    metadata_.push_back({intern(*name), *value});
  }
}

void Row::add_metadata() {
  for (const Pair& pair : metadata_) {
    NameId id = pair.id;
    if (names_[id].stream == stream_no_) id = extracted_name(id);
    names_[id].metadata_row = row_no_;
    if (plan_.all_wanted || names_[id].wanted) set(id, LabelCategory::kMetadata, pair.value);
  }
}

// ---- Labels -------------------------------------------------------------------------------------------------------

Row::Slot& Row::slot(NameId id) {
  Name& name = names_[id];
  if (name.row != row_no_) {
    name.row = row_no_;
    name.slot = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back().id = id;
  }
  return slots_[name.slot];
}

Row::Found Row::find(NameId id) const {
  const Name& name = names_[id];
  if (name.row == row_no_) {
    const Slot& slot = slots_[name.slot];
    if (slot.removed) return {};
    return {slot.value, slot.category, true};
  }
  if (name.stream == stream_no_ && stream_no_ != 0) {
    return {stream_->labels[name.stream_slot].value, LabelCategory::kStream, true};
  }
  return {};
}

Row::Found Row::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? Found{} : find(found->second);
}

void Row::set(NameId id, LabelCategory category, std::string_view value) {
  const Found old = find(id);
  if (old.present && old.category > category) return;
  Name& name = names_[id];
  if (category == LabelCategory::kParsed && name.extracted_row != row_no_) {
    name.extracted_row = row_no_;
    if (name.wanted) ++wanted_found_;
  }
  Slot& place = slot(id);
  place.value = value;
  place.category = category;
  place.removed = false;
}

void Row::remove(NameId id) {
  if (find(id).present) slot(id).removed = true;
}

// ---- For parsers --------------------------------------------------------------------------------------------------

bool Row::wants_prefix(std::string_view prefix) const {
  if (plan_.all_wanted) return true;
  for (NameId id = 0; id < plan_.wanted.size(); ++id) {
    if (plan_.wanted[id] && std::string_view(plan_.names[id]).substr(0, prefix.size()) == prefix) return true;
  }
  return false;
}

NameId Row::target(NameId id) {
  if (base_has(id)) id = extracted_name(id);
  const Name& name = names_[id];
  if (name.extracted_row == row_no_ || !(plan_.all_wanted || name.wanted)) return kNoName;
  return id;
}

Extracted Row::put(NameId id, std::string_view value) {
  set(id, LabelCategory::kParsed, value);
  if (filter_ != nullptr && id < plan_.names.size() && !filter_->may_pass(id, *this)) return Extracted::kDrop;
  return complete() ? Extracted::kComplete : Extracted::kGoOn;
}

void Row::fail(std::string_view error, std::string_view details) {
  error_ = error;
  error_details_ = arena_.copy(details);
}

const std::vector<RowLabel>& Row::sorted() {
  sorted_.clear();
  for_each([&](NameId id, std::string_view value, LabelCategory category) {
    const std::string_view name = names_[id].text;
    if (!error_.empty() && name == kErrorLabel) return;
    if (!error_details_.empty() && name == kErrorDetailsLabel) return;
    sorted_.push_back({name, value, category});
  });
  if (!error_.empty()) sorted_.push_back({kErrorLabel, error_, LabelCategory::kParsed});
  if (!error_details_.empty()) sorted_.push_back({kErrorDetailsLabel, error_details_, LabelCategory::kParsed});
  if (!stream_only()) {
    std::sort(sorted_.begin(), sorted_.end(), [](const RowLabel& a, const RowLabel& b) { return a.name < b.name; });
  }
  return sorted_;
}

}  // namespace trilobite::logql
