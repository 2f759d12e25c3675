// Every codec of the table: arbitrary bytes decode to an error or to the shape asked for, and what the input makes as a
// column comes back from encode and decode.
#include <cstdint>
#include <cstring>

#include "base/hash.h"
#include "columnar/codec.h"
#include "columnar/label_set.h"

namespace {

using namespace trilobite;
using namespace trilobite::columnar;

void decode_any(std::string_view input) {
  const auto encoding = static_cast<std::uint8_t>(input[0]);
  const std::size_t rows =
      static_cast<std::uint8_t>(input[1]) | static_cast<std::size_t>(static_cast<std::uint8_t>(input[2])) << 8;
  auto column = decode_column(encoding, input.substr(3), {.rows = rows, .bytes_max = 64 << 20});
  if (!column.ok()) return;
  CHECK(column->size() == rows);
  CHECK(raw_bytes(*column) <= std::size_t{64 << 20} * (rows + 1));
  if (!column->is_text()) return;
  for (std::size_t row = 0; row < rows; ++row) (void)column->text(row);
}

// Texts end at the byte 0x0A, so that every other byte may stand in them.
Column texts_of(std::string_view input) {
  StringColumn out;
  for (std::size_t end; (end = input.find('\n')) != std::string_view::npos; input.remove_prefix(end + 1)) {
    out.push_back(input.substr(0, end));
  }
  out.push_back(input);
  return Column(std::move(out));
}

Column ints_of(std::string_view input) {
  std::vector<std::int64_t> out(input.size() / 8);
  if (!out.empty()) std::memcpy(out.data(), input.data(), out.size() * 8);
  return Column(std::move(out));
}

Column doubles_of(std::string_view input) {
  std::vector<double> out(input.size() / 8);
  if (!out.empty()) std::memcpy(out.data(), input.data(), out.size() * 8);
  return Column(std::move(out));
}

// What counters and gauges look like: a few decimals, small steps.
Column decimals_of(std::string_view input) {
  std::vector<double> out;
  std::int64_t sum = 0;
  for (const char byte : input) out.push_back(static_cast<double>(sum += byte) / 100);
  return Column(std::move(out));
}

bool same_numbers(const Column& a, const Column& b) {  // by bits: a NaN is itself, too
  const auto* doubles = std::get_if<std::vector<double>>(&a.values());
  if (doubles == nullptr) return a.values() == b.values();
  const auto& others = std::get<std::vector<double>>(b.values());
  return doubles->size() == others.size() &&
         (doubles->empty() || std::memcmp(doubles->data(), others.data(), doubles->size() * sizeof(double)) == 0);
}

// A byte changed at a place that the bytes themselves choose.
void decode_damaged(const Codec& codec, std::string bytes, std::size_t rows) {
  if (bytes.empty()) return;
  const std::uint64_t dice = hash64(bytes);
  bytes[dice % bytes.size()] ^= static_cast<char>(1 + (dice >> 32) % 255);
  auto column = decode_column(static_cast<std::uint8_t>(codec.id), bytes, {.rows = rows, .bytes_max = 64 << 20});
  if (column.ok()) CHECK(column->size() == rows);
}

void round_trip(const Column& column) {
  for (const Codec* codec : codecs()) {
    if (codec->kind != kind_of(column) || codec->estimate(column) == kNotPossible) continue;
    std::string bytes;
    codec->encode(column, 1, bytes);
    auto decoded =
        decode_column(static_cast<std::uint8_t>(codec->id), bytes, {.rows = column.size(), .bytes_max = kTextBytesMax});
    CHECK(decoded.ok());
    decode_damaged(*codec, bytes, column.size());
    if (!column.is_text()) {
      CHECK(same_numbers(column, *decoded));
      continue;
    }
    for (std::size_t row = 0; row < column.size(); ++row) CHECK(decoded->text(row) == column.text(row));
  }
}

void label_sets(std::string_view input) {
  auto set = LabelSet::from_bytes(std::string(input));
  if (!set.ok()) return;
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [name, value] : *set) pairs.emplace_back(name, value);
  CHECK(LabelSet::from_pairs(std::move(pairs)) == *set);
  (void)set->to_string();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.size() < 5) return 0;
  const std::string_view rest = input.substr(1);
  switch (input[0] & 7) {
    case 0: decode_any(rest); break;
    case 1: round_trip(texts_of(rest)); break;
    case 2: round_trip(ints_of(rest)); break;
    case 3: round_trip(doubles_of(rest)); break;
    case 4: round_trip(decimals_of(rest)); break;
    default: label_sets(rest); break;
  }
  return 0;
}
