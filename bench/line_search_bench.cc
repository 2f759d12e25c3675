// Needles in split lines against decompressing the same blocks as text and searching that, per block of 65,536 rows.
// usage: line_search_bench CORPUS_FOLDER
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <numeric>

#include "columnar/codec.h"
#include "columnar/line_search.h"
#include "corpus.h"

namespace {

using namespace trilobite;
using namespace trilobite::columnar;

struct BenchBlock {
  Column text{StringColumn{}};
  std::vector<TimeNs> times;
  EncodedLines split;
  std::string zstd;  // the same lines as text
  std::shared_ptr<const LineBlock> warm;

  const StringColumn& lines() const { return std::get<StringColumn>(text.values()); }
};

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double measure(const std::function<void()>& work, int runs) {
  double best = 1e9;
  for (int i = 0; i < runs; ++i) {
    const double start = cpu_seconds();
    work();
    best = std::min(best, cpu_seconds() - start);
  }
  return best;
}

std::shared_ptr<const LineBlock> open(const BenchBlock& block) {
  LineSource source;
  source.read = [&block](std::uint64_t offset, std::size_t bytes) -> Result<std::string> {
    return block.split.bytes.substr(offset, bytes);
  };
  source.times = [&block]() -> Result<std::span<const TimeNs>> { return std::span(block.times); };
  return open_lines(std::string_view(block.split.bytes).substr(0, block.split.header_bytes),
                    {block.lines().size(), block.lines().bytes.size()}, std::move(source)).value();
}

std::vector<BenchBlock> read_blocks(const std::string& folder) {
  constexpr std::size_t kRows = 65'536;
  std::vector<BenchBlock> out(1);
  const bench::Corpus corpus = bench::read_corpus(folder);
  for (const Block& block : corpus.blocks) {
    for (std::size_t row = 0; row < block.rows(); ++row) {
      if (out.back().times.size() == kRows) out.emplace_back();
      std::get<StringColumn>(out.back().text.values()).push_back(block.columns[0].column.text(row));
      out.back().times.push_back(block.times[row]);
    }
  }
  const Codec& codec = *find_codec(static_cast<std::uint8_t>(Encoding::kTextZstd));
  for (BenchBlock& block : out) {
    block.split = encode_lines(block.text, block.times, 3);
    codec.encode(block.text, 3, block.zstd);
  }
  for (BenchBlock& block : out) block.warm = open(block);
  return out;
}

void bench_needle(const char* name, const Predicate& predicate, const std::vector<BenchBlock>& blocks) {
  const Codec& codec = *find_codec(static_cast<std::uint8_t>(Encoding::kTextZstd));
  std::size_t text_rows = 0, split_rows = 0, may = 0;
  const double text_s = measure([&] {
    text_rows = 0;
    for (const BenchBlock& block : blocks) {
      const Column text = codec.decode(block.zstd, {block.lines().size(), kTextBytesMax}).value();
      std::vector<std::uint32_t> rows(text.size());
      std::iota(rows.begin(), rows.end(), 0);
      select_rows(predicate, text, rows);
      text_rows += rows.size();
    }
  }, 2);
  const auto search = [&](const LineBlock& block, std::size_t size) {
    RowSelection rows(size);
    select_lines(predicate, block.lines(), rows).value();
    split_rows += rows.count();
  };
  double open_s = measure([&] {
    for (const BenchBlock& block : blocks) (void)open(block);
  }, 3);
  const double cold_s = measure([&] {
    split_rows = 0;
    for (const BenchBlock& block : blocks) search(*open(block), block.lines().size());
  }, 3) - open_s;
  const double warm_s = measure([&] {
    split_rows = 0;
    for (const BenchBlock& block : blocks) search(*block.warm, block.lines().size());
  }, 7);
  const double may_s = measure([&] {
    may = 0;
    for (const BenchBlock& block : blocks) may += may_have_line(predicate, block.warm->lines()).value();
  }, 7);
  CHECK(text_rows == split_rows);
  const double scale = 1e6 / static_cast<double>(blocks.size());
  std::printf("%-22s rows %7zu  text %8.1f us  values read first %8.1f us  values at hand %8.1f us = 1/%.0f  "
              "header %6.1f us, left %zu of %zu blocks\n",
              name, split_rows, text_s * scale, cold_s * scale, warm_s * scale, text_s / warm_s, may_s * scale, may,
              blocks.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: line_search_bench CORPUS_FOLDER\n");
    return 2;
  }
  const std::vector<BenchBlock> blocks = read_blocks(argv[1]);
  const auto has = [](std::string needle) { return Predicate{"line", Predicate::Op::kContainsAny, {std::move(needle)}}; };
  const auto part = [&](std::string_view key, std::size_t size) {
    for (const BenchBlock& block : blocks) {
      const std::string_view bytes = block.lines().bytes;
      const std::size_t at = bytes.find(key, bytes.size() / 2);
      if (at != std::string_view::npos) return std::string(bytes.substr(at + key.size(), size));
    }
    std::fprintf(stderr, "no %.*s in the corpus\n", static_cast<int>(key.size()), key.data());
    std::exit(1);
  };
  bench_needle("absent word", has("no such needle"), blocks);
  bench_needle("absent uuid", has("4ebf6be1-eaa1-4590-a51a-55022bb4c812"), blocks);
  bench_needle("absent hex of 12", has("0123456789ab"), blocks);
  bench_needle("absent number", has("98765432123"), blocks);
  bench_needle("uuid", has(part("\"x_request_id\":\"", 36)), blocks);
  bench_needle("trace id", has(part("\"trace_id\":\"", 32)), blocks);
  bench_needle("part of a trace id", has(part("\"trace_id\":\"", 17)), blocks);
  bench_needle("key and level", has("\"level\":\"ERROR\""), blocks);
  bench_needle("error", has("error"), blocks);
  bench_needle("error, any case", {"line", Predicate::Op::kContainsAny, {"error"}, true}, blocks);
  bench_needle("not INFO", {"line", Predicate::Op::kContainsNone, {"INFO"}}, blocks);
  bench_needle("three digits", has("404"), blocks);
  bench_needle("time", has("T00:03:1"), blocks);
  bench_needle("e", has("e"), blocks);
}
