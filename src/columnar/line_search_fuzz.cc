// Searching split lines agrees with searching their text. The input is a byte of flags, a needle and lines, parted by
// the byte 0x0A; lines with the same text but for digits get the same template soon enough.
#include <cstdint>

#include "base/check.h"
#include "columnar/line_search.h"

namespace {

using namespace trilobite;
using namespace trilobite::columnar;

std::string_view next(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  const std::string_view out = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const auto flags = static_cast<std::uint8_t>(rest[0]);
  rest.remove_prefix(1);
  Predicate predicate;
  predicate.op = flags & 1 ? Predicate::Op::kContainsNone : Predicate::Op::kContainsAny;
  predicate.fold_case = (flags & 2) != 0;
  for (unsigned i = 0; i <= (flags >> 2 & 3U); ++i) predicate.needles.emplace_back(next(rest));
  StringColumn texts;
  do texts.push_back(next(rest));
  while (!rest.empty());
  // Seen often, lines become columns; seen once they may stay text.
  const std::size_t once = texts.size();
  for (unsigned copies = flags >> 4 & 7; copies-- > 0;) {
    for (std::size_t row = 0; row < once; ++row) texts.push_back(std::string(texts[row]));
  }

  const Column lines(texts);
  const EncodedLines encoded = encode_lines(lines, {}, 1);
  const LineSource source{
      .read = [&](std::uint64_t offset, std::size_t bytes) -> Result<std::string> {
        return encoded.bytes.substr(offset, bytes);
      },
  };
  const auto block = open_lines(std::string_view(encoded.bytes).substr(0, encoded.header_bytes),
                                {.rows = texts.size(), .bytes_max = kTextBytesMax}, source);
  CHECK(block.ok());
  const Templates& split = (*block)->lines();
  RowSelection want(texts.size());
  want.make_explicit();
  select_rows(predicate, lines, want.rows());
  const auto may = may_have_line(predicate, split);
  CHECK(may.ok() && (*may || want.empty()));
  RowSelection got(texts.size());
  CHECK(select_lines(predicate, split, got).ok());
  got.make_explicit();
  CHECK(got.rows() == want.rows());
  return 0;
}
