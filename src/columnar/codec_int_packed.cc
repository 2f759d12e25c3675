// Integers, their differences, or the differences of those, in packed vectors (int_packing.h). Differences wrap around,
// so that every integer has one.
#include <algorithm>
#include <array>

#include "columnar/codec_table.h"
#include "columnar/int_packing.h"

namespace trilobite::columnar {
namespace {

using Ints = std::vector<std::int64_t>;

std::int64_t minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t plus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}

// Remembers the last value of each order of differences.
template <unsigned order>
class Differences {
 public:
  std::int64_t split(std::int64_t value) {
    for (unsigned i = 0; i < order; ++i) {
      const std::int64_t previous = last_[i];
      last_[i] = value;
      value = minus(value, previous);
    }
    return value;
  }
  std::int64_t join(std::int64_t value) {
    for (unsigned i = order; i-- > 0;) value = last_[i] = plus(last_[i], value);
    return value;
  }

 private:
  std::array<std::int64_t, order + 1> last_{};
};

template <unsigned order>
void encode_vectors(std::span<const std::int64_t> values, std::string& out) {
  Differences<order> differences;
  std::array<std::int64_t, kVectorRows> vector;
  for (std::size_t at = 0; at < values.size(); at += kVectorRows) {
    const std::size_t count = std::min(kVectorRows, values.size() - at);
    for (std::size_t i = 0; i < count; ++i) vector[i] = differences.split(values[at + i]);
    pack_vector({vector.data(), count}, out);
  }
}

// Eight vectors spread over the block stand for all.
template <unsigned order>
std::size_t estimate(const Column& column) {
  const Ints& values = std::get<Ints>(column.values());
  const std::size_t vectors = (values.size() + kVectorRows - 1) / kVectorRows;
  const std::size_t samples = std::min<std::size_t>(vectors, 8);
  std::string scratch;
  std::size_t rows = 0;
  for (std::size_t i = 0; i < samples; ++i) {
    const std::size_t at = i * vectors / samples * kVectorRows;
    const std::size_t count = std::min(kVectorRows, values.size() - at);
    encode_vectors<order>({values.data() + at, count}, scratch);
    rows += count;
  }
  return rows == 0 ? 0 : scratch.size() * values.size() / rows;
}

template <unsigned order>
void encode(const Column& column, int, std::string& out) {
  encode_vectors<order>(std::get<Ints>(column.values()), out);
}

template <unsigned order>
Result<Column> decode(std::string_view bytes, DecodeShape shape) {
  ByteReader in(bytes);
  Ints values(shape.rows);
  TRY_VOID(unpack_ints(in, values));
  if (!in.done()) return error(Code::kCorrupt, "{} bytes too many", in.left());
  if constexpr (order > 0) {
    Differences<order> differences;
    for (std::int64_t& value : values) value = differences.join(value);
  }
  return Column(std::move(values));
}

}  // namespace

const Codec kIntFrameCodec{Encoding::kIntFrame, "int-frame", Kind::kInt, estimate<0>, encode<0>, decode<0>};
const Codec kIntDeltaCodec{Encoding::kIntDelta, "int-delta", Kind::kInt, estimate<1>, encode<1>, decode<1>};
const Codec kIntDeltaDeltaCodec{
    Encoding::kIntDeltaDelta, "int-delta-delta", Kind::kInt, estimate<2>, encode<2>, decode<2>};

}  // namespace trilobite::columnar
