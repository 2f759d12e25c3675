// One integer for all rows: a zigzag varint.
#include <algorithm>

#include "base/bytes.h"
#include "columnar/codec_table.h"

namespace trilobite::columnar {
namespace {

using Ints = std::vector<std::int64_t>;

std::size_t estimate(const Column& column) {
  const Ints& values = std::get<Ints>(column.values());
  const bool constant =
      std::all_of(values.begin(), values.end(), [&](std::int64_t value) { return value == values[0]; });
  return constant && !values.empty() ? 1 : kNotPossible;
}

void encode(const Column& column, int, std::string& out) {
  ByteWriter(out).varint(zigzag(std::get<Ints>(column.values())[0]));
}

Result<Column> decode(std::string_view bytes, DecodeShape shape) {
  ByteReader in(bytes);
  TRY(value, in.varint());
  if (!in.done()) return error(Code::kCorrupt, "{} bytes too many", in.left());
  return Column(Ints(shape.rows, unzigzag(value)));
}

}  // namespace

const Codec kIntConstantCodec{Encoding::kIntConstant, "int-constant", Kind::kInt, estimate, encode, decode};

}  // namespace trilobite::columnar
