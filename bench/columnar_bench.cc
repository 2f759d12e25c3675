// Size and speed of the columnar room on the log corpus, as ratios to `zstd -3` over the same bytes in the same run.
// usage: columnar_bench CORPUS_FOLDER [CODEC]   (only this codec of lines)
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <numeric>

#include "base/compress.h"
#include "columnar/codec.h"
#include "columnar/predicate.h"
#include "columnar/search.h"
#include "corpus.h"

namespace {

using namespace trilobite;
using namespace trilobite::columnar;

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Best of some runs, in CPU seconds.
double measure(const std::function<void()>& work, int runs = 3) {
  double best = 1e9;
  for (int i = 0; i < runs; ++i) {
    const double start = cpu_seconds();
    work();
    best = std::min(best, cpu_seconds() - start);
  }
  return best;
}

struct Baseline {
  double seconds = 0;
  double bytes_raw = 0, bytes_stored = 0;
};

void report(const char* name, const Baseline& zstd, double stored, double encode_s, double decode_s) {
  std::printf("%-28s ratio %6.3f  size/zstd-3 %5.3f  encode %7.1f MB/s = %5.2f zstd units  decode %6.2f GB/s\n", name,
              zstd.bytes_raw / stored, stored / zstd.bytes_stored, zstd.bytes_raw / 1e6 / encode_s, encode_s / zstd.seconds,
              zstd.bytes_raw / 1e9 / decode_s);
}

void bench_codec(const Codec& codec, const bench::Corpus& corpus, const Baseline& zstd) {
  std::vector<std::string> encoded(corpus.blocks.size());
  for (const Block& block : corpus.blocks) {
    if (codec.estimate(block.columns[0].column) == kNotPossible) return;
  }
  const double encode_s = measure([&] {
    for (std::size_t i = 0; i < encoded.size(); ++i) {
      encoded[i].clear();
      codec.encode(corpus.blocks[i].columns[0].column, 3, encoded[i]);
    }
  });
  const double decode_s = measure([&] {
    for (std::size_t i = 0; i < encoded.size(); ++i) {
      CHECK(codec.decode(encoded[i], {corpus.blocks[i].rows(), kTextBytesMax}).ok());
    }
  }, 5);
  double stored = 0, estimated = 0;
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    stored += static_cast<double>(encoded[i].size());
    estimated += static_cast<double>(codec.estimate(corpus.blocks[i].columns[0].column));
  }
  report(("line/" + std::string(codec.name)).c_str(), zstd, stored, encode_s, decode_s);
  std::printf("%-28s %.3f of the real size\n", "  estimate", estimated / stored);
}

void bench_numbers(const bench::Corpus& corpus) {
  double times = 0, series = 0, seconds = 0;
  seconds = measure([&] {
    times = series = 0;
    for (const Block& block : corpus.blocks) {
      times += static_cast<double>(encode_column(Column(block.times), 3).bytes.size());
      series += static_cast<double>(
          encode_column(Column(std::vector<std::int64_t>(block.series.begin(), block.series.end())), 3).bytes.size());
    }
  });
  const double rows = static_cast<double>(corpus.rows);
  std::printf("%-28s %.3f + %.4f bytes/row, choose and encode %.1f million rows/s\n", "times + series", times / rows, series / rows,
              rows / 1e6 / seconds);
}

void bench_part(const bench::Corpus& corpus, const Baseline& zstd) {
  const auto files = make_real_file_system();
  const std::string path = (std::filesystem::temp_directory_path() / "columnar_bench.part").string();
  PartInfo info;
  const double write_s = measure([&] {
    auto writer = PartWriter::create(*files, path, {});
    for (const Block& block : corpus.blocks) (*writer)->add_block(block).value();
    info = *(*writer)->finish();
  });
  const double read_s = measure([&] {
    auto part = PartReader::open(*files, path);
    for (std::size_t i = 0; i < (*part)->blocks().size(); ++i) {
      CHECK((*part)->read_series(i).ok() && (*part)->read_times(i).ok() && (*part)->read_column(i, "line").ok());
    }
  }, 5);
  report("part", zstd, static_cast<double>(info.file_bytes), write_s, read_s);
  std::filesystem::remove(path);
}

void bench_search(const bench::Corpus& corpus, const Baseline& zstd) {
  for (const char* needle : {"no such needle", "error_code", "\"level\":\"error\"", "e"}) {
    std::size_t hits = 0;
    const double seconds = measure([&] {
      hits = 0;
      for (const Block& block : corpus.blocks) {
        std::vector<std::uint32_t> rows(block.rows());
        std::iota(rows.begin(), rows.end(), 0);
        select_rows({"line", Predicate::Op::kContainsAny, {needle}}, block.columns[0].column, rows);
        hits += rows.size();
      }
    }, 5);
    std::printf("%-28s %6.2f GB/s, %zu rows\n", ("select/" + std::string(needle)).c_str(), zstd.bytes_raw / 1e9 / seconds, hits);
  }
  std::size_t hits = 0;
  const Searcher searcher("no such needle");
  const double portable = measure([&] { hits += searcher.find_portable(corpus.raw, 0) != std::string::npos; }, 5);
  std::printf("%-28s %6.2f GB/s\n", "search/portable", zstd.bytes_raw / 1e9 / portable);
  if (!Searcher::has_wide()) return;
  const double wide = measure([&] { hits += searcher.find_wide(corpus.raw, 0) != std::string::npos; }, 5);
  std::printf("%-28s %6.2f GB/s\n", "search/wide", zstd.bytes_raw / 1e9 / wide);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: columnar_bench CORPUS_FOLDER [CODEC]\n");
    return 2;
  }
  const bench::Corpus corpus = bench::read_corpus(argv[1]);
  Baseline zstd{.bytes_raw = static_cast<double>(corpus.raw.size())};
  zstd.seconds = measure([&] { zstd.bytes_stored = static_cast<double>(zstd_compress(corpus.raw, 3).size()); });
  std::printf("%zu rows, %zu blocks, %.1f MB raw; zstd -3: ratio %.3f, %.1f MB/s\n", corpus.rows, corpus.blocks.size(), zstd.bytes_raw / 1e6,
              zstd.bytes_raw / zstd.bytes_stored, zstd.bytes_raw / 1e6 / zstd.seconds);
  for (const Codec* codec : codecs()) {
    if (codec->kind == Kind::kText && (argc == 2 || codec->name == argv[2])) bench_codec(*codec, corpus, zstd);
  }
  if (argc == 3) return 0;
  bench_numbers(corpus);
  bench_part(corpus, zstd);
  bench_search(corpus, zstd);
}
