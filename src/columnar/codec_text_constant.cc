// One text for all rows: its bytes.
#include "columnar/codec_table.h"

namespace trilobite::columnar {
namespace {

std::size_t estimate(const Column& column) {
  if (column.size() == 0) return kNotPossible;
  const std::string_view first = column.text(0);
  for (std::size_t row = 1; row < column.size(); ++row) {
    if (column.text(row) != first) return kNotPossible;
  }
  return first.size();
}

void encode(const Column& column, int, std::string& out) { out += column.text(0); }

Result<Column> decode(std::string_view bytes, DecodeShape shape) {
  if (shape.rows == 0) return error(Code::kCorrupt, "a constant of no rows");
  if (bytes.size() > shape.bytes_max) return error(Code::kCorrupt, "{} bytes exceed {}", bytes.size(), shape.bytes_max);
  DictionaryColumn out;
  out.dictionary.push_back(bytes);
  out.codes.assign(shape.rows, 0);
  return Column(std::move(out));
}

}  // namespace

const Codec kTextConstantCodec{Encoding::kTextConstant, "text-constant", Kind::kText, estimate, encode, decode};

}  // namespace trilobite::columnar
