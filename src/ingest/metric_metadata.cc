// A file per tenant: magic, then for each family name, type, help and unit (varint length, bytes), then XXH3 of all.
#include "ingest/metric_metadata.h"

#include "base/bytes.h"
#include "base/hash.h"

namespace trilobite::ingest {
namespace {

constexpr std::string_view kMagic = "TRLBMD01";
constexpr std::string_view kSuffix = ".metadata";
// Texts beyond this are cut: help is read by people.
constexpr std::size_t kTextMax = 1024;

void shorten(std::string& text) {
  if (text.size() <= kTextMax) return;
  std::size_t end = kTextMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not within a code point
  text.resize(end);
}

Result<std::map<std::string, MetricMetadata, std::less<>>> parse(std::string_view content) {
  if (content.size() < kMagic.size() + 8 || !content.starts_with(kMagic)) {
    return error(Code::kCorrupt, "is no file of metadata");
  }
  ByteReader tail(content.substr(content.size() - 8));
  TRY(checksum, tail.fixed<std::uint64_t>());
  content.remove_suffix(8);
  if (checksum != hash64(content)) return error(Code::kCorrupt, "checksum differs");
  ByteReader reader(content.substr(kMagic.size()));
  std::map<std::string, MetricMetadata, std::less<>> families;
  while (!reader.done()) {
    MetricMetadata entry;
    for (std::string* field : {&entry.name, &entry.type, &entry.help, &entry.unit}) {
      TRY(text, reader.text());
      *field = std::string(text);
    }
    std::string name = entry.name;
    families.insert_or_assign(std::move(name), std::move(entry));
  }
  return families;
}

std::string format(const std::map<std::string, MetricMetadata, std::less<>>& families) {
  std::string out(kMagic);
  ByteWriter writer(out);
  for (const auto& [name, entry] : families) {
    for (const std::string* field : {&entry.name, &entry.type, &entry.help, &entry.unit}) writer.text(*field);
  }
  writer.fixed(hash64(out));
  return out;
}

}  // namespace

Result<std::unique_ptr<MetadataTable>> MetadataTable::open(FileSystem& files, std::string directory) {
  TRY_VOID(files.make_directories(directory));
  auto table = std::make_unique<MetadataTable>();
  table->files_ = &files;
  table->directory_ = std::move(directory);
  TRY(entries, files.list(table->directory_));
  for (const FileInfo& entry : entries) {
    if (entry.directory || !entry.name.ends_with(kSuffix)) continue;
    TRY_VOID(table->load(entry.name));
  }
  return table;
}

Result<void> MetadataTable::load(const std::string& name) {
  const std::string path = directory_ + "/" + name;
  TRY(content, files_->read_all(path));
  auto families = parse(content);
  if (!families.ok()) return files_->rename(path, path + ".damaged");
  tenants_[name.substr(0, name.size() - kSuffix.size())].families = std::move(*families);
  return {};
}

void MetadataTable::add(std::string_view tenant, std::vector<MetricMetadata> entries, std::size_t families_max) {
  if (entries.empty()) return;
  const std::lock_guard lock(mutex_);
  auto found = tenants_.find(tenant);
  if (found == tenants_.end()) found = tenants_.emplace(std::string(tenant), Tenant{}).first;
  Tenant& known = found->second;
  for (MetricMetadata& entry : entries) {
    if (entry.name.empty() || entry.name.size() > kTextMax) continue;
    for (std::string* field : {&entry.type, &entry.help, &entry.unit}) shorten(*field);
    const auto family = known.families.find(entry.name);
    if (family == known.families.end()) {
      if (known.families.size() >= families_max) continue;
      std::string name = entry.name;
      known.families.emplace(std::move(name), std::move(entry));
      known.changed = true;
    } else if (family->second != entry) {
      family->second = std::move(entry);
      known.changed = true;
    }
  }
}

std::vector<MetricMetadata> MetadataTable::list(std::string_view tenant) const {
  std::vector<MetricMetadata> out;
  const std::lock_guard lock(mutex_);
  const auto found = tenants_.find(tenant);
  if (found == tenants_.end()) return out;
  out.reserve(found->second.families.size());
  for (const auto& [name, entry] : found->second.families) out.push_back(entry);
  return out;
}

std::size_t MetadataTable::size(std::string_view tenant) const {
  const std::lock_guard lock(mutex_);
  const auto found = tenants_.find(tenant);
  return found == tenants_.end() ? 0 : found->second.families.size();
}

MetricMetadata MetadataTable::find(std::string_view tenant, std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto known = tenants_.find(tenant);
  if (known == tenants_.end()) return {};
  const auto found = known->second.families.find(name);
  return found == known->second.families.end() ? MetricMetadata() : found->second;
}

Result<void> MetadataTable::save() {
  if (files_ == nullptr) return {};
  const std::lock_guard saving(save_mutex_);
  std::vector<std::pair<std::string, std::string>> contents;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [name, tenant] : tenants_) {
      if (!tenant.changed) continue;
      contents.emplace_back(name, format(tenant.families));
      tenant.changed = false;
    }
  }
  for (const auto& [name, content] : contents) {
    auto written = write_file_atomically(*files_, directory_ + "/" + name + std::string(kSuffix), content);
    if (written.ok()) continue;
    const std::lock_guard lock(mutex_);
    for (auto& [changed, unused] : contents) tenants_[changed].changed = true;  // again at the next save
    return written;
  }
  return {};
}

}  // namespace trilobite::ingest
