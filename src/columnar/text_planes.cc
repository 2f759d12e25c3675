#include "columnar/text_planes.h"

#include "base/bytes.h"

namespace trilobite::columnar {

void encode_text_planes(std::span<const std::string_view> texts, std::string& out) {
  ByteWriter writer(out);
  for (std::size_t begin = 0; begin < texts.size();) {
    const std::size_t length = texts[begin].size();
    std::size_t end = begin + 1;
    while (end < texts.size() && texts[end].size() == length) ++end;
    writer.varint(end - begin);
    writer.varint(length);
    for (std::size_t place = 0; place < length; ++place) {
      char before = 0;
      for (std::size_t row = begin; row < end; ++row) {
        const char now = texts[row][place];
        out.push_back(static_cast<char>(now ^ before));
        before = now;
      }
    }
    begin = end;
  }
}

Result<void> decode_text_planes(std::string_view bytes, std::size_t rows, StringColumn& out) {
  out.bytes.clear();
  out.ends.clear();
  ByteReader in(bytes);
  while (out.ends.size() < rows) {
    TRY(count, in.varint());
    TRY(length, in.varint());
    if (count == 0 || count > rows - out.ends.size())
      return error(Code::kCorrupt, "{} rows where {} are left", count, rows - out.ends.size());
    if (length > 0 && count > in.left() / length) return error(Code::kCorrupt, "data ends too early");
    TRY(planes, in.bytes(static_cast<std::size_t>(count * length)));
    const std::size_t at = out.bytes.size();
    out.bytes.resize(at + planes.size());
    for (std::size_t place = 0; place < length; ++place) {
      const char* plane = planes.data() + place * count;
      char now = 0;
      for (std::size_t row = 0; row < count; ++row) {
        now = static_cast<char>(now ^ plane[row]);
        out.bytes[at + row * length + place] = now;
      }
    }
    for (std::size_t row = 1; row <= count; ++row) out.ends.push_back(static_cast<std::uint32_t>(at + row * length));
  }
  if (!in.done()) return error(Code::kCorrupt, "{} bytes too many", in.left());
  return {};
}

}  // namespace trilobite::columnar
