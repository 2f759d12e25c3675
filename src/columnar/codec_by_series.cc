// Columns stored series by series (series_pages.h), as codecs of whole columns: how one is read that is asked for
// whole. Where a series ends only the writer of a part knows, so it does not choose these from the table, and written
// through it all rows are one series.
#include "columnar/codec_table.h"
#include "columnar/series_pages.h"

namespace trilobite::columnar {
namespace {

using Ints = std::vector<std::int64_t>;
using Doubles = std::vector<double>;

std::vector<std::uint32_t> one_run(const Column& column) {
  return column.size() == 0 ? std::vector<std::uint32_t>() : std::vector{static_cast<std::uint32_t>(column.size())};
}

template <class Encode>
std::size_t exact(const Column& column, Encode encode) {
  std::string out;
  encode(column, 1, out);
  return out.size();
}

void encode_ints(const Column& column, int, std::string& out) {
  encode_times_by_series(std::get<Ints>(column.values()), one_run(column), out);
}
std::size_t estimate_ints(const Column& column) { return exact(column, encode_ints); }

Result<Column> decode_ints(std::string_view bytes, DecodeShape shape) {
  TRY(page, TimesBySeries::open(bytes, shape.rows));
  Ints out, run_times;
  out.reserve(shape.rows);
  for (std::size_t run = 0; run < page.ends().size(); ++run) {
    TRY_VOID(page.read(run, run_times));
    out.insert(out.end(), run_times.begin(), run_times.end());
  }
  return Column(std::move(out));
}

void encode_doubles(const Column& column, int, std::string& out) {
  encode_doubles_by_series(std::get<Doubles>(column.values()), one_run(column), out);
}
std::size_t estimate_doubles(const Column& column) { return exact(column, encode_doubles); }

Result<Column> decode_doubles(std::string_view bytes, DecodeShape shape) {
  TRY(page, DoublesBySeries::open(bytes, shape.rows));
  Doubles out;
  out.reserve(shape.rows);
  std::size_t begin = 0;
  for (std::size_t run = 0; run < page.ends().size(); ++run) {
    TRY_VOID(page.read(run, 0, page.ends()[run] - begin, out));
    begin = page.ends()[run];
  }
  return Column(std::move(out));
}

void encode_texts(const Column& column, int level, std::string& out) {
  encode_texts_by_series(column, one_run(column), level, out);
}
std::size_t estimate_texts(const Column& column) {
  return raw_bytes(column) > kTextBytesMax ? kNotPossible : exact(column, encode_texts);
}

Result<Column> decode_texts(std::string_view bytes, DecodeShape shape) {
  TRY(page, TextsBySeries::open(bytes, shape.rows));
  StringColumn out, run_texts;
  out.ends.reserve(shape.rows);
  for (std::size_t run = 0; run < page.ends().size(); ++run) {
    TRY_VOID(page.read(run, shape.bytes_max - out.bytes.size(), run_texts));
    const auto before = static_cast<std::uint32_t>(out.bytes.size());
    out.bytes += run_texts.bytes;
    for (const std::uint32_t end : run_texts.ends) out.ends.push_back(before + end);
  }
  return Column(std::move(out));
}

}  // namespace

const Codec kIntBySeriesCodec{Encoding::kIntBySeries, "int-by-series", Kind::kInt,
                              estimate_ints,          encode_ints,     decode_ints, false};
const Codec kDoubleBySeriesCodec{Encoding::kDoubleBySeries, "double-by-series", Kind::kDouble,
                                 estimate_doubles,          encode_doubles,     decode_doubles, false};
const Codec kTextBySeriesCodec{Encoding::kTextBySeries, "text-by-series", Kind::kText,
                               estimate_texts,          encode_texts,     decode_texts, false};

}  // namespace trilobite::columnar
