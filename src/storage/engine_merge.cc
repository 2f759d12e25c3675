// Several parts of a window into one. The inputs stay visible until the edit that replaces them is committed, and
// readable for scans that began before.
#include <algorithm>
#include <map>

#include "storage/engine.h"
#include "storage/merge_policy.h"
#include "storage/part_source.h"
#include "storage/row_merger.h"
#include "storage/schema.h"

namespace trilobite::storage {
namespace {

constexpr int kMergeZstdLevel = 3;

}  // namespace

// The best merge of the window that is worth it most recently written; its inputs are marked as taken.
std::vector<PartRef> Engine::claim_merge() {
  std::lock_guard lock(manifest_mutex_);
  if (manifest_->broken()) return {};
  std::map<TableKey, std::vector<PartRef>> windows;
  for (const PartRef& part : view().parts->parts) {
    const PartMeta& meta = part->meta();
    if (!merging_.contains(meta.id) && !unmergeable_.contains(meta.id))
      windows[{meta.tenant, meta.signal, meta.window}].push_back(part);
  }
  for (auto& [key, parts] : windows) {
    if (parts.size() < 2) continue;
    std::vector<PartRef> picked = pick_merge(std::move(parts), clock_.now());
    if (picked.empty()) continue;
    std::sort(picked.begin(), picked.end(),
              [](const PartRef& a, const PartRef& b) { return a->meta().order < b->meta().order; });
    for (const PartRef& part : picked) merging_.insert(part->meta().id);
    return picked;
  }
  return {};
}

Result<PartMeta> Engine::write_merged(const std::vector<PartRef>& inputs, PartMeta meta) {
  std::vector<std::shared_ptr<const RowSource>> sources;
  for (const PartRef& part : inputs) {
    TRY(source, PartSource::create(part, PartSource::Caching::kBypass));
    sources.push_back(std::move(source));
  }
  SeriesUnion united = unite_series(sources);
  PartInput input;
  input.sets = std::move(united.sets);
  std::vector<MergeRun> runs;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    MergeRun run{sources[i], {}, std::move(united.maps[i])};
    for (std::size_t block = 0; block < sources[i]->blocks(); ++block) run.blocks.push_back(block);
    runs.push_back(std::move(run));
  }
  input.blocks = std::make_unique<RowMerger>(schema_of(meta.signal), std::move(runs));
  const auto go_on = [this] {
    return stop_merging_ ? Result<void>(error(Code::kCancelled, "the store is closing")) : Result<void>();
  };
  return write_part(files_, layout_, std::move(meta), std::move(input), {.zstd_level = kMergeZstdLevel}, go_on);
}

Result<void> Engine::commit_merge(const std::vector<PartRef>& inputs, PartMeta merged) {
  ManifestEdit edit;
  std::set<std::uint64_t> removed;
  for (const PartRef& part : inputs) {
    edit.remove.push_back(part->meta().id);
    removed.insert(part->meta().id);
  }
  edit.add.push_back(merged);
  {
    std::lock_guard lock(manifest_mutex_);
    if (auto committed = manifest_->commit(std::move(edit)); !committed.ok()) {
      if (!manifest_->broken()) remove_files({make_handle(std::move(merged))});
      return std::move(committed).error();
    }
    publish({make_handle(std::move(merged))}, removed, false);
  }
  for (const PartRef& part : inputs) part->drop();
  ++merges_;
  return {};
}

Result<bool> Engine::merge_once() {
  TRY_VOID(check_open());
  const std::vector<PartRef> inputs = claim_merge();
  if (inputs.empty()) return false;
  const PartMeta& first = inputs.front()->meta();
  PartMeta meta = new_part({first.tenant, first.signal, first.window});
  meta.order = first.order;
  auto merged = write_merged(inputs, std::move(meta));
  Result<void> committed =
      merged.ok() ? commit_merge(inputs, std::move(merged).value()) : Result<void>(std::move(merged).error());
  {
    std::lock_guard lock(manifest_mutex_);
    for (const PartRef& part : inputs) {
      merging_.erase(part->meta().id);
      if (!committed.ok() && committed.error().code == Code::kCorrupt) unmergeable_.insert(part->meta().id);
    }
  }
  if (!committed.ok()) return std::move(committed).error().within("cannot merge {} parts", inputs.size());
  return true;
}

}  // namespace trilobite::storage
