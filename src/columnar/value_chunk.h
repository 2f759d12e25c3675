// Up to kVectorRows values of one series as bytes: in whichever of these forms is smallest, every bit kept (also of
// NaNs, of which stale markers are some, and of -0).
//   constant  all the same
//   scaled    decimals: integers over a power of ten, as they are or as their first or second differences, bit-packed;
//             values that are none are exceptions. After ALP (SIGMOD'24).
//   xor       the bits that changed from value to value. After Gorilla (VLDB'15).
//   plain     8 bytes each
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace trilobite::columnar {

// Appends. REQUIRES: 1 to kVectorRows values.
void encode_value_chunk(std::span<const double> values, std::string& out);

// All of `bytes` is the chunk, `out` has as many places as it has values.
Result<void> decode_value_chunk(std::string_view bytes, std::span<double> out);

}  // namespace trilobite::columnar
