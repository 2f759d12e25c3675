// `trilobite check DIR`: reads every file and says what it found; changes nothing.
#include <fmt/format.h>

#include <set>

#include "storage/embedded_store.h"
#include "storage/label_index.h"
#include "storage/layout.h"
#include "storage/manifest.h"
#include "storage/part_handle.h"
#include "storage/series_table.h"
#include "storage/wal_record.h"

namespace trilobite {
namespace storage {
namespace {

class Checker {
 public:
  Checker(FileSystem& files, const std::string& directory) : files_(files), layout_(directory) {}

  Result<CheckReport> run() {
    if (!files_.exists(layout_.format())) {
      return error(Code::kNotFound, "cannot check {}: it is not a trilobite directory (it has no FORMAT)",
                   layout_.directory());
    }
    check(layout_.format(), check_format(files_, layout_));
    check_manifest();
    TRY_VOID(walk(layout_.directory()));
    for (const auto& [path, meta] : expected_) add(path, false, "the manifest names it, but it is missing");
    return std::move(report_);
  }

 private:
  void add(const std::string& path, bool ok, std::string message) {
    report_.files.push_back({path, ok, std::move(message)});
    report_.ok = report_.ok && ok;
  }

  void check(const std::string& path, const Result<void>& outcome, std::string message = "ok") {
    add(path, outcome.ok(), outcome.ok() ? std::move(message) : outcome.error().message);
  }

  void check_manifest() {
    auto bytes = files_.read_all(layout_.manifest());
    if (!bytes.ok()) return add(layout_.manifest(), false, bytes.error().message);
    auto content = read_manifest(*bytes);
    if (!content.ok()) return add(layout_.manifest(), false, content.error().message);
    wal_floor_ = content->state.wal_floor;
    for (const auto& [id, meta] : content->state.parts)
      expected_.emplace(layout_.part(meta.tenant, meta.signal, meta.window, id), meta);
    add(layout_.manifest(), true,
        fmt::format("ok, {} parts{}", content->state.parts.size(),
                    content->torn ? "; an unfinished edit at its end is ignored" : ""));
  }

  Result<void> walk(const std::string& folder) {
    TRY(entries, files_.list(folder));
    for (const FileInfo& entry : entries) {
      const std::string path = folder + "/" + entry.name;
      if (entry.directory) {
        TRY_VOID(walk(path));
      } else {
        check_file(folder, entry.name, path);
      }
    }
    return {};
  }

  void check_file(const std::string& folder, const std::string& name, const std::string& path) {
    if (path == layout_.format() || path == layout_.manifest()) return;
    if (path == layout_.lock() || path == layout_.reserve()) return add(path, true, "ok");
    if (const auto part = expected_.find(path); part != expected_.end()) {
      check(path, check_part(path, part->second), fmt::format("ok, {} rows", part->second.info.rows));
      expected_.erase(part);
      return;
    }
    if (const auto id = file_number(name, ".wal"); id && folder == layout_.wal()) return check_segment(path, *id);
    if (file_number(name, ".part")) return add(path, true, "not named by the manifest; the next start removes it");
    if (name.ends_with(".tmp")) return add(path, true, "left over by an interrupted write");
    if (name.ends_with(".damaged")) return add(path, true, "put aside because it is damaged");
    add(path, true, "unknown file");
  }

  Result<void> check_part(const std::string& path, const PartMeta& meta) {
    TRY(reader, open_checked(files_, path, meta));
    TRY_VOID(reader->verify());
    TRY(series_bytes, reader->read_section("series"));
    TRY(series, SeriesTable::decode(series_bytes));
    TRY(index_bytes, reader->read_section("index"));
    TRY(index, LabelIndex::decode(index_bytes, series->size()));
    std::uint64_t rows = 0;
    for (const SeriesStats& stats : series->stats) rows += stats.rows;
    if (rows != meta.info.rows)
      return error(Code::kCorrupt, "its series have {} rows, its blocks {}", rows, meta.info.rows);
    return {};
  }

  void check_segment(const std::string& path, std::uint64_t id) {
    if (id < wal_floor_) return add(path, true, "covered by parts; the next start removes it");
    auto bytes = files_.read_all(path);
    if (!bytes.ok()) return add(path, false, bytes.error().message);
    auto content = read_frame_log(FrameLogKind::kSegment, *bytes);
    if (!content.ok()) return add(path, false, content.error().message);
    std::uint64_t rows = 0;
    WalSeriesNames names;
    for (const std::string_view frame : content->frames) {
      auto records = decode_frame(frame, names);
      if (!records.ok()) return add(path, false, records.error().message);
      for (const WalRecord& record : *records) rows += record.batch.rows();
    }
    if (!content->damage.empty()) {
      return add(path, false,
                 fmt::format("{} damaged bytes at {}, with valid records behind them", content->damage[0].bytes,
                             content->damage[0].offset));
    }
    if (content->torn && files_.exists(layout_.segment(id + 1))) {
      return add(path, false, fmt::format("damaged from {} on, and a later segment exists", content->bytes_valid));
    }
    add(path, true,
        fmt::format("ok, {} rows{}", rows,
                    content->torn ? fmt::format("; torn tail: {} bytes of an unfinished write",
                                                bytes->size() - content->bytes_valid)
                                  : ""));
  }

  FileSystem& files_;
  Layout layout_;
  CheckReport report_;
  std::uint64_t wal_floor_ = 0;
  std::map<std::string, PartMeta> expected_;  // parts that the manifest names and that were not met yet, by path
};

}  // namespace
}  // namespace storage

Result<CheckReport> check_directory(FileSystem& files, const std::string& directory) {
  return storage::Checker(files, directory).run();
}

}  // namespace trilobite
