#include "storage/series_table.h"

#include "base/bytes.h"
#include "base/compress.h"
#include "columnar/label_set.h"
#include "storage/front_coding.h"
#include "storage/limits.h"

namespace trilobite::storage {

std::string SeriesTable::encode() const {
  std::string raw;
  ByteWriter out(raw);
  out.varint(size());
  FrontCoder texts;
  for (std::size_t i = 0; i < size(); ++i) texts.put(out, label_bytes[i]);
  // By column, which compresses better; times as distances, because neighbours resemble each other.
  for (const SeriesStats& series : stats) out.varint(series.rows);
  for (const SeriesStats& series : stats) out.varint(series.bytes);
  TimeNs previous = 0;
  for (const SeriesStats& series : stats) {
    out.varint(zigzag(
        static_cast<std::int64_t>(static_cast<std::uint64_t>(series.time_min) - static_cast<std::uint64_t>(previous))));
    previous = series.time_min;
  }
  for (const SeriesStats& series : stats)
    out.varint(static_cast<std::uint64_t>(series.time_max) - static_cast<std::uint64_t>(series.time_min));
  return zstd_compress(raw);
}

Result<std::shared_ptr<const SeriesTable>> SeriesTable::decode(std::string_view section) {
  TRY(raw, zstd_decompress(section, kSectionBytesMax));
  ByteReader in(raw);
  TRY(count, in.varint());
  if (count > in.left()) return error(Code::kCorrupt, "{} series in {} bytes", count, in.left());
  auto out = std::make_shared<SeriesTable>();
  out->stats.resize(static_cast<std::size_t>(count));
  FrontDecoder texts;
  for (std::uint64_t i = 0; i < count; ++i) {
    TRY(text, texts.get(in));
    TRY(checked, LabelSet::from_bytes(std::string(text)));
    if (i > 0 && checked.bytes() <= out->label_bytes[i - 1])
      return error(Code::kCorrupt, "label sets are not in order");
    out->label_bytes.push_back(checked.bytes());
  }
  for (SeriesStats& series : out->stats) {
    TRY(rows, in.varint());
    series.rows = rows;
  }
  for (SeriesStats& series : out->stats) {
    TRY(bytes, in.varint());
    series.bytes = bytes;
  }
  std::uint64_t previous = 0;
  for (SeriesStats& series : out->stats) {
    TRY(step, in.varint());
    previous += static_cast<std::uint64_t>(unzigzag(step));
    series.time_min = static_cast<TimeNs>(previous);
  }
  for (SeriesStats& series : out->stats) {
    TRY(span, in.varint());
    series.time_max = static_cast<TimeNs>(static_cast<std::uint64_t>(series.time_min) + span);
  }
  if (!in.done()) return error(Code::kCorrupt, "{} bytes behind the series", in.left());
  out->label_bytes.bytes.shrink_to_fit();  // it may be kept for long, and grew by doubling
  out->label_bytes.ends.shrink_to_fit();
  return std::shared_ptr<const SeriesTable>(std::move(out));
}

}  // namespace trilobite::storage
