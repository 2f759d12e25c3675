// Takes random ids out of text before zstd and puts them back. Hex runs (trace and span ids, digests) and uuids become
// one byte of the text and their bits in a stream of their own: half the bytes, nothing for zstd to search in vain, and
// the text around them repeats better. Byte-exact for any input.
//
// The text stream: each row, then kEnd. The bytes 0 to 4 are marks; where a row has such a byte itself, it is escaped.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace trilobite::columnar {

struct SplitText {
  std::string text;  // rows with marks
  std::string ids;   // 8 or 16 bytes for each mark of an id

  void clear() {
    text.clear();
    ids.clear();
  }
};

void split_row(std::string_view row, SplitText& out);

// Appends the rows of `text` to `bytes` and their ends to `ends`. Fails unless exactly `rows` rows of `bytes_raw` bytes
// come out and every byte of both streams is used.
Result<void> join_rows(std::string_view text, std::string_view ids, std::size_t rows, std::size_t bytes_raw,
                       std::string& bytes, std::vector<std::uint32_t>& ends);

}  // namespace trilobite::columnar
