// Hex digits to bytes and back, eight digits at a time in one 64-bit number (first digit in the lowest byte).
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace trilobite::columnar {

static_assert(std::endian::native == std::endian::little);

inline constexpr std::uint64_t kEachByte = 0x0101010101010101;

// Sixteen-valued bytes as digits; `letter` is what 'a' or 'A' is beyond '9' + 1.
inline std::uint64_t spell_nibbles(std::uint64_t nibbles, std::uint64_t letter) {
  const std::uint64_t letters = ((nibbles + kEachByte * 6) >> 4) & kEachByte;
  return nibbles + kEachByte * '0' + letters * letter;
}
inline constexpr std::uint64_t kLowerLetter = 'a' - '0' - 10, kUpperLetter = 'A' - '0' - 10;

// Gathers over all digits seen: zero when all of them were digits of that case.
struct HexCase {
  std::uint64_t not_lower = 0, not_upper = 0;
};

// Four bytes from eight characters, whatever they are; `seen` tells afterwards whether they were hex digits. The digits
// are spelled again and compared: what is not the same was none.
inline std::uint32_t parse_hex8(const char* text, HexCase& seen) {
  std::uint64_t digits;
  std::memcpy(&digits, text, 8);
  std::uint64_t nibbles = (digits & kEachByte * 0x0F) + ((digits >> 6) & kEachByte) * 9;
  const std::uint64_t too_large = nibbles & kEachByte * 0xF0;
  seen.not_lower |= (spell_nibbles(nibbles, kLowerLetter) ^ digits) | too_large;
  seen.not_upper |= (spell_nibbles(nibbles, kUpperLetter) ^ digits) | too_large;
  nibbles = (nibbles << 4 | nibbles >> 8) & 0x00FF00FF00FF00FF;
  nibbles = (nibbles | nibbles >> 8) & 0x0000FFFF0000FFFF;
  return static_cast<std::uint32_t>(nibbles | nibbles >> 16);
}

// Eight digits for four bytes.
inline void write_hex8(const char* bytes, std::uint64_t letter, char* out) {
  std::uint32_t four;
  std::memcpy(&four, bytes, 4);
  std::uint64_t spread = four;
  spread = (spread | spread << 16) & 0x0000FFFF0000FFFF;
  spread = (spread | spread << 8) & 0x00FF00FF00FF00FF;
  spread = spell_nibbles(((spread >> 4) & 0x000F000F000F000F) | (spread & 0x000F000F000F000F) << 8, letter);
  std::memcpy(out, &spread, 8);
}

}  // namespace trilobite::columnar
