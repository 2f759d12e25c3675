#include "ingest/metadata_column.h"

#include "base/bytes.h"

namespace trilobite::ingest {

void MetadataColumnBuilder::push_level(Level level) {
  std::optional<std::uint32_t>& code = level_codes_[static_cast<std::size_t>(level)];
  if (!code) code = code_of(level_metadata(level_name(level)));
  column_.codes.push_back(*code);
}

std::uint32_t MetadataColumnBuilder::code_of(std::string_view bytes) {
  if (const auto found = codes_.find(bytes); found != codes_.end()) return found->second;
  const auto code = static_cast<std::uint32_t>(column_.dictionary.size());
  column_.dictionary.push_back(bytes);
  codes_.emplace(bytes, code);
  return code;
}

Column MetadataColumnBuilder::finish() {
  if (column_.dictionary.size() * 2 <= column_.codes.size() + 64) return Column(std::move(column_));
  StringColumn plain;
  plain.bytes.reserve(column_.dictionary.bytes.size());
  plain.ends.reserve(column_.codes.size());
  for (std::size_t row = 0; row < column_.size(); ++row) plain.push_back(column_[row]);
  return Column(std::move(plain));
}

std::string level_metadata(std::string_view level) {
  std::string bytes;
  ByteWriter writer(bytes);
  writer.text(kDetectedLevel);
  writer.text(level);
  return bytes;
}

MetadataFacts look_at_metadata(std::string_view metadata) {
  MetadataFacts facts;
  std::size_t best = kLevelFields;
  ByteReader reader(metadata);
  std::string_view last;
  while (!reader.done()) {
    const auto name = reader.text();
    if (!name.ok()) return {.canonical = false};
    const auto value = reader.text();
    if (!value.ok() || name->empty() || value->empty() || *name <= last) return {.canonical = false};
    last = *name;
    ++facts.pairs;
    facts.bytes += name->size() + value->size();
    if (*name == kDetectedLevel) facts.detected_level = *value;
    if (*name == "severity_number") facts.severity_number = *value;
    if (const std::size_t rank = level_field_rank(*name); rank < best) {
      best = rank;
      facts.level = *value;
    }
  }
  return facts;
}

void append_with_level(std::string& out, std::string_view metadata, std::string_view level) {
  ByteWriter writer(out);
  ByteReader reader(metadata);
  bool written = false;
  const auto write_level = [&] {
    if (written) return;
    written = true;
    writer.text(kDetectedLevel);
    writer.text(level);
  };
  while (!reader.done()) {
    const auto name = reader.text();
    const auto value = reader.text();
    if (!name.ok() || !value.ok()) break;  // look_at_metadata has refused it already
    if (*name >= kDetectedLevel) write_level();
    if (*name == kDetectedLevel) continue;
    writer.text(*name);
    writer.text(*value);
  }
  write_level();
}

}  // namespace trilobite::ingest
