// Protobuf's wire format, field by field, for decoders that look at millions of small messages: no exceptions, nothing
// but comparisons and pointers. A broken message ends the reading and is told by broken().
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace trilobite::ingest {

enum class Wire : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
constexpr std::uint32_t wire_tag(std::uint32_t number, Wire type) {
  return number << 3 | static_cast<std::uint32_t>(type);
}

class WireReader {
 public:
  explicit WireReader(std::string_view message) : at_(message.data()), end_(message.data() + message.size()) {}

  bool broken() const { return broken_; }
  bool done() const { return at_ == end_; }
  const char* position() const { return at_; }

  // Reads the next tag; false at the end or when the message is broken.
  bool next() {
    if (at_ == end_) return false;
    const std::uint64_t tag = varint();
    tag_ = static_cast<std::uint32_t>(tag);
    if (tag > 0xFFFFFFFF || tag_ >> 3 == 0) fail();
    return !broken_;
  }
  std::uint32_t tag() const { return tag_; }

  // The content of the field whose tag came last. After a failure: 0, "".
  std::uint64_t varint() {
    if (at_ != end_ && static_cast<std::uint8_t>(*at_) < 0x80) return static_cast<std::uint8_t>(*at_++);
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(*at_++);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    return fail();
  }
  std::int64_t signed_varint() { return static_cast<std::int64_t>(varint()); }
  std::int64_t zigzag_varint() {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  double number() { return std::bit_cast<double>(fixed<std::uint64_t>()); }
  float short_number() { return std::bit_cast<float>(fixed<std::uint32_t>()); }
  std::uint64_t fixed64() { return fixed<std::uint64_t>(); }
  std::uint32_t fixed32() { return fixed<std::uint32_t>(); }
  std::string_view bytes() {
    const std::uint64_t length = varint();
    if (length > static_cast<std::uint64_t>(end_ - at_)) {
      fail();
      return {};
    }
    const std::string_view out(at_, static_cast<std::size_t>(length));
    at_ += length;
    return out;
  }
  void skip() {
    switch (static_cast<Wire>(tag_ & 7)) {
      case Wire::kVarint:
        varint();
        break;
      case Wire::kFixed64:
        fixed64();
        break;
      case Wire::kBytes:
        bytes();
        break;
      case Wire::kFixed32:
        fixed32();
        break;
      default:
        fail();
    }
  }

 private:
  template <class T>
  T fixed() {
    if (static_cast<std::size_t>(end_ - at_) < sizeof(T)) return static_cast<T>(fail());
    T value;
    std::memcpy(&value, at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }
  std::uint64_t fail() {
    broken_ = true;
    at_ = end_;
    return 0;
  }

  const char* at_;
  const char* end_;
  std::uint32_t tag_ = 0;
  bool broken_ = false;
};

}  // namespace trilobite::ingest
