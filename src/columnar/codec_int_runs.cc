// Sorted keys such as series numbers: each run of equal integers as its step from the run before and its length.
#include "columnar/codec_table.h"
#include "columnar/int_packing.h"
#include "columnar/int_runs.h"

namespace trilobite::columnar {
namespace {

using Ints = std::vector<std::int64_t>;

std::size_t count_runs(const Ints& values) {
  std::size_t runs = values.empty() ? 0 : 1;
  for (std::size_t i = 1; i < values.size(); ++i) runs += values[i] != values[i - 1];
  return runs;
}

struct Runs {
  Ints steps, lengths;
};

Runs split(const Ints& values) {
  Runs runs;
  std::uint64_t previous = 0;
  for (std::size_t i = 0; i < values.size();) {
    const std::size_t start = i;
    while (i < values.size() && values[i] == values[start]) ++i;
    const auto value = static_cast<std::uint64_t>(values[start]);
    runs.steps.push_back(static_cast<std::int64_t>(value - previous));
    runs.lengths.push_back(static_cast<std::int64_t>(i - start));
    previous = value;
  }
  return runs;
}

void encode_runs(const Ints& values, std::string& out) {
  const Runs runs = split(values);
  ByteWriter(out).varint(runs.steps.size());
  pack_ints(runs.steps, out);
  pack_ints(runs.lengths, out);
}

// Exact: where runs are long it is cheap, elsewhere it is not worth it.
std::size_t estimate(const Column& column) {
  const Ints& values = std::get<Ints>(column.values());
  if (count_runs(values) > values.size() / 4) return kNotPossible;
  std::string scratch;
  encode_runs(values, scratch);
  return scratch.size();
}

void encode(const Column& column, int, std::string& out) { encode_runs(std::get<Ints>(column.values()), out); }

Result<Column> decode(std::string_view bytes, DecodeShape shape) {
  TRY(runs, read_int_runs(bytes, shape.rows));
  Ints values;
  values.reserve(shape.rows);
  for (const IntRun& run : runs) values.resize(run.end, run.value);
  return Column(std::move(values));
}

}  // namespace

Result<std::vector<IntRun>> read_int_runs(std::string_view bytes, std::size_t rows) {
  ByteReader in(bytes);
  TRY(run_count, in.varint());
  if (run_count > rows) return error(Code::kCorrupt, "{} runs in {} rows", run_count, rows);
  Runs runs{Ints(run_count), Ints(run_count)};
  TRY_VOID(unpack_ints(in, runs.steps));
  TRY_VOID(unpack_ints(in, runs.lengths));
  if (!in.done()) return error(Code::kCorrupt, "{} bytes too many", in.left());
  std::vector<IntRun> out;
  out.reserve(run_count);
  std::uint64_t value = 0;
  std::size_t end = 0;
  for (std::size_t i = 0; i < run_count; ++i) {
    value += static_cast<std::uint64_t>(runs.steps[i]);
    if (runs.lengths[i] <= 0 || static_cast<std::uint64_t>(runs.lengths[i]) > rows - end) {
      return error(Code::kCorrupt, "run of {} rows where {} are left", runs.lengths[i], rows - end);
    }
    end += static_cast<std::size_t>(runs.lengths[i]);
    out.push_back({static_cast<std::int64_t>(value), static_cast<std::uint32_t>(end)});
  }
  return out;
}

const Codec kIntRunsCodec{Encoding::kIntRuns, "int-runs", Kind::kInt, estimate, encode, decode};

}  // namespace trilobite::columnar
