#include <algorithm>
#include <mutex>
#include <optional>

#include "base/compress.h"
#include "base/hash.h"
#include "columnar/batch.h"
#include "columnar/codec.h"
#include "columnar/frame.h"
#include "columnar/line_pages_check.h"
#include "columnar/lines.h"
#include "columnar/part_format.h"
#include "columnar/sample_block.h"

namespace trilobite {
namespace {

using columnar::BlockPages;
using columnar::Footer;
using columnar::Page;
using columnar::Tail;
using LineBlockRef = std::shared_ptr<const columnar::LineBlock>;

constexpr std::size_t kLastBytes = 16 << 10;                       // one read gets the tail and most footers
constexpr std::uint64_t kFooterBytesMax = std::uint64_t{256} << 20;

class FilePartReader final : public PartReader, public std::enable_shared_from_this<FilePartReader> {
 public:
  FilePartReader(std::unique_ptr<ReadableFile> file, std::string path)
      : file_(std::move(file)), path_(std::move(path)) {}

  Result<void> load() {
    const std::uint64_t size = file_->size();
    if (size < columnar::kPartHead.size() + Tail::kBytes)
      return error(Code::kCorrupt, "{} bytes are too few for a part", size);
    const std::size_t last_bytes = static_cast<std::size_t>(std::min<std::uint64_t>(size, kLastBytes));
    TRY(last, file_->read(size - last_bytes, last_bytes));
    TRY(tail, columnar::read_tail(std::string_view(last).substr(last.size() - Tail::kBytes)));
    const std::uint64_t room = size - columnar::kPartHead.size() - Tail::kBytes;
    if (tail.footer_bytes > room || tail.footer_bytes > kFooterBytesMax) {
      return error(Code::kCorrupt, "footer of {} bytes in a file of {}", tail.footer_bytes, size);
    }
    const auto footer_bytes = static_cast<std::size_t>(tail.footer_bytes);
    const std::uint64_t footer_at = size - Tail::kBytes - footer_bytes;
    std::string footer;
    if (footer_bytes + Tail::kBytes <= last.size()) {
      footer = last.substr(last.size() - Tail::kBytes - footer_bytes, footer_bytes);
    } else {
      TRY(read, file_->read(footer_at, footer_bytes));
      footer = std::move(read);
    }
    if (const std::uint64_t hash = columnar::hash_of(footer, tail); hash != tail.hash) {
      return error(Code::kCorrupt, "footer checksum {:016x} differs from {:016x}", hash, tail.hash);
    }
    if (tail.version > columnar::kPartVersion) {
      return error(Code::kUnsupported, "its format has version {}, this program reads up to version {}", tail.version,
                   columnar::kPartVersion);
    }
    if (tail.version == 0) return error(Code::kCorrupt, "its format has version 0");
    TRY(parsed, columnar::read_footer(footer, footer_at, tail.version));
    footer_ = std::move(parsed);
    for (const BlockPages& block : footer_.blocks) blocks_.push_back(columnar::info_of(block));
    info_ = columnar::info_of(blocks_, size, tail.hash);
    return {};
  }

  Result<void> check_head() const {
    TRY(head, file_->read(0, columnar::kPartHead.size()));
    if (head != columnar::kPartHead)
      return error(Code::kCorrupt, "not a part file: its first bytes are not the mark of one");
    return {};
  }

  const PartInfo& info() const override { return info_; }
  const std::vector<BlockInfo>& blocks() const override { return blocks_; }
  std::vector<std::string> column_names() const override { return footer_.names; }

  Result<std::vector<std::uint32_t>> read_series(std::size_t block) const override {
    TRY(column, read(block, block_at(block).series, "series"));
    const auto& values = std::get<std::vector<std::int64_t>>(column.values());
    if (!std::is_sorted(values.begin(), values.end()))
      return within(block, "series", error(Code::kCorrupt, "not sorted"));
    return std::vector<std::uint32_t>(values.begin(), values.end());  // they fit: the range was checked
  }

  Result<std::vector<TimeNs>> read_times(std::size_t block) const override {
    TRY(column, read(block, block_at(block).times, "times"));
    return std::get<std::vector<std::int64_t>>(std::move(column.values()));
  }

  Result<Column> read_column(std::size_t block, std::string_view name) const override {
    for (const columnar::NamedPage& column : block_at(block).columns) {
      if (footer_.names[column.name] != name) continue;
      // Empty text in every row needs no values: most logs have no structured metadata.
      const bool empty_text = column.page.bytes_raw == 0 && !column.page.range && !column.page.header_bytes;
      return empty_text ? Column() : read(block, column.page, name);
    }
    return Column();
  }

