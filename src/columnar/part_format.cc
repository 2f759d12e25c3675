#include "columnar/part_format.h"

#include <algorithm>
#include <limits>

#include "base/bytes.h"
#include "base/hash.h"
#include "columnar/codec.h"

namespace trilobite::columnar {
namespace {

enum PageFlags : std::uint8_t { kHasRange = 1, kHasHeader = 2 };  // the second since version 2

// --- writing

void write_page(ByteWriter& out, const Page& page) {
  out.fixed(page.encoding);
  out.varint(page.bytes);
  out.varint(page.bytes_raw);
  out.fixed(page.hash);
  out.fixed(static_cast<std::uint8_t>((page.range ? kHasRange : 0) | (page.header_bytes ? kHasHeader : 0)));
  if (page.header_bytes) out.varint(*page.header_bytes);
  if (page.range) {
    out.varint(zigzag(page.range->min));
    out.varint(static_cast<std::uint64_t>(page.range->max) - static_cast<std::uint64_t>(page.range->min));
  }
}

// --- reading

Result<Page> read_page(ByteReader& in, std::uint32_t version) {
  Page page;
  TRY(encoding, in.fixed<std::uint8_t>());
  TRY(bytes, in.varint());
  TRY(bytes_raw, in.varint());
  TRY(hash, in.fixed<std::uint64_t>());
  TRY(flags, in.fixed<std::uint8_t>());
  if (flags > (version == 1 ? kHasRange : kHasHeader))  // at most one of them
    return error(Code::kCorrupt, "flags of a page are {}", flags);
  const bool split = encoding == static_cast<std::uint8_t>(Encoding::kTextTemplates);
  if (split != (flags == kHasHeader))
    return error(Code::kCorrupt, "a page of encoding {} with flags {}", encoding, flags);
  page.encoding = encoding;
  page.bytes = bytes;
  page.bytes_raw = bytes_raw;
  page.hash = hash;
  if (flags == kHasHeader) {
    TRY(header_bytes, in.varint());
    if (header_bytes > bytes) return error(Code::kCorrupt, "header of {} bytes in a page of {}", header_bytes, bytes);
    page.header_bytes = header_bytes;
  }
  if (flags == kHasRange) {
    TRY(min, in.varint());
    TRY(span, in.varint());
    Range range{unzigzag(min), 0};
    range.max = static_cast<std::int64_t>(static_cast<std::uint64_t>(range.min) + span);
    if (range.max < range.min) return error(Code::kCorrupt, "minimum of a page exceeds its maximum");
    page.range = range;
  }
  return page;
}

Result<void> check_key(const Page& page, std::string_view name) {
  if (!page.range) return error(Code::kCorrupt, "column of {} has no range", name);
  return {};
}

Result<BlockPages> read_block(ByteReader& in, std::size_t names, std::uint32_t version) {
  BlockPages block;
  TRY(rows, in.varint());
  if (rows == 0 || rows > kBlockRowsMax) return error(Code::kCorrupt, "block of {} rows", rows);
  block.rows = static_cast<std::uint32_t>(rows);
  TRY(series, read_page(in, version));
  TRY_VOID(check_key(series, "series"));
  if (series.range->min < 0 || series.range->max > std::numeric_limits<std::uint32_t>::max()) {
    return error(Code::kCorrupt, "series {} to {}", series.range->min, series.range->max);
  }
  TRY(times, read_page(in, version));
  TRY_VOID(check_key(times, "times"));
  block.series = series;
  block.times = times;
  TRY(columns, in.varint());
  if (columns > names) return error(Code::kCorrupt, "block of {} columns where {} have a name", columns, names);
  for (std::uint64_t i = 0; i < columns; ++i) {
    TRY(name, in.varint());
    if (name >= names) return error(Code::kCorrupt, "column name {} of {}", name, names);
    const bool twice =
        std::any_of(block.columns.begin(), block.columns.end(), [&](const NamedPage& c) { return c.name == name; });
    if (twice) return error(Code::kCorrupt, "column {} stands twice in a block", name);
    TRY(page, read_page(in, version));
    block.columns.push_back({static_cast<std::uint32_t>(name), page});
  }
  return block;
}

Result<Section> read_section(ByteReader& in) {
  Section section;
  TRY(name, in.text());
  TRY(bytes, in.varint());
  TRY(bytes_raw, in.varint());
  TRY(hash, in.fixed<std::uint64_t>());
  section.name = name;
  section.bytes = bytes;
  section.bytes_raw = bytes_raw;
  section.hash = hash;
  return section;
}

// Hands out offsets; pages and sections must fill the file up to the footer exactly.
class Space {
 public:
  explicit Space(std::uint64_t end) : at_(kPartHead.size()), end_(end) {}
  template <class Extent>
  Result<void> place(Extent& extent) {
    if (extent.bytes > end_ - at_) return error(Code::kCorrupt, "{} bytes do not fit in the file", extent.bytes);
    extent.offset = at_;
    at_ += extent.bytes;
    return {};
  }
  Result<void> full() const {
    if (at_ != end_) return error(Code::kCorrupt, "{} bytes before the footer belong to nothing", end_ - at_);
    return {};
  }

