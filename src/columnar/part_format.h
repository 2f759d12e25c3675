// The bytes of a part file that are not pages: head, footer, tail. See format.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "columnar/part.h"

namespace trilobite::columnar {

inline constexpr std::uint32_t kPartVersion = 3;
inline constexpr std::string_view kPartHead = "TriloPrt";
inline constexpr std::string_view kPartMagic = "PartTail";

inline constexpr std::uint64_t kSectionBytesMax = std::uint64_t{1} << 30;  // a reader takes memory for all of it

struct Range {
  std::int64_t min = 0, max = 0;
  friend bool operator==(const Range&, const Range&) = default;
};

// One column of one block. Pages stand back to back in the order of the footer, so an offset is a sum, not a claim.
struct Page {
  std::uint8_t encoding = 0;
  std::uint64_t bytes = 0;      // stored
  std::uint64_t bytes_raw = 0;  // raw_bytes() of the column
  std::uint64_t hash = 0;       // of the stored bytes; where there is a header, of the header
  std::optional<Range> range;   // of integers
  // Of split lines: that many bytes of the page are its header, which has the hashes of the rest, so that one slot can
  // be read alone.
  std::optional<std::uint64_t> header_bytes;
  std::uint64_t offset = 0;     // not stored
};

struct NamedPage {
  std::uint32_t name = 0;  // index into Footer::names
  Page page;
};

struct BlockPages {
  std::uint32_t rows = 0;
  Page series, times;
  std::vector<NamedPage> columns;
};

struct Section {
  std::string name;
  std::uint64_t bytes = 0;      // stored
  std::uint64_t bytes_raw = 0;  // equal: stored as it is; otherwise zstd
  std::uint64_t hash = 0;       // of the stored bytes
  std::uint64_t offset = 0;     // not stored
};

struct Footer {
  std::vector<std::string> names;  // of columns, in the order of first use
  std::vector<BlockPages> blocks;
  std::vector<Section> sections;  // after all pages
};

// The last bytes of the file. Its layout is the same in every version, so that a newer file is recognised as such.
struct Tail {
  static constexpr std::size_t kBytes = 32;
  std::uint64_t footer_bytes = 0;
  std::uint32_t version = kPartVersion;
  std::uint64_t hash = 0;  // of the footer, its size and the version
};

std::string write_footer(const Footer& footer);
// Checks everything that can be checked without the pages; `pages_end` is where the footer starts.
Result<Footer> read_footer(std::string_view bytes, std::uint64_t pages_end, std::uint32_t version = kPartVersion);

std::string write_tail(std::string_view footer, std::uint64_t& hash);
Result<Tail> read_tail(std::string_view bytes);  // REQUIRES: kBytes of them
// The hash that the tail should have.
std::uint64_t hash_of(std::string_view footer, const Tail& tail);

BlockInfo info_of(const BlockPages& block);
PartInfo info_of(const std::vector<BlockInfo>& blocks, std::uint64_t file_bytes, std::uint64_t footer_hash);

}  // namespace trilobite::columnar