  Result<LineBlockRef> read_lines(std::size_t block, TimesOfBlock times,
                                  std::function<void(const Error&)> on_damage) const override {
    for (const columnar::NamedPage& column : block_at(block).columns) {
      if (footer_.names[column.name] != kLineColumn || !column.page.header_bytes) continue;
      auto lines = open_split(block, column.page, std::move(times), std::move(on_damage));
      if (!lines.ok()) return within(block, kLineColumn, std::move(lines).error());
      return lines;
    }
    return LineBlockRef();
  }

  Result<std::shared_ptr<const columnar::SampleBlock>> read_samples(std::size_t block) const override {
    const BlockPages& pages = block_at(block);
    const auto is = [](const Page& page, columnar::Encoding encoding) {
      return page.encoding == static_cast<std::uint8_t>(encoding);
    };
    if (!is(pages.times, columnar::Encoding::kIntBySeries)) return std::shared_ptr<const columnar::SampleBlock>();
    columnar::SamplePages out;
    TRY(series, read_page(block, pages.series, "series"));
    TRY(times, read_page(block, pages.times, "times"));
    out.series_encoding = pages.series.encoding;
    out.series = std::move(series);
    out.times = std::move(times);
    for (const columnar::NamedPage& column : pages.columns) {
      const bool values = is(column.page, columnar::Encoding::kDoubleBySeries);
      if (!values && !is(column.page, columnar::Encoding::kTextBySeries)) continue;
      TRY(bytes, read_page(block, column.page, footer_.names[column.name]));
      (values ? out.values : out.histograms) = std::move(bytes);
    }
    auto samples = columnar::SampleBlock::open(std::move(out), pages.rows);
    if (!samples.ok()) return within(block, kValueColumn, std::move(samples).error());
    return samples;
  }

  Result<std::string> read_section(std::string_view name) const override {
    for (const columnar::Section& section : footer_.sections) {
      if (section.name != name) continue;
      auto bytes = read(section);
      if (!bytes.ok()) return std::move(bytes).error().within("cannot read section {} of part {}", name, path_);
      return bytes;
    }
    return error(Code::kNotFound, "part {} has no section {}", path_, name);
  }

  Result<void> verify() const override {
    if (auto head = check_head(); !head.ok()) return std::move(head).error().within("cannot read part {}", path_);
    for (std::size_t block = 0; block < blocks_.size(); ++block) {
      TRY(series, read_series(block));
      TRY(times, read_times(block));
      for (std::size_t i = 1; i < times.size(); ++i) {
        if (series[i] == series[i - 1] && times[i] < times[i - 1]) {
          return within(block, "times", error(Code::kCorrupt, "not sorted within a series"));
        }
      }
      for (const columnar::NamedPage& column : footer_.blocks[block].columns) {
        TRY_VOID(read(block, column.page, footer_.names[column.name]));
        if (!column.page.header_bytes) continue;
        if (auto pages = verify_split(block, column.page); !pages.ok())
          return within(block, footer_.names[column.name], std::move(pages).error());
      }
    }
    for (const columnar::Section& section : footer_.sections) TRY_VOID(read_section(section.name));
    return {};
  }

 private:
  const BlockPages& block_at(std::size_t block) const {
    CHECK(block < footer_.blocks.size());
    return footer_.blocks[block];
  }

  Error within(std::size_t block, std::string_view column, Error why) const {
    return std::move(why).within("cannot read column {} of block {} of part {}", column, block, path_);
  }

  template <class Extent>
  Result<std::string> read_checked(const Extent& extent) const {
    TRY(bytes, file_->read(extent.offset, static_cast<std::size_t>(extent.bytes)));
    if (const std::uint64_t hash = hash64(bytes); hash != extent.hash) {
      return error(Code::kCorrupt, "checksum {:016x} differs from {:016x}", hash, extent.hash);
    }
    return bytes;
  }

  Result<std::string> read_page(std::size_t block, const Page& page, std::string_view name) const {
    auto bytes = read_checked(page);
    if (!bytes.ok()) return within(block, name, std::move(bytes).error());
    return bytes;
  }

  Result<LineBlockRef> open_split(std::size_t block, const Page& page, TimesOfBlock times,
                                  std::function<void(const Error&)> on_damage = {}) const {
    TRY(header, file_->read(page.offset, static_cast<std::size_t>(*page.header_bytes)));
    if (const std::uint64_t hash = hash64(header); hash != page.hash)
      return error(Code::kCorrupt, "checksum {:016x} differs from {:016x}", hash, page.hash);
    columnar::LineSource source;
    // Errors name the part: whoever asks for a slot does not know where it comes from.
    source.name = fmt::format("column {} of block {} of part {}", kLineColumn, block, path_);
    source.read = [self = shared_from_this(), block, offset = page.offset,
                   size = page.bytes](std::uint64_t at, std::size_t bytes) -> Result<std::string> {
      if (at > size || bytes > size - at)
        return self->within(block, kLineColumn, error(Code::kCorrupt, "{} bytes at {} of {}", bytes, at, size));
      auto read = self->file_->read(offset + at, bytes);
      if (!read.ok()) return self->within(block, kLineColumn, std::move(read).error());
      return read;
    };
    source.on_damage = std::move(on_damage);
    source.times = times ? std::move(times) : times_of(block);
    TRY(lines, columnar::open_lines(header,
                                    {.rows = footer_.blocks[block].rows, .bytes_max = columnar::kTextBytesMax},
                                    std::move(source)));
    if (lines->stored_bytes() != page.bytes)
      return error(Code::kCorrupt, "{} bytes of split lines instead of {}", lines->stored_bytes(), page.bytes);
    return lines;
  }

