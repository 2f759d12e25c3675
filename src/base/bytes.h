// Little-endian numbers and varints in byte strings: the alphabet of every format of ours on disk.
#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "base/result.h"

namespace trilobite {

inline std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
inline std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

// Appends to a string that the caller owns.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  template <std::integral T>
  void fixed(T value) {
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    out_.append(raw, sizeof(T));
  }
  void varint(std::uint64_t value) {
    while (value > 0x7F) {
      out_.push_back(static_cast<char>((value & 0x7F) | 0x80));
      value >>= 7;
    }
    out_.push_back(static_cast<char>(value));
  }
  void bytes(std::string_view raw) { out_.append(raw); }
  void text(std::string_view raw) {  // with its length in front
    varint(raw.size());
    out_.append(raw);
  }

 private:
  std::string& out_;
};

// Reads what ByteWriter wrote; every step checks the end, because the bytes may come from a damaged file.
class ByteReader {
 public:
  explicit ByteReader(std::string_view in) : in_(in) {}

  std::size_t left() const { return in_.size(); }
  bool done() const { return in_.empty(); }

  template <std::integral T>
  Result<T> fixed() {
    if (in_.size() < sizeof(T)) return ended();
    T value;
    std::memcpy(&value, in_.data(), sizeof(T));
    in_.remove_prefix(sizeof(T));
    return value;
  }
  Result<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (in_.empty()) return ended();
      const auto byte = static_cast<std::uint8_t>(in_.front());
      in_.remove_prefix(1);
      if (shift == 63 && byte > 1) break;
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    return error(Code::kCorrupt, "varint is longer than 64 bits");
  }
  Result<std::string_view> bytes(std::size_t length) {
    if (in_.size() < length) return ended();
    const std::string_view out = in_.substr(0, length);
    in_.remove_prefix(length);
    return out;
  }
  Result<std::string_view> text() {
    TRY(length, varint());
    if (length > in_.size()) return ended();
    return bytes(static_cast<std::size_t>(length));
  }

 private:
  static Error ended() { return error(Code::kCorrupt, "data ends too early"); }
  std::string_view in_;
};

}  // namespace trilobite
