// Unsigned numbers of `width` bits each. A full vector of 1,024 is laid out in 16 lanes (number i in lane i % 16), so
// that the loop over lanes needs no shuffles and the compiler vectorises it; a shorter one is packed number by number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace trilobite::columnar {

inline constexpr std::size_t kVectorRows = 1024;

inline constexpr std::size_t packed_bytes(std::size_t count, unsigned width) { return (count * width + 7) / 8; }

// Appends packed_bytes(count, width) bytes. REQUIRES: count <= kVectorRows, width <= 64, every number fits.
void pack_bits(const std::uint64_t* numbers, std::size_t count, unsigned width, std::string& out);

// REQUIRES: packed.size() == packed_bytes(count, width), count <= kVectorRows, width <= 64.
void unpack_bits(std::string_view packed, std::size_t count, unsigned width, std::uint64_t* numbers);

// The number at `position`. REQUIRES: as above, position < count.
std::uint64_t unpack_number(std::string_view packed, std::size_t count, unsigned width, std::size_t position);

}  // namespace trilobite::columnar
