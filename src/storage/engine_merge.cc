// Several parts of a window into one. The inputs stay visible until the edit that replaces them is committed, and
// readable for scans that began before.
#include <trilobite/trace.h>

#include <algorithm>
#include <map>

#include "storage/engine.h"
#include "storage/merge_policy.h"
#include "storage/part_source.h"
#include "storage/row_merger.h"
#include "storage/schema.h"
#include "storage/series_union.h"

namespace trilobite::storage {
namespace {

constexpr int kMergeZstdLevel = 3;
constexpr trace::SpanType kMergeSpan{"trilobite::storage", "storage.merge"};
constexpr std::chrono::milliseconds kMergeWait{100};  // for one that may have ended before the wait began

}  // namespace

// The best merge of the window that is worth it most recently written; its inputs are marked as taken.
std::vector<PartRef> Engine::claim_merge(MergeDemand demand) {
  std::lock_guard lock(manifest_mutex_);
  if (manifest_->broken()) return {};
  using Stretch = std::pair<TableKey, int>;
  std::map<TableKey, int> stretch_of;
  std::map<Stretch, std::vector<PartRef>> windows;
  for (const PartRef& part : view().parts->parts) {
    const PartMeta& meta = part->meta();
    const TableKey key{meta.tenant, meta.signal, meta.window};
    if (!merging_.contains(meta.id) && !unmergeable_.contains(meta.id)) {
      windows[{key, stretch_of[key]}].push_back(part);
    } else if (keeps_last_of_time(meta.signal)) {
      ++stretch_of[key];  // what came before it and what came after must not change places
    }
  }
  for (auto& [stretch, parts] : windows) {
    if (parts.size() < 2) continue;
    std::vector<PartRef> picked = keeps_last_of_time(stretch.first.signal)
                                      ? pick_merge_in_order(parts, clock_.now(), demand)
                                      : pick_merge(std::move(parts), clock_.now(), demand);
    if (picked.empty()) continue;
    std::sort(picked.begin(), picked.end(),
              [](const PartRef& a, const PartRef& b) { return a->meta().order < b->meta().order; });
    if (!has_room_to_merge(picked)) return {};
    for (const PartRef& part : picked) merging_.insert(part->meta().id);
    return picked;
  }
  return {};
}

// For a while there are the parts and what becomes of them.
bool Engine::has_room_to_merge(const std::vector<PartRef>& parts) const {
  const auto space = files_.disk_space(layout_.directory());
  if (!space.ok()) return true;
  std::uint64_t bytes = options_.disk_free_bytes_min;
  for (const PartRef& part : parts) bytes += part->meta().info.file_bytes;
  return space->bytes_free >= bytes;
}

Result<PartMeta> Engine::write_merged(const std::vector<PartRef>& inputs, PartMeta meta) {
  std::vector<std::shared_ptr<const RowSource>> sources;
  SeriesUnion united;
  for (const PartRef& part : inputs) {
    TRY(source, PartSource::create_for_merge(part));
    united.add(*source);
    source->forget_labels();
    sources.push_back(std::move(source));
  }
  PartInput input;
  input.sets = united.take_sets();
  std::vector<MergeRun> runs;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    MergeRun run{sources[i], {}, united.take_map(i)};
    for (std::size_t block = 0; block < sources[i]->blocks(); ++block) run.blocks.push_back(block);
    runs.push_back(std::move(run));
  }
  input.blocks = std::make_unique<RowMerger>(schema_of(meta.signal), std::move(runs),
                                             keeps_last_of_time(meta.signal) ? SameTime::kKeepLast
                                                                             : SameTime::kKeepAll);
  const auto go_on = [this] {
    return stop_merging_ ? Result<void>(error(Code::kCancelled, "the store is closing")) : Result<void>();
  };
  return write_part(files_, layout_, std::move(meta), std::move(input), {.zstd_level = kMergeZstdLevel}, go_on);
}

// The output, if there is any, takes the place of the inputs. REQUIRES: those are marked in merging_.
Result<void> Engine::commit_replacement(const std::vector<PartRef>& inputs, std::optional<PartMeta> output) {
  ManifestEdit edit;
  std::set<std::uint64_t> removed;
  std::vector<PartRef> added;
  for (const PartRef& part : inputs) {
    edit.remove.push_back(part->meta().id);
    removed.insert(part->meta().id);
  }
  if (output) {
    edit.add.push_back(*output);
    added.push_back(make_handle(std::move(*output)));
  }
  {
    std::lock_guard lock(manifest_mutex_);
    const bool whole = std::all_of(inputs.begin(), inputs.end(), [this](const PartRef& part) {
      return manifest_->state().parts.contains(part->meta().id);
    });
    if (!whole) {
      remove_files(added);
      return error(Code::kCancelled, "one of them was put aside meanwhile");
    }
    if (auto committed = commit_edit(edit); !committed.ok()) {
      if (!manifest_->broken()) remove_files(added);
      return std::move(committed).error();
    }
    publish(std::move(added), removed, false);
  }
  for (const PartRef& part : inputs) part->drop();
  return {};
}

Result<bool> Engine::merge_best(MergeDemand demand) {
  TRY_VOID(check_open());
  const std::vector<PartRef> inputs = claim_merge(demand);
  if (inputs.empty()) return false;
  trace::Span span = kMergeSpan.start(trace::kv("parts", inputs.size()));
  const PartMeta& first = inputs.front()->meta();
  PartMeta meta = new_part({first.tenant, first.signal, first.window});
  meta.order = first.order;
  auto merged = write_merged(inputs, std::move(meta));
  Result<void> committed =
      merged.ok() ? commit_replacement(inputs, std::move(merged).value()) : Result<void>(std::move(merged).error());
  if (committed.ok()) ++merges_;
  if (reports_->any()) static_cast<void>(put_damaged_aside());  // else with the next look at the disk
  {
    std::lock_guard lock(manifest_mutex_);
    bool whole = true;
    for (const PartRef& part : inputs) {
      merging_.erase(part->meta().id);
      whole = whole && manifest_->state().parts.contains(part->meta().id);
    }
    if (whole && !committed.ok() && committed.error().code == Code::kCorrupt) {
      for (const PartRef& part : inputs) unmergeable_.insert(part->meta().id);
    }
  }
  {
    std::lock_guard lock(wake_mutex_);  // compact() may wait for what was marked
    head_changed_.notify_all();
  }
  if (!committed.ok()) span.status(trace::Status::kError, committed.error().message);
  if (!committed.ok()) return std::move(committed).error().within("cannot merge {} parts", inputs.size());
  return true;
}

Result<void> Engine::compact() {
  TRY_VOID(flush());
  const auto is_merging = [this] {
    std::lock_guard lock(manifest_mutex_);
    return !merging_.empty();
  };
  for (;;) {
    TRY(merged, merge_best(MergeDemand::kAny));
    if (merged) continue;
    if (!is_merging()) return {};
    std::unique_lock lock(wake_mutex_);  // for a merge of another thread
    if (stopping_) return error(Code::kUnavailable, "the store is closing");
    head_changed_.wait_for(lock, kMergeWait);
  }
}

}  // namespace trilobite::storage
