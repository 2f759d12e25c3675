#include "ingest/metadata.h"

#include <algorithm>

#include "base/bytes.h"
#include "ingest/label_string.h"

namespace trilobite::ingest {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

Result<void> append_metadata_name(std::string& out, std::string_view name) {
  if (std::none_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c); })) {
    return error(Code::kInternal, "normalization for label name \"{}\" resulted in invalid name \"{}\"", name,
                 name.empty() ? "" : "_");
  }
  if (is_digit(name.front())) out += "key_";
  bool underscore = false;
  for (const char c : name) {
    const char clean = is_letter(c) || is_digit(c) ? c : '_';
    if (clean == '_' && underscore) continue;
    underscore = clean == '_';
    out.push_back(clean);
  }
  return {};
}

void MetadataBuilder::clear() {
  names_.clear();
  pairs_.clear();
}

Result<void> MetadataBuilder::add(std::string_view name, std::string_view value) {
  const std::size_t start = names_.size();
  TRY_VOID(append_metadata_name(names_, name));
  if (value.empty()) {
    names_.resize(start);
    return {};
  }
  pairs_.push_back({start, names_.size() - start, value});
  return {};
}

void MetadataBuilder::add_valid(std::string_view name, std::string_view value) {
  if (value.empty()) return;
  pairs_.push_back({names_.size(), name.size(), value});
  names_.append(name);
}

void MetadataBuilder::set(std::string_view wanted, std::string_view value) {
  for (Pair& pair : pairs_) {
    if (name(pair) == wanted) {
      pair.value = value;
      return;
    }
  }
  pairs_.push_back({names_.size(), wanted.size(), value});
  names_.append(wanted);
}

std::string_view MetadataBuilder::bytes() {
  std::stable_sort(pairs_.begin(), pairs_.end(), [&](const Pair& a, const Pair& b) { return name(a) < name(b); });
  bytes_.clear();
  ByteWriter writer(bytes_);
  std::string_view last;
  for (const Pair& pair : pairs_) {
    if (!last.empty() && name(pair) == last) continue;
    last = name(pair);
    writer.text(last);
    writer.text(pair.value);
  }
  return bytes_;
}

}  // namespace trilobite::ingest
