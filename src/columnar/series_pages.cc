#include "columnar/series_pages.h"

#include <algorithm>
#include <map>

#include "columnar/codec.h"
#include "columnar/frame.h"
#include "columnar/int_packing.h"
#include "columnar/sample_times.h"
#include "columnar/text_planes.h"
#include "columnar/value_chunk.h"

namespace trilobite::columnar {
namespace {

using Ints = std::vector<std::int64_t>;

void put_runs(std::span<const std::uint32_t> ends, ByteWriter& writer, std::string& out) {
  Ints lengths;
  std::uint32_t begin = 0;
  for (const std::uint32_t end : ends) {
    lengths.push_back(end - begin);
    begin = end;
  }
  writer.varint(ends.size());
  pack_ints(lengths, out);
}

Result<std::vector<std::uint32_t>> get_runs(ByteReader& in, std::size_t rows) {
  TRY(count, in.varint());
  if (count > rows) return error(Code::kCorrupt, "{} runs in {} rows", count, rows);
  TRY(ends, unpack_lengths(in, static_cast<std::size_t>(count), rows));
  std::uint32_t begin = 0;
  for (const std::uint32_t end : ends) {
    if (end == begin) return error(Code::kCorrupt, "a run without rows");
    begin = end;
  }
  if (begin != rows) return error(Code::kCorrupt, "runs of {} rows instead of {}", begin, rows);
  return ends;
}

// Lengths, then the bytes themselves.
void put_extents(const std::vector<std::string>& pieces, std::string& out) {
  Ints lengths;
  for (const std::string& piece : pieces) lengths.push_back(static_cast<std::int64_t>(piece.size()));
  pack_ints(lengths, out);
  for (const std::string& piece : pieces) out += piece;
}

Result<void> get_extents(ByteReader& in, std::size_t count, Extents& out) {
  Ints lengths(count);
  TRY_VOID(unpack_ints(in, lengths));
  TRY(bytes, in.bytes(in.left()));
  return out.set(lengths, bytes);
}

std::size_t length_of(std::span<const std::uint32_t> ends, std::size_t run) {
  return ends[run] - (run == 0 ? 0 : ends[run - 1]);
}

std::size_t chunks_of(std::size_t rows) { return (rows + kVectorRows - 1) / kVectorRows; }

}  // namespace

Result<void> Extents::set(std::span<const std::int64_t> lengths, std::string_view bytes) {
  bytes_ = bytes;
  ends_.clear();
  ends_.reserve(lengths.size());
  std::size_t end = 0;
  for (const std::int64_t length : lengths) {
    if (length < 0 || static_cast<std::uint64_t>(length) > bytes.size() - end)
      return error(Code::kCorrupt, "{} bytes where {} are left", length, bytes.size() - end);
    end += static_cast<std::size_t>(length);
    ends_.push_back(static_cast<std::uint32_t>(end));
  }
  if (end != bytes.size()) return error(Code::kCorrupt, "{} bytes too many", bytes.size() - end);
  return {};
}

// ---- Times --------------------------------------------------------------------------------------------------------

void encode_times_by_series(std::span<const TimeNs> times, std::span<const std::uint32_t> ends, std::string& out) {
  ByteWriter writer(out);
  put_runs(ends, writer, out);
  Ints vector_of;
  std::vector<std::string> vectors;
  // With how many they are: a steady interval has the same bytes however long it goes on.
  std::map<std::pair<std::size_t, std::string>, std::int64_t> known;
  std::span<const TimeNs> last;
  for (std::size_t run = 0; run < ends.size(); ++run) {
    const std::span<const TimeNs> own = times.subspan(run == 0 ? 0 : ends[run - 1], length_of(ends, run));
    if (!vector_of.empty() && std::ranges::equal(own, last)) {
      vector_of.push_back(vector_of.back());
      continue;
    }
    last = own;
    std::string bytes;
    encode_sample_times(own, bytes);
    const auto [place, added] = known.try_emplace({own.size(), bytes}, static_cast<std::int64_t>(vectors.size()));
    if (added) vectors.push_back(std::move(bytes));
    vector_of.push_back(place->second);
  }
  writer.varint(vectors.size());
  pack_ints(vector_of, out);
  put_extents(vectors, out);
}

Result<TimesBySeries> TimesBySeries::open(std::string_view page, std::size_t rows) {
  TimesBySeries out;
  ByteReader in(page);
  TRY(ends, get_runs(in, rows));
  out.ends_ = std::move(ends);
  TRY(vectors, in.varint());
  if (vectors > out.ends_.size()) return error(Code::kCorrupt, "{} times for {} runs", vectors, out.ends_.size());
  Ints vector_of(out.ends_.size());
  TRY_VOID(unpack_ints(in, vector_of));
  for (const std::int64_t number : vector_of) {
    if (number < 0 || static_cast<std::uint64_t>(number) >= vectors)
      return error(Code::kCorrupt, "times {} of {}", number, vectors);
    out.vector_of_.push_back(static_cast<std::uint32_t>(number));
  }
  TRY_VOID(get_extents(in, static_cast<std::size_t>(vectors), out.vectors_));
  return out;
}

Result<void> TimesBySeries::read(std::size_t run, std::vector<TimeNs>& out) const {
  out.resize(length_of(ends_, run));
  return decode_sample_times(vectors_[vector_of_[run]], out);
}

// ---- Doubles ------------------------------------------------------------------------------------------------------

void encode_doubles_by_series(std::span<const double> values, std::span<const std::uint32_t> ends, std::string& out) {
  ByteWriter writer(out);
  put_runs(ends, writer, out);
  std::vector<std::string> chunks;
  std::size_t begin = 0;
  for (const std::uint32_t end : ends) {
    for (; begin < end; begin = std::min<std::size_t>(end, begin + kVectorRows)) {
      chunks.emplace_back();
      encode_value_chunk(values.subspan(begin, std::min(kVectorRows, end - begin)), chunks.back());
    }
  }
  put_extents(chunks, out);
}

Result<DoublesBySeries> DoublesBySeries::open(std::string_view page, std::size_t rows) {
  DoublesBySeries out;
  ByteReader in(page);
  TRY(ends, get_runs(in, rows));
  out.ends_ = std::move(ends);
  std::size_t chunks = 0;
  for (std::size_t run = 0; run < out.ends_.size(); ++run) {
    out.first_chunk_.push_back(static_cast<std::uint32_t>(chunks));
    chunks += chunks_of(length_of(out.ends_, run));
  }
  TRY_VOID(get_extents(in, chunks, out.chunks_));
  return out;
}

Result<void> DoublesBySeries::read(std::size_t run, std::size_t begin, std::size_t end,
                                   std::vector<double>& out) const {
  const std::size_t rows = length_of(ends_, run);
  CHECK(begin <= end && end <= rows);
  while (begin < end) {
    const std::size_t chunk = begin / kVectorRows, chunk_begin = chunk * kVectorRows;
    const std::size_t chunk_rows = std::min(kVectorRows, rows - chunk_begin);
    const std::size_t stop = std::min(end, chunk_begin + chunk_rows);
    const std::size_t before = out.size();
    out.resize(before + chunk_rows);
    TRY_VOID(decode_value_chunk(chunks_[first_chunk_[run] + chunk], std::span(out).subspan(before)));
    out.resize(before + (stop - chunk_begin));
    if (begin > chunk_begin) {
      const auto first = out.begin() + static_cast<std::ptrdiff_t>(before);
      out.erase(first, first + static_cast<std::ptrdiff_t>(begin - chunk_begin));
    }
    begin = stop;
  }
  return {};
}

// ---- Texts --------------------------------------------------------------------------------------------------------

void encode_texts_by_series(const Column& texts, std::span<const std::uint32_t> ends, int zstd_level,
                            std::string& out) {
  ByteWriter writer(out);
  put_runs(ends, writer, out);
  std::vector<std::string> runs;
  std::vector<std::string_view> rows;
  std::size_t begin = 0;
  for (const std::uint32_t end : ends) {
    rows.clear();
    bool empty = true;
    for (; begin < end; ++begin) {
      rows.push_back(texts.text(begin));
      empty = empty && rows.back().empty();
    }
    runs.emplace_back();
    if (empty) continue;
    std::string planes;
    encode_text_planes(rows, planes);
    append_frame(planes, zstd_level, runs.back());
  }
  put_extents(runs, out);
}

Result<TextsBySeries> TextsBySeries::open(std::string_view page, std::size_t rows) {
  TextsBySeries out;
  ByteReader in(page);
  TRY(ends, get_runs(in, rows));
  out.ends_ = std::move(ends);
  TRY_VOID(get_extents(in, out.ends_.size(), out.runs_));
  return out;
}

Result<void> TextsBySeries::read(std::size_t run, std::size_t bytes_max, StringColumn& out) const {
  const std::size_t rows = length_of(ends_, run);
  out.bytes.clear();
  out.ends.clear();
  if (runs_[run].empty()) {
    out.ends.assign(rows, 0);
    return {};
  }
  ByteReader in(runs_[run]);
  std::string scratch;
  // Besides the texts there are lengths: at worst two varints for each row.
  TRY(planes, read_frame(in, bytes_max + rows * 16, scratch));
  if (!in.done()) return error(Code::kCorrupt, "{} bytes too many", in.left());
  TRY_VOID(decode_text_planes(planes, rows, out));
  if (out.bytes.size() > bytes_max) return error(Code::kCorrupt, "{} bytes of text, more than {}", out.bytes.size(), bytes_max);
  return {};
}

}  // namespace trilobite::columnar
