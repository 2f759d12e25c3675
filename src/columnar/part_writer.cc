#include <algorithm>

#include "base/compress.h"
#include "base/hash.h"
#include "columnar/batch.h"
#include "columnar/codec.h"
#include "columnar/lines.h"
#include "columnar/part_format.h"
#include "columnar/series_pages.h"

namespace trilobite {
namespace {

using columnar::BlockPages;
using columnar::Footer;
using columnar::Page;

std::optional<columnar::Range> range_of(const Column& column) {
  const auto* values = std::get_if<std::vector<std::int64_t>>(&column.values());
  if (values == nullptr || values->empty()) return std::nullopt;
  const auto [min, max] = std::minmax_element(values->begin(), values->end());
  return columnar::Range{*min, *max};
}

bool has_samples(const Block& block) {
  return std::ranges::any_of(block.columns, [](const Block::Entry& entry) {
    return entry.name == kValueColumn && std::holds_alternative<std::vector<double>>(entry.column.values());
  });
}

// For each series of the block the row behind its last.
std::vector<std::uint32_t> ends_of_runs(const std::vector<std::uint32_t>& series) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t row = 1; row <= series.size(); ++row) {
    if (row == series.size() || series[row] != series[row - 1]) out.push_back(row);
  }
  return out;
}

[[maybe_unused]] bool sorted(const Block& block) {  // for DCHECK
  for (std::size_t i = 1; i < block.rows(); ++i) {
    if (std::pair(block.series[i], block.times[i]) < std::pair(block.series[i - 1], block.times[i - 1])) return false;
  }
  return true;
}

class FilePartWriter final : public PartWriter {
 public:
  FilePartWriter(std::unique_ptr<WritableFile> file, std::string path, PartOptions options)
      : file_(std::move(file)), path_(std::move(path)), options_(options) {}

  Result<void> start() { return append(columnar::kPartHead); }

  Result<void> add_block(const Block& block) override {
    CHECK(state_ == State::kOpen);
    CHECK(block.rows() >= 1 && block.rows() <= kBlockRowsMax && block.series.size() == block.rows());
    DCHECK(sorted(block));
    for (const Block::Entry& entry : block.columns) {
      CHECK(entry.column.size() == block.rows());
      if (columnar::raw_bytes(entry.column) > columnar::kTextBytesMax) {
        return error(Code::kLimit, "cannot write block: column {} has {} bytes, more than {}", entry.name,
                     columnar::raw_bytes(entry.column), columnar::kTextBytesMax);
      }
    }
    std::string bytes;
    BlockPages pages{.rows = static_cast<std::uint32_t>(block.rows())};
    pages.series = add_page(Column(std::vector<std::int64_t>(block.series.begin(), block.series.end())), bytes);
    std::vector<std::uint32_t> runs;
    if (has_samples(block)) runs = ends_of_runs(block.series);
    pages.times = runs.empty() ? add_page(Column(block.times), bytes) : add_times(block.times, runs, bytes);
    for (const Block::Entry& entry : block.columns) {
      const std::uint32_t name = name_index(entry.name);
      for (const auto& column : pages.columns) CHECK(column.name != name);
      pages.columns.push_back({name, add_column(entry, block, runs, bytes)});
    }
    TRY_VOID(append(bytes));
    footer_.blocks.push_back(std::move(pages));
    return {};
  }

  Result<void> add_section(const std::string& name, std::string_view bytes) override {
    CHECK(state_ == State::kOpen);
    for (const columnar::Section& section : footer_.sections) CHECK(section.name != name);
    if (bytes.size() > columnar::kSectionBytesMax) {
      return error(Code::kLimit, "cannot write section {}: {} bytes exceed {}", name, bytes.size(),
                   columnar::kSectionBytesMax);
    }
    std::string stored = zstd_compress(bytes, options_.zstd_level);
    if (stored.size() >= bytes.size()) stored = bytes;
    footer_.sections.push_back(
        {.name = name, .bytes = stored.size(), .bytes_raw = bytes.size(), .hash = hash64(stored)});
    section_bytes_ += stored;
    return {};
  }

  Result<PartInfo> finish() override {
    CHECK(state_ == State::kOpen);
    const std::string footer = columnar::write_footer(footer_);
    std::uint64_t footer_hash = 0;
    TRY_VOID(append(section_bytes_ + footer + columnar::write_tail(footer, footer_hash)));
    if (auto synced = file_->sync(); !synced.ok())
      return std::move(synced).error().within("cannot write part {}", path_);
    state_ = State::kDone;
    std::vector<BlockInfo> blocks;
    for (const BlockPages& pages : footer_.blocks) blocks.push_back(columnar::info_of(pages));
    return columnar::info_of(blocks, written_, footer_hash);
  }

