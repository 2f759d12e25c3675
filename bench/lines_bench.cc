// Size and speed of split lines on the log corpus, in blocks of 65,536 rows, and on the public log samples.
// usage: lines_bench CORPUS_FOLDER | lines_bench FILE.log...   (a file: its lines are one block, times unknown)
#include <time.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "base/compress.h"
#include "columnar/lines.h"
#include "corpus.h"

namespace {

using namespace trilobite;
using namespace trilobite::columnar;

struct LineRows {
  Column column{StringColumn{}};
  std::vector<TimeNs> times;

  StringColumn& lines() { return std::get<StringColumn>(column.values()); }
  const StringColumn& lines() const { return std::get<StringColumn>(column.values()); }
};

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double measure(const std::function<void()>& work, int runs = 3) {
  double best = 1e9;
  for (int i = 0; i < runs; ++i) {
    const double start = cpu_seconds();
    work();
    best = std::min(best, cpu_seconds() - start);
  }
  return best;
}

std::vector<LineRows> corpus_rows(const std::string& folder) {
  constexpr std::size_t kRows = 65'536;
  std::vector<LineRows> out(1);
  const bench::Corpus corpus = bench::read_corpus(folder);
  for (const Block& block : corpus.blocks) {
    for (std::size_t row = 0; row < block.rows(); ++row) {
      if (out.back().times.size() == kRows) out.emplace_back();
      out.back().lines().push_back(block.columns[0].column.text(row));
      out.back().times.push_back(block.times[row]);
    }
  }
  return out;
}

LineRows file_rows(const std::string& path) {
  LineRows out;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) out.lines().push_back(line);
  return out;
}

std::shared_ptr<const LineBlock> open(const LineRows& rows, const EncodedLines& encoded) {
  LineSource source;
  source.read = [&encoded](std::uint64_t offset, std::size_t size) -> Result<std::string> {
    return encoded.bytes.substr(offset, size);
  };
  if (!rows.times.empty()) source.times = [&rows]() -> Result<std::span<const TimeNs>> { return std::span(rows.times); };
  const std::string_view header = std::string_view(encoded.bytes).substr(0, encoded.header_bytes);
  return open_lines(header, {rows.lines().size(), rows.lines().bytes.size()}, std::move(source)).value();
}

void count_kinds(const Templates& lines, std::array<std::size_t, 10>& kinds, std::size_t& templates) {
  templates += lines.templates().size();
  for (const Template& shape : lines.templates()) {
    for (const auto& slot : shape.slots) {
      ++kinds[static_cast<std::size_t>(slot->kind())];
      if (slot->kind() == SlotKind::kTemplates) count_kinds(**slot->templates(), kinds, templates);
    }
  }
}

void report(const char* name, const std::vector<LineRows>& blocks) {
  std::vector<EncodedLines> encoded(blocks.size());
  double raw = 0, stored = 0, headers = 0, zstd = 0;
  for (const LineRows& rows : blocks) {
    raw += static_cast<double>(rows.lines().bytes.size() + rows.lines().size());
    zstd += static_cast<double>(zstd_compress(rows.lines().bytes, 3).size());
  }
  const double encode_s = measure([&] {
    for (std::size_t i = 0; i < blocks.size(); ++i) encoded[i] = encode_lines(blocks[i].column, blocks[i].times, 3);
  });
  for (const EncodedLines& block : encoded) {
    stored += static_cast<double>(block.bytes.size());
    headers += static_cast<double>(block.header_bytes);
  }
  double open_s = 0, one_s = 0;
  const double all_s = measure([&] {
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const auto block = open(blocks[i], encoded[i]);
      CHECK(block->lines().all().value().bytes == blocks[i].lines().bytes);
    }
  });
  constexpr std::size_t kOnes = 64;
  std::string text;
  open_s = measure([&] {
    for (std::size_t i = 0; i < blocks.size(); ++i) (void)open(blocks[i], encoded[i]);
  });
  one_s = measure([&] {
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      const auto block = open(blocks[i], encoded[i]);
      for (std::size_t k = 0; k < kOnes; ++k) {
        text.clear();
        block->lines().append(k * 7919 % blocks[i].lines().size(), text).value();
      }
    }
  });
  const double count = static_cast<double>(blocks.size());
  std::printf("%-14s ratio %6.3f (zstd -3 %6.3f)  stored %8.3f MB, headers %4.1f %%  encode %6.1f MB/s  all %7.1f MB/s  "
              "open %6.1f us  one of %zu rows %7.1f us\n",
              name, raw / stored, raw / zstd, stored / 1e6, headers / stored * 100, raw / 1e6 / encode_s,
              raw / 1e6 / all_s, open_s / count * 1e6, kOnes, (one_s - open_s) / count / kOnes * 1e6);
  std::array<std::size_t, 10> kinds{};
  std::size_t templates = 0;
  for (std::size_t i = 0; i < blocks.size(); ++i) count_kinds(open(blocks[i], encoded[i])->lines(), kinds, templates);
  constexpr std::array<const char*, 10> kNames{"constant", "dictionary", "integer", "decimal", "time",
                                               "hex",      "uuid",       "ipv4",    "text",    "nested"};
  std::printf("%-14s templates %.1f per block; slots", "", static_cast<double>(templates) / count);
  for (std::size_t i = 0; i < kinds.size(); ++i) std::printf(" %s %.1f", kNames[i], static_cast<double>(kinds[i]) / count);
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: lines_bench CORPUS_FOLDER | lines_bench FILE.log...\n");
    return 2;
  }
  for (int i = 1; i < argc; ++i) {
    const std::filesystem::path path = argv[i];
    if (std::filesystem::is_directory(path)) {
      report("corpus", corpus_rows(path));
    } else {
      report(path.stem().c_str(), {file_rows(path)});
    }
  }
}
