#include "storage/read_only_store.h"

#include "storage/engine_series.h"
#include "storage/frame_log.h"
#include "storage/index_query.h"
#include "storage/manifest.h"
#include "storage/requests.h"
#include "storage/scan.h"
#include "storage/wal_record.h"

namespace trilobite::storage {
namespace {

class DirectoryReader final : public ReadOnlyStore {
 public:
  DirectoryReader(FileSystem& files, std::string directory) : files_(files), layout_(std::move(directory)) {}

  Result<void> open() {
    if (!files_.exists(layout_.format())) {
      return error(Code::kNotFound, "{} is no data directory (it has no FORMAT)", layout_.directory());
    }
    TRY(lock, files_.lock(layout_.lock()));
    lock_ = std::move(lock);
    TRY_VOID(check_format(files_, layout_));
    TRY(state, read_state());
    TRY_VOID(open_parts(state));
    return read_wal(state);
  }

  Result<void> append(std::string_view, Signal, const Batch&, const AppendOptions&) override { return refuse(); }
  Result<void> flush() override { return refuse(); }

  // Deleted rows that are still in parts are shown: who asks here has the files.
  Result<std::unique_ptr<Scan>> scan(ScanRequest request) override {
    return open_scan(view(), std::move(request), {}, {});
  }
  Result<std::unique_ptr<SeriesScan>> scan_series(ScanRequest request) override {
    request.signal = Signal::kMetrics;
    return open_series_scan(view(), request, {}, {});
  }
  Result<std::vector<std::string>> label_names(const IndexRequest& request) override {
    return query_label_names(view(), request);
  }
  Result<std::vector<std::string>> label_values(const IndexRequest& request, std::string_view name) override {
    return query_label_values(view(), request, name);
  }
  Result<std::vector<SeriesInfo>> series(const IndexRequest& request) override {
    return query_series(view(), request);
  }
  StoreStatistics statistics() const override {
    StoreStatistics out;
    for (const PartRef& part : parts_->parts) {
      out.bytes_disk += part->meta().info.file_bytes;
      out.rows_stored += part->meta().info.rows;
    }
    out.parts = parts_->parts.size();
    out.bytes_head = head_->bytes();
    out.rows_stored += head_->rows();
    out.series_head = head_->series();
    out.writable = false;
    return out;
  }
  std::vector<std::string> messages() const override { return messages_; }

 private:
  StoreView view() const { return {parts_, nullptr, head_}; }

  static Error refuse() { return error(Code::kUnavailable, "the data directory is open for reading only"); }

  Result<ManifestState> read_state() {
    if (!files_.exists(layout_.manifest())) {
      return error(Code::kCorrupt, "{} is missing", layout_.manifest());
    }
    TRY(bytes, files_.read_all(layout_.manifest()));
    auto content = read_manifest(bytes);
    if (!content.ok()) return std::move(content).error().within("cannot read {}", layout_.manifest());
    return std::move(content->state);
  }

  Result<void> open_parts(const ManifestState& state) {
    auto parts = std::make_shared<PartSet>();
    for (const auto& [id, meta] : state.parts) {
      std::string path = layout_.part(meta.tenant, meta.signal, meta.window, meta.id);
      auto reader = open_checked(files_, path, meta);
      if (!reader.ok() && reader.error().code != Code::kCorrupt) return std::move(reader).error();
      if (!reader.ok()) {
        messages_.push_back(fmt::format("{}: {}; its {} rows are not shown", path, reader.error().message,
                                        meta.info.rows));
        continue;
      }
      parts->parts.push_back(std::make_shared<PartHandle>(files_, cache_, reports_, meta, std::move(path)));
    }
    parts_ = std::move(parts);
    return {};
  }

  // The segments whose rows are not all in parts. A torn end was never acknowledged; damage costs the rest of its
  // segment, and is said.
  Result<void> read_wal(const ManifestState& state) {
    for (const AcceptedRequest& request : state.requests)
      recent_.add(request.hash, request.accepted, request.accepted);
    TRY(entries, files_.list(layout_.wal()));
    for (const FileInfo& entry : entries) {
      const auto id = file_number(entry.name, ".wal");
      if (!id || *id < state.wal_floor) continue;
      TRY_VOID(read_segment(layout_.segment(*id)));
    }
    return {};
  }

  Result<void> read_segment(const std::string& path) {
    TRY(bytes, files_.read_all(path));
    const auto content = read_frame_log(FrameLogKind::kSegment, bytes);
    if (!content.ok() && content.error().code == Code::kUnsupported) {
      return Error(content.error()).within("cannot read {}", path);
    }
    if (!content.ok()) {
      messages_.push_back(fmt::format("{}: {}; its rows are not shown", path, content.error().message));
      return {};
    }
    for (const FrameLogContent::Damage& damage : content->damage) {
      messages_.push_back(fmt::format("{}: {} damaged bytes at {}; their rows are not shown", path, damage.bytes,
                                      damage.offset));
    }
    for (const std::string_view frame : content->frames) {
      if (auto applied = apply(frame); !applied.ok()) {
        if (applied.error().code != Code::kCorrupt) return std::move(applied).error().within("cannot read {}", path);
        messages_.push_back(fmt::format("{}: {}; some of its rows are not shown", path, applied.error().message));
      }
    }
    return {};
  }

  Result<void> apply(std::string_view frame) {
    TRY(records, decode_frame(frame, names_));
    for (const WalRecord& record : records) {
      if (record.request && !recent_.add(*record.request, record.accepted, record.accepted)) continue;
      head_->append(record.tenant, record.signal, record.batch, record.keys());
    }
    return {};
  }

  FileSystem& files_;
  const Layout layout_;
  std::unique_ptr<FileLock> lock_;
  const std::shared_ptr<PartCache> cache_ = std::make_shared<PartCache>();
  const std::shared_ptr<DamageReports> reports_ = std::make_shared<DamageReports>();  // nobody acts on them
  std::shared_ptr<const PartSet> parts_ = std::make_shared<PartSet>();
  const std::shared_ptr<Head> head_ = std::make_shared<Head>();
  RecentRequests recent_;
  WalSeriesNames names_;
  std::vector<std::string> messages_;
};

}  // namespace
}  // namespace trilobite::storage

namespace trilobite {

Result<std::unique_ptr<ReadOnlyStore>> ReadOnlyStore::open(FileSystem& files, const std::string& directory) {
  auto reader = std::make_unique<storage::DirectoryReader>(files, directory);
  if (auto opened = reader->open(); !opened.ok()) {
    return std::move(opened).error().within("cannot read data directory {}", directory);
  }
  return std::unique_ptr<ReadOnlyStore>(std::move(reader));
}

}  // namespace trilobite
