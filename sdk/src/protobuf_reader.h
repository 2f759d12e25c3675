// Reads the fields of a protobuf message, one after the other, out of bytes nobody vouches for.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace trilobite {

class ProtobufReader {
 public:
  struct Field {
    std::uint32_t number = 0;
    std::uint64_t value = 0;   // varint and fixed fields
    std::string_view bytes{};  // length-delimited ones
    bool is_delimited = false;
  };

  explicit ProtobufReader(std::string_view message) : rest_(message) {}

  // The next field; nothing at the end and at the first malformed byte. valid() tells which.
  std::optional<Field> next() {
    if (rest_.empty()) return std::nullopt;
    const auto tag = varint();
    if (!tag || (*tag >> 3) == 0 || (*tag >> 3) > 0x1fffffff) return fail();
    Field field{.number = static_cast<std::uint32_t>(*tag >> 3)};
    switch (*tag & 7) {
      case 0: {
        const auto value = varint();
        if (!value) return fail();
        field.value = *value;
        return field;
      }
      case 1:
        return fixed(field, 8);
      case 2: {
        const auto size = varint();
        if (!size || *size > rest_.size()) return fail();
        field.bytes = rest_.substr(0, static_cast<std::size_t>(*size));
        field.is_delimited = true;
        rest_.remove_prefix(static_cast<std::size_t>(*size));
        return field;
      }
      case 5:
        return fixed(field, 4);
      default:
        return fail();
    }
  }

  bool valid() const { return valid_; }

 private:
  std::optional<Field> fail() {
    valid_ = false;
    rest_ = {};
    return std::nullopt;
  }

  std::optional<std::uint64_t> varint() {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 10 && i < rest_.size(); ++i) {
      const auto byte = static_cast<unsigned char>(rest_[i]);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
      if (byte < 0x80) {
        rest_.remove_prefix(i + 1);
        return value;
      }
    }
    return std::nullopt;
  }

  std::optional<Field> fixed(Field field, std::size_t size) {
    if (rest_.size() < size) return fail();
    for (std::size_t i = 0; i < size; ++i) {
      field.value |= static_cast<std::uint64_t>(static_cast<unsigned char>(rest_[i])) << (8 * i);
    }
    rest_.remove_prefix(size);
    return field;
  }

  std::string_view rest_;
  bool valid_ = true;
};

}  // namespace trilobite
