// Doubles as the bits that differ from the value before, in the manner of Gorilla: a bit 0 for the same value; 1 0 and
// the bits between the margins used before; 1 1, 6 bits of zeros in front, 6 bits of length less one, and the bits.
// The first value is 64 bits. Bits fill bytes from the lowest; a number has its lowest bit first.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace trilobite::columnar {

void xor_encode(std::span<const double> values, std::string& out);  // appends
Result<void> xor_decode(std::string_view bytes, std::span<double> out);

}  // namespace trilobite::columnar
