// Which ids a column has, in some bits for each: "certainly not" or "perhaps". A binary fuse filter (Graf and Lemire,
// 2022): three places for each id in a table of fingerprints, whose exclusive or is the id's fingerprint.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace trilobite::columnar {

// Bits of a fingerprint: one answer in 2^bits is wrongly "perhaps". A needle in the log corpus asks some hundred
// filters, so 6 bits mean that one or two columns are read in vain (about 0.1 ms each), for 0.9 byte per id; 8 bits
// would cost 0.3 byte more.
inline constexpr unsigned kIdFingerprintBits = 6;

// Empty when the ids repeat too much for a filter to pay. `ids` are `width` bytes each.
std::string build_id_filter(std::string_view ids, std::size_t width);

// kCorrupt when `filter` is not one.
Result<bool> id_filter_may_have(std::string_view filter, std::string_view id);

}  // namespace trilobite::columnar
