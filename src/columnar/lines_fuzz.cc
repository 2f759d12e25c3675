// Split lines: what is encoded comes back, one by one and all at once; any header and any pages open and read to values
// or an error. True checksums are put in, since a fuzzer will not guess one.
#include <cstdint>
#include <cstring>

#include "base/hash.h"
#include "columnar/frame.h"
#include "columnar/line_pages.h"
#include "columnar/lines.h"

namespace {

using namespace trilobite;
using namespace trilobite::columnar;

LineSource source_of(const std::string& bytes) {
  LineSource out;
  out.read = [&bytes](std::uint64_t offset, std::size_t size) -> Result<std::string> {
    if (offset > bytes.size() || size > bytes.size() - offset) return error(Code::kCorrupt, "beyond the end");
    return bytes.substr(static_cast<std::size_t>(offset), size);
  };
  return out;
}

void read_slots(const Templates& lines) {
  for (const Template& shape : lines.templates()) {
    for (const auto& slot : shape.slots) {
      switch (slot->kind()) {
        case SlotKind::kConstant:
          (void)slot->constant();
          break;
        case SlotKind::kDictionary:
          (void)slot->dictionary().ok();
          break;
        case SlotKind::kInteger:
        case SlotKind::kDecimal:
        case SlotKind::kTime:
        case SlotKind::kIpv4:
          (void)slot->integers().ok();
          break;
        case SlotKind::kHex:
        case SlotKind::kUuid:
          (void)slot->ids().ok();
          (void)slot->may_have(std::string(slot->width(), 'x')).ok();
          break;
        case SlotKind::kText:
          (void)slot->text().ok();
          break;
        case SlotKind::kTemplates:
          if (auto inner = slot->templates(); inner.ok()) read_slots(**inner);
      }
    }
  }
}

void read_everything(const std::string& bytes, std::size_t header_bytes, std::size_t rows, std::size_t bytes_max) {
  auto block = open_lines(std::string_view(bytes).substr(0, header_bytes), {rows, bytes_max}, source_of(bytes));
  if (!block.ok()) return;
  std::string text;
  for (std::size_t row = 0; row < rows; row += rows / 8 + 1) (void)(*block)->lines().append(row, text).ok();
  read_slots((*block)->lines());
  if (auto all = (*block)->lines().all(); all.ok()) CHECK(all->size() == rows && all->bytes.size() <= bytes_max);
}

// Makes the hashes in the table of streams at the front of `body` those of `pages`. False when it is no table.
bool set_page_hashes(std::string& body, std::string_view pages) {
  ByteReader in(body);
  auto rows = in.varint();
  if (!rows.ok()) return false;
  const std::size_t table_begin = body.size() - in.left();
  auto table = PageReader::open(in, 0);
  if (!table.ok()) return false;
  const std::vector<std::size_t> sizes = (*table)->page_sizes();
  const std::size_t table_end = body.size() - in.left();
  CHECK(table_end - table_begin >= sizes.size() * 8);
  std::size_t at = 0;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] > pages.size() - at) return true;
    const std::uint64_t hash = hash64(pages.substr(at, sizes[i]));
    std::memcpy(body.data() + table_end - (sizes.size() - i) * 8, &hash, 8);
    at += sizes[i];
  }
  return true;
}

// The input as the body of a header and as pages: a byte of rows and two of the header's size in front.
void open_any(std::string_view input) {
  if (input.size() < 3) return;
  const std::size_t rows = static_cast<std::uint8_t>(input[0]);
  const std::size_t body_bytes = std::min<std::size_t>(
      input.size() - 3, static_cast<std::uint8_t>(input[1]) | static_cast<std::size_t>(input[2] & 0x3F) << 8);
  std::string body(input.substr(3, body_bytes));
  const std::string_view pages = input.substr(3 + body_bytes);
  for (int round = 0; round < 2; ++round) {  // the second has the hashes of the first one's pages
    std::string bytes(1, '\1');
    append_frame(body, 1, bytes);
    const std::size_t header_bytes = bytes.size();
    bytes += pages;
    read_everything(bytes, header_bytes, rows, 1u << 20);
    if (!set_page_hashes(body, pages)) return;
  }
}

void round_trip(std::string_view input) {
  // A byte says how often the lines are repeated, so that templates come to be; lines end at 0x0A.
  const std::size_t repeats = static_cast<std::uint8_t>(input[0]) % 40 + 1;
  input.remove_prefix(1);
  StringColumn once, lines;
  for (std::size_t end; (end = input.find('\n')) != std::string_view::npos; input.remove_prefix(end + 1))
    once.push_back(input.substr(0, end));
  once.push_back(input);
  for (std::size_t i = 0; i < repeats; ++i) {
    for (std::size_t row = 0; row < once.size(); ++row) lines.push_back(once[row]);
  }
  const std::size_t rows = lines.size(), bytes_raw = lines.bytes.size();
  std::vector<TimeNs> times(rows);
  for (std::size_t row = 0; row < rows; ++row) times[row] = static_cast<TimeNs>(row * 1'234'567'891 * (bytes_raw + 1));
  const Column column(std::move(lines));
  EncodedLines encoded = encode_lines(column, times, 1);
  LineSource source = source_of(encoded.bytes);
  source.times = [&times]() -> Result<std::span<const TimeNs>> { return std::span<const TimeNs>(times); };
  auto block = open_lines(std::string_view(encoded.bytes).substr(0, encoded.header_bytes), {rows, bytes_raw}, source);
  CHECK(block.ok());
  std::string text;
  for (std::size_t row = 0; row < rows; row += rows / 16 + 1) {
    text.clear();
    CHECK((*block)->lines().append(row, text).ok() && text == column.text(row));
  }
  const auto all = (*block)->lines().all();
  CHECK(all.ok());
  CHECK(*all == std::get<StringColumn>(column.values()));
  const std::uint64_t dice = hash64(encoded.bytes);
  encoded.bytes[dice % encoded.bytes.size()] ^= static_cast<char>(1 + (dice >> 32) % 255);
  read_everything(encoded.bytes, encoded.header_bytes, rows, bytes_raw);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.size() < 3) return 0;
  if (input[0] & 1)
    round_trip(input.substr(1));
  else
    open_any(input.substr(1));
  return 0;
}