 private:
  enum class State { kOpen, kFailed, kDone };

  // After a failed append the file's content is unknown: nothing more may be written.
  Result<void> append(std::string_view bytes) {
    if (auto appended = file_->append(bytes); !appended.ok()) {
      state_ = State::kFailed;
      return std::move(appended).error().within("cannot write part {}", path_);
    }
    written_ += bytes.size();
    return {};
  }

  Page add_column(const Block::Entry& entry, const Block& block, std::span<const std::uint32_t> runs,
                  std::string& bytes) const {
    if (entry.name == kLineColumn && entry.column.is_text()) return add_lines(entry.column, block.times, bytes);
    if (!runs.empty() && entry.name == kValueColumn) {
      columnar::EncodedColumn encoded{columnar::Encoding::kDoubleBySeries, {}};
      columnar::encode_doubles_by_series(std::get<std::vector<double>>(entry.column.values()), runs, encoded.bytes);
      return add_page(entry.column, encoded, bytes);
    }
    if (!runs.empty() && entry.name == kHistogramColumn && columnar::raw_bytes(entry.column) > 0) {
      columnar::EncodedColumn encoded{columnar::Encoding::kTextBySeries, {}};
      columnar::encode_texts_by_series(entry.column, runs, options_.zstd_level, encoded.bytes);
      return add_page(entry.column, encoded, bytes);
    }
    return add_page(entry.column, bytes);
  }

  static Page add_times(const std::vector<TimeNs>& times, std::span<const std::uint32_t> runs, std::string& bytes) {
    columnar::EncodedColumn encoded{columnar::Encoding::kIntBySeries, {}};
    columnar::encode_times_by_series(times, runs, encoded.bytes);
    return add_page(Column(times), encoded, bytes);
  }

  // Split, unless another encoding needs less: then the lines have nothing in common to take out. Estimates are some
  // per cent wrong, so where they are near both are made.
  Page add_lines(const Column& column, std::span<const TimeNs> times, std::string& bytes) const {
    const columnar::EncodedLines split = columnar::encode_lines(column, times, options_.zstd_level);
    if (columnar::best_codec(column).estimate(column) < split.bytes.size() / 8 * 9) {
      const columnar::EncodedColumn whole = columnar::encode_column(column, options_.zstd_level);
      if (whole.bytes.size() < split.bytes.size()) return add_page(column, whole, bytes);
    }
    bytes += split.bytes;
    return {.encoding = static_cast<std::uint8_t>(columnar::Encoding::kTextTemplates),
            .bytes = split.bytes.size(),
            .bytes_raw = columnar::raw_bytes(column),
            .hash = hash64(std::string_view(split.bytes).substr(0, split.header_bytes)),
            .header_bytes = split.header_bytes};
  }

  Page add_page(const Column& column, std::string& bytes) const {
    return add_page(column, columnar::encode_column(column, options_.zstd_level), bytes);
  }

  static Page add_page(const Column& column, const columnar::EncodedColumn& encoded, std::string& bytes) {
    bytes += encoded.bytes;
    return {.encoding = static_cast<std::uint8_t>(encoded.encoding),
            .bytes = encoded.bytes.size(),
            .bytes_raw = columnar::raw_bytes(column),
            .hash = hash64(encoded.bytes),
            .range = range_of(column)};
  }

  std::uint32_t name_index(const std::string& name) {
    const auto at = std::find(footer_.names.begin(), footer_.names.end(), name);
    if (at == footer_.names.end()) {
      footer_.names.push_back(name);
      return static_cast<std::uint32_t>(footer_.names.size() - 1);
    }
    return static_cast<std::uint32_t>(at - footer_.names.begin());
  }

  std::unique_ptr<WritableFile> file_;
  std::string path_;
  PartOptions options_;
  Footer footer_;
  std::string section_bytes_;  // sections stand after all blocks, so they wait here
  std::uint64_t written_ = 0;
  State state_ = State::kOpen;
};

}  // namespace

Result<std::unique_ptr<PartWriter>> PartWriter::create(FileSystem& files, const std::string& path,
                                                       PartOptions options) {
  auto file = files.create(path);
  if (!file.ok()) return std::move(file).error().within("cannot write part {}", path);
  auto writer = std::make_unique<FilePartWriter>(std::move(file).value(), path, options);
  TRY_VOID(writer->start());
  return std::unique_ptr<PartWriter>(std::move(writer));
}

}  // namespace trilobite
