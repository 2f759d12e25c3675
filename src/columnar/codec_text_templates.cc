// Lines as templates and typed variables (lines.h), as one column of bytes: header, then pages. The storage room reads
// lines lazily and with the times of their rows; as a codec they are read whole, without times.
#include <algorithm>

#include "columnar/codec_table.h"
#include "columnar/lines.h"

namespace trilobite::columnar {
namespace {

constexpr std::size_t kSampleRows = 2048;
constexpr std::size_t kSampleBytes = 1u << 20;

std::size_t estimate(const Column& column) {
  const std::size_t bytes = raw_bytes(column);
  if (bytes > kTextBytesMax) return kNotPossible;
  // Runs of neighbours from all over the column, since a template needs some rows to be one.
  StringColumn sample;
  const std::size_t rows = column.size();
  const std::size_t runs = rows <= kSampleRows ? 1 : 8, run_rows = rows <= kSampleRows ? rows : kSampleRows / runs;
  for (std::size_t run = 0; run < runs; ++run) {
    const std::size_t begin = runs == 1 ? 0 : (rows - run_rows) * run / (runs - 1);
    for (std::size_t i = 0; i < run_rows && (runs == 1 || sample.bytes.size() < kSampleBytes); ++i)
      sample.push_back(column.text(begin + i));
  }
  const std::size_t sampled = sample.size(), sampled_bytes = sample.bytes.size();
  const EncodedLines encoded = encode_lines(Column(std::move(sample)), {}, 1);
  if (sampled == rows) return encoded.bytes.size();
  const double share = sampled_bytes == 0 ? static_cast<double>(rows) / static_cast<double>(sampled)
                                          : static_cast<double>(bytes) / static_cast<double>(sampled_bytes);
  const std::size_t pages = encoded.bytes.size() - encoded.header_bytes;
  return encoded.header_bytes + static_cast<std::size_t>(static_cast<double>(pages) * share);
}

void encode(const Column& column, int level, std::string& out) { out += encode_lines(column, {}, level).bytes; }

Result<Column> decode(std::string_view bytes, DecodeShape shape) {
  TRY(header_bytes, lines_header_bytes(bytes));
  LineSource source;
  source.read = [bytes](std::uint64_t offset, std::size_t size) -> Result<std::string> {
    if (offset > bytes.size() || size > bytes.size() - offset)
      return error(Code::kCorrupt, "{} bytes at {} of {}", size, offset, bytes.size());
    return std::string(bytes.substr(static_cast<std::size_t>(offset), size));
  };
  TRY(block, open_lines(bytes.substr(0, header_bytes), shape, std::move(source)));
  if (block->stored_bytes() != bytes.size())
    return error(Code::kCorrupt, "{} bytes instead of {}", bytes.size(), block->stored_bytes());
  TRY(text, block->lines().all());
  return Column(std::move(text));
}

}  // namespace

const Codec kTextTemplatesCodec{
    Encoding::kTextTemplates, "text-templates", Kind::kText, estimate, encode, decode, false};

}  // namespace trilobite::columnar
