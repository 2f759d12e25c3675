// Writes protobuf messages into a byte string. Fields with their default value are written too: leave them out by not
// calling. Nested messages are written in place and get their length afterwards.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace trilobite {

class ProtobufWriter {
 public:
  explicit ProtobufWriter(std::string& out) : out_(out) {}

  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      out_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    out_.push_back(static_cast<char>(value));
  }

  void uint64(std::uint32_t field, std::uint64_t value) {
    tag(field, kVarint);
    varint(value);
  }
  void int64(std::uint32_t field, std::int64_t value) { uint64(field, static_cast<std::uint64_t>(value)); }
  void sint64(std::uint32_t field, std::int64_t value) {
    uint64(field, (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void boolean(std::uint32_t field, bool value) { uint64(field, value ? 1 : 0); }
  void fixed32(std::uint32_t field, std::uint32_t value) {
    tag(field, kFixed32);
    little_endian(value, 4);
  }
  void fixed64(std::uint32_t field, std::uint64_t value) {
    tag(field, kFixed64);
    little_endian(value, 8);
  }
  void float64(std::uint32_t field, double value) { fixed64(field, std::bit_cast<std::uint64_t>(value)); }
  void bytes(std::uint32_t field, std::string_view value) {
    tag(field, kDelimited);
    varint(value.size());
    out_.append(value);
  }

  // write() puts the fields of the nested message, or the values of a packed field, into this writer.
  template <class Write>
  void message(std::uint32_t field, Write write) {
    tag(field, kDelimited);
    out_.push_back(0);  // room for the length of a short message
    const std::size_t start = out_.size();
    write();
    std::size_t size = out_.size() - start;
    char length[10];
    std::size_t length_size = 0;
    for (; size >= 0x80; size >>= 7) length[length_size++] = static_cast<char>(size | 0x80);
    length[length_size++] = static_cast<char>(size);
    out_.replace(start - 1, 1, length, length_size);
  }

  // For packed fields: a value without its tag.
  void packed_fixed64(std::uint64_t value) { little_endian(value, 8); }
  void packed_float64(double value) { packed_fixed64(std::bit_cast<std::uint64_t>(value)); }

 private:
  enum WireType : std::uint32_t { kVarint = 0, kFixed64 = 1, kDelimited = 2, kFixed32 = 5 };

  void tag(std::uint32_t field, WireType type) { varint(std::uint64_t{field} << 3 | type); }
  void little_endian(std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) out_.push_back(static_cast<char>(value >> (8 * i)));
  }

  std::string& out_;
};

}  // namespace trilobite