  // Reads them when they are asked for, and keeps them.
  TimesOfBlock times_of(std::size_t block) const {
    struct Kept {
      std::mutex mutex;  // guards times
      std::optional<std::vector<TimeNs>> times;
    };
    return [self = shared_from_this(), block, kept = std::make_shared<Kept>()]() -> Result<std::span<const TimeNs>> {
      std::lock_guard lock(kept->mutex);
      if (!kept->times) {
        TRY(times, self->read_times(block));
        kept->times = std::move(times);
      }
      return std::span<const TimeNs>(*kept->times);
    };
  }

  // Every page of split lines, also those that putting lines together does not need.
  Result<void> verify_split(std::size_t block, const Page& page) const {
    TRY(lines, open_split(block, page, {}));
    return columnar::read_all_pages(lines->lines());
  }

  Result<Column> decode_split(std::size_t block, const Page& page) const {
    TRY(lines, open_split(block, page, {}));
    TRY(text, lines->lines().all());
    if (text.size() != footer_.blocks[block].rows || text.bytes.size() != page.bytes_raw) {
      return error(Code::kCorrupt, "{} lines of {} bytes instead of {} of {}", text.size(), text.bytes.size(),
                   footer_.blocks[block].rows, page.bytes_raw);
    }
    return Column(std::move(text));
  }

  Result<Column> decode(std::uint32_t rows, const Page& page) const {
    TRY(bytes, read_checked(page));
    TRY(column, columnar::decode_column(page.encoding, bytes, {.rows = rows, .bytes_max = columnar::kTextBytesMax}));
    if (const std::size_t raw = columnar::raw_bytes(column); raw != page.bytes_raw) {
      return error(Code::kCorrupt, "{} bytes of values instead of {}", raw, page.bytes_raw);
    }
    TRY_VOID(check_range(column, page));
    return column;
  }

  // What the writer noted for pruning must be true, or a query would miss rows.
  static Result<void> check_range(const Column& column, const Page& page) {
    const auto* values = std::get_if<std::vector<std::int64_t>>(&column.values());
    if ((values != nullptr) != page.range.has_value())
      return error(Code::kCorrupt, "its encoding does not fit its kind");
    if (values == nullptr) return {};
    const auto [min, max] = std::minmax_element(values->begin(), values->end());
    if (*min != page.range->min || *max != page.range->max)
      return error(Code::kCorrupt, "values are outside of their range");
    return {};
  }

  Result<Column> read(std::size_t block, const Page& page, std::string_view name) const {
    auto column = page.header_bytes ? decode_split(block, page) : decode(footer_.blocks[block].rows, page);
    if (!column.ok()) return within(block, name, std::move(column).error());
    return column;
  }

  Result<std::string> read(const columnar::Section& section) const {
    TRY(bytes, read_checked(section));
    if (section.bytes == section.bytes_raw) return bytes;
    if (section.bytes_raw > columnar::kSectionBytesMax ||
        !columnar::expansion_possible(section.bytes_raw, section.bytes)) {
      return error(Code::kCorrupt, "{} bytes cannot hold {}", section.bytes, section.bytes_raw);
    }
    auto raw = zstd_decompress(bytes, static_cast<std::size_t>(section.bytes_raw));
    if (!raw.ok()) return error(Code::kCorrupt, "{}", raw.error().message);
    if (raw->size() != section.bytes_raw)
      return error(Code::kCorrupt, "{} bytes instead of {}", raw->size(), section.bytes_raw);
    return raw;
  }

  std::unique_ptr<ReadableFile> file_;
  std::string path_;
  Footer footer_;
  std::vector<BlockInfo> blocks_;
  PartInfo info_;
};

}  // namespace

Result<std::shared_ptr<const PartReader>> PartReader::open(FileSystem& files, const std::string& path) {
  auto file = files.open(path);
  if (!file.ok()) return std::move(file).error().within("cannot open part {}", path);
  auto reader = std::make_shared<FilePartReader>(std::move(file).value(), path);
  if (auto loaded = reader->load(); !loaded.ok()) return std::move(loaded).error().within("cannot open part {}", path);
  return std::shared_ptr<const PartReader>(std::move(reader));
}

}  // namespace trilobite