 private:
  std::uint64_t at_, end_;
};

Result<void> place_all(Footer& footer, std::uint64_t pages_end) {
  Space space(pages_end);
  for (BlockPages& block : footer.blocks) {
    TRY_VOID(space.place(block.series));
    TRY_VOID(space.place(block.times));
    for (NamedPage& column : block.columns) TRY_VOID(space.place(column.page));
  }
  for (Section& section : footer.sections) TRY_VOID(space.place(section));
  return space.full();
}

}  // namespace

std::string write_footer(const Footer& footer) {
  std::string bytes;
  ByteWriter out(bytes);
  out.varint(footer.names.size());
  for (const std::string& name : footer.names) out.text(name);
  out.varint(footer.blocks.size());
  for (const BlockPages& block : footer.blocks) {
    out.varint(block.rows);
    write_page(out, block.series);
    write_page(out, block.times);
    out.varint(block.columns.size());
    for (const NamedPage& column : block.columns) {
      out.varint(column.name);
      write_page(out, column.page);
    }
  }
  out.varint(footer.sections.size());
  for (const Section& section : footer.sections) {
    out.text(section.name);
    out.varint(section.bytes);
    out.varint(section.bytes_raw);
    out.fixed(section.hash);
  }
  return bytes;
}

Result<Footer> read_footer(std::string_view bytes, std::uint64_t pages_end, std::uint32_t version) {
  Footer footer;
  ByteReader in(bytes);
  // No count is believed: each entry has to be there before the next is read.
  TRY(names, in.varint());
  for (std::uint64_t i = 0; i < names; ++i) {
    TRY(name, in.text());
    footer.names.emplace_back(name);
  }
  TRY(blocks, in.varint());
  for (std::uint64_t i = 0; i < blocks; ++i) {
    TRY(block, read_block(in, footer.names.size(), version));
    footer.blocks.push_back(std::move(block));
  }
  TRY(sections, in.varint());
  for (std::uint64_t i = 0; i < sections; ++i) {
    TRY(section, read_section(in));
    footer.sections.push_back(std::move(section));
  }
  if (!in.done()) return error(Code::kCorrupt, "{} bytes too many in the footer", in.left());
  TRY_VOID(place_all(footer, pages_end));
  return footer;
}

std::uint64_t hash_of(std::string_view footer, const Tail& tail) {
  std::string seeded;
  ByteWriter out(seeded);
  out.fixed(tail.footer_bytes);
  out.fixed(tail.version);
  return hash64(footer, hash64(seeded));
}

std::string write_tail(std::string_view footer, std::uint64_t& hash) {
  Tail tail{.footer_bytes = footer.size()};
  tail.hash = hash = hash_of(footer, tail);
  std::string bytes;
  ByteWriter out(bytes);
  out.fixed(tail.footer_bytes);
  out.fixed(tail.version);
  out.fixed(std::uint32_t{0});
  out.fixed(tail.hash);
  out.bytes(kPartMagic);
  CHECK(bytes.size() == Tail::kBytes);
  return bytes;
}

Result<Tail> read_tail(std::string_view bytes) {
  CHECK(bytes.size() == Tail::kBytes);
  ByteReader in(bytes);
  Tail tail;
  TRY(footer_bytes, in.fixed<std::uint64_t>());
  TRY(version, in.fixed<std::uint32_t>());
  TRY(zero, in.fixed<std::uint32_t>());
  TRY(hash, in.fixed<std::uint64_t>());
  TRY(magic, in.bytes(kPartMagic.size()));
  if (magic != kPartMagic)
    return error(Code::kCorrupt, "not a part file, or cut off: its last bytes are not the mark of one");
  if (zero != 0) return error(Code::kCorrupt, "reserved bytes of the tail are {}", zero);
  tail.footer_bytes = footer_bytes;
  tail.version = version;
  tail.hash = hash;
  return tail;
}

BlockInfo info_of(const BlockPages& block) {
  BlockInfo info;
  info.rows = block.rows;
  info.series_min = static_cast<std::uint32_t>(block.series.range->min);
  info.series_max = static_cast<std::uint32_t>(block.series.range->max);
  info.time_min = block.times.range->min;
  info.time_max = block.times.range->max;
  info.bytes = block.series.bytes + block.times.bytes;
  info.bytes_raw = block.series.bytes_raw + block.times.bytes_raw;
  for (const NamedPage& column : block.columns) {
    info.bytes += column.page.bytes;
    info.bytes_raw += column.page.bytes_raw;
  }
  return info;
}

PartInfo info_of(const std::vector<BlockInfo>& blocks, std::uint64_t file_bytes, std::uint64_t footer_hash) {
  PartInfo info{.file_bytes = file_bytes, .footer_hash = footer_hash};
  for (const BlockInfo& block : blocks) {
    info.time_min = info.rows == 0 ? block.time_min : std::min(info.time_min, block.time_min);
    info.time_max = info.rows == 0 ? block.time_max : std::max(info.time_max, block.time_max);
    info.rows += block.rows;
    info.bytes_raw += block.bytes_raw;
  }
  return info;
}

}  // namespace trilobite::columnar
