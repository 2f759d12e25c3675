// Snappy's block format: the size, then literals and copies of what came before. Each 64 KiB are compressed for
// themselves, so that two bytes hold any distance.
#include <array>
#include <cstring>

#include "push_encoders.h"

namespace trilobite::instruments {
namespace {

constexpr std::size_t kBlock = 1 << 16;
constexpr std::size_t kMatchMin = 4;
constexpr int kHashBits = 12;

std::uint32_t load32(const char* at) {
  std::uint32_t out;
  std::memcpy(&out, at, sizeof out);
  return out;
}

void append_literal(std::string& out, std::string_view bytes) {
  if (bytes.empty()) return;
  const std::size_t last = bytes.size() - 1;
  if (last < 60) {
    out += static_cast<char>(last << 2);
  } else {
    out += static_cast<char>(61 << 2);  // two bytes of length follow; a block is not longer
    out += static_cast<char>(last);
    out += static_cast<char>(last >> 8);
  }
  out += bytes;
}

void append_copy(std::string& out, std::size_t distance, std::size_t size) {
  while (size > 0) {
    const std::size_t piece = size < 64 ? size : 64;
    out += static_cast<char>(2 | (piece - 1) << 2);
    out += static_cast<char>(distance);
    out += static_cast<char>(distance >> 8);
    size -= piece;
  }
}

void append_block(std::string& out, std::string_view block) {
  std::array<std::uint16_t, 1 << kHashBits> seen{};  // position of the last four bytes of a hash
  std::size_t literal = 0, at = 1;
  while (at + kMatchMin <= block.size()) {
    const std::uint32_t bytes = load32(block.data() + at);
    std::uint16_t& slot = seen[bytes * 0x1e35a7bdu >> (32 - kHashBits)];
    const std::size_t before = slot;
    slot = static_cast<std::uint16_t>(at);
    if (before >= at || load32(block.data() + before) != bytes) {
      ++at;
      continue;
    }
    std::size_t size = kMatchMin;
    while (at + size < block.size() && block[before + size] == block[at + size]) ++size;
    append_literal(out, block.substr(literal, at - literal));
    append_copy(out, at - before, size);
    at += size;
    literal = at;
  }
  append_literal(out, block.substr(literal));
}

}  // namespace

std::string snappy_block(std::string_view bytes) {
  std::string out;
  std::size_t size = bytes.size();
  for (; size >= 0x80; size >>= 7) out += static_cast<char>(size | 0x80);
  out += static_cast<char>(size);
  for (std::size_t at = 0; at < bytes.size(); at += kBlock) append_block(out, bytes.substr(at, kBlock));
  return out;
}

}  // namespace trilobite::instruments
