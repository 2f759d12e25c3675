// A part gives back what was written, and says so when it cannot.
#include "columnar/part.h"

#include <gtest/gtest.h>

#include <random>

#include "base/bytes.h"
#include "columnar/lines.h"
#include "columnar/memory_files.h"
#include "columnar/part_format.h"

namespace trilobite {
namespace {

Block make_block(std::size_t rows, unsigned seed, std::uint32_t series_from = 0) {
  std::mt19937_64 random(seed);
  Block block;
  StringColumn lines;
  DictionaryColumn metadata;
  metadata.dictionary.push_back("");
  metadata.dictionary.push_back("\x03key\x05value");
  std::vector<double> doubles;
  TimeNs time = 1'700'000'000'000'000'000;
  std::uint32_t series = series_from;
  for (std::size_t i = 0; i < rows; ++i) {
    if (random() % 50 == 0) {
      ++series;
      time = 1'700'000'000'000'000'000;
    }
    time += static_cast<TimeNs>(random() % 1'000'000);
    block.series.push_back(series);
    block.times.push_back(time);
    lines.push_back(fmt::format("level=info id={:016x} request {} done\n", random(), i));
    metadata.codes.push_back(static_cast<std::uint32_t>(series % 2));
    doubles.push_back(static_cast<double>(random() % 100) / 4);
  }
  block.columns.push_back({"line", Column(std::move(lines))});
  block.columns.push_back({"metadata", Column(std::move(metadata))});
  block.columns.push_back({"value", Column(std::move(doubles))});
  return block;
}

bool is_empty_text(const Column& column) {
  return column.is_text() && columnar::raw_bytes(column) == 0;
}

void expect_equal(const Column& got, const Column& want) {
  if (is_empty_text(want)) {
    EXPECT_EQ(got.size(), 0u);
    return;
  }
  ASSERT_EQ(got.size(), want.size());
  if (want.is_text()) {
    for (std::size_t row = 0; row < want.size(); ++row) ASSERT_EQ(got.text(row), want.text(row)) << row;
  } else {
    EXPECT_EQ(got.values(), want.values());
  }
}

void expect_block(const PartReader& part, std::size_t index, const Block& want) {
  auto series = part.read_series(index);
  ASSERT_TRUE(series.ok()) << series.error().message;
  EXPECT_EQ(*series, want.series);
  auto times = part.read_times(index);
  ASSERT_TRUE(times.ok()) << times.error().message;
  EXPECT_EQ(*times, want.times);
  for (const Block::Entry& entry : want.columns) {
    auto column = part.read_column(index, entry.name);
    ASSERT_TRUE(column.ok()) << column.error().message;
    expect_equal(*column, entry.column);
  }
  auto absent = part.read_column(index, "absent");
  ASSERT_TRUE(absent.ok());
  EXPECT_EQ(absent->size(), 0u);
}

PartInfo write_part(FileSystem& files, const std::string& path, const std::vector<Block>& blocks) {
  auto writer = PartWriter::create(files, path, {});
  EXPECT_TRUE(writer.ok());
  EXPECT_TRUE((*writer)->add_section("labels", "some bytes of the storage room").ok());
  for (const Block& block : blocks) EXPECT_TRUE((*writer)->add_block(block).ok());
  EXPECT_TRUE((*writer)->add_section("postings", std::string(5000, 'p')).ok());
  auto info = (*writer)->finish();
  EXPECT_TRUE(info.ok());
  return *info;
}

TEST(Part, GivesBackWhatWasWritten) {
  MemoryFiles files;
  const std::vector<Block> blocks{make_block(5000, 1), make_block(1, 2, 200), make_block(3000, 3, 300)};
  const PartInfo written = write_part(files, "p", blocks);
  auto part = PartReader::open(files, "p");
  ASSERT_TRUE(part.ok()) << part.error().message;
  const PartInfo& info = (*part)->info();
  EXPECT_EQ(info.rows, 8001u);
  EXPECT_EQ(info.footer_hash, written.footer_hash);
  EXPECT_EQ(info.file_bytes, written.file_bytes);
  EXPECT_EQ(info.file_bytes, files.content("p").size());
  EXPECT_EQ(info.bytes_raw, written.bytes_raw);
  EXPECT_EQ(info.time_min, written.time_min);
  EXPECT_EQ(info.time_max, written.time_max);
  ASSERT_EQ((*part)->blocks().size(), 3u);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const BlockInfo& block = (*part)->blocks()[i];
    EXPECT_EQ(block.rows, blocks[i].rows());
    EXPECT_EQ(block.series_min, blocks[i].series.front());
    EXPECT_EQ(block.series_max, blocks[i].series.back());
    expect_block(**part, i, blocks[i]);
  }
  EXPECT_EQ((*part)->column_names(), (std::vector<std::string>{"line", "metadata", "value"}));
  EXPECT_EQ(*(*part)->read_section("labels"), "some bytes of the storage room");
  EXPECT_EQ(*(*part)->read_section("postings"), std::string(5000, 'p'));
  EXPECT_EQ((*part)->read_section("none").error().code, Code::kNotFound);
  EXPECT_TRUE((*part)->verify().ok());
}

TEST(Part, OfNoBlocksIsAPart) {
  MemoryFiles files;
  write_part(files, "p", {});
  auto part = PartReader::open(files, "p");
  ASSERT_TRUE(part.ok()) << part.error().message;
  EXPECT_EQ((*part)->info().rows, 0u);
  EXPECT_TRUE((*part)->verify().ok());
}

TEST(Part, LargestBlock) {
  MemoryFiles files;
  const Block block = make_block(kBlockRowsMax, 4);
  write_part(files, "p", {block});
  auto part = PartReader::open(files, "p");
  ASSERT_TRUE(part.ok());
  expect_block(**part, 0, block);
}

TEST(Part, EveryFlippedByteIsFound) {
  MemoryFiles files;
  write_part(files, "p", {make_block(60, 5), make_block(40, 6, 100)});
  const std::string good = files.content("p");
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xFF}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ flip);
      files.set("p", bad);
      auto part = PartReader::open(files, "p");
      if (!part.ok()) continue;
      auto verified = (*part)->verify();
      ASSERT_FALSE(verified.ok()) << "byte " << at << " of " << good.size();
      EXPECT_EQ(verified.error().code, Code::kCorrupt);
      EXPECT_NE(verified.error().message.find("part p"), std::string::npos) << verified.error().message;
    }
  }
}

TEST(Part, EveryTruncationIsFound) {
  MemoryFiles files;
  write_part(files, "p", {make_block(30, 7)});
  const std::string good = files.content("p");
  for (std::size_t size = 0; size < good.size(); ++size) {
    files.set("p", good.substr(0, size));
    EXPECT_FALSE(PartReader::open(files, "p").ok()) << size;
  }
}

TEST(Part, NewerFormatIsUnsupportedAndNamed) {
  MemoryFiles files;
  std::string file(columnar::kPartHead);
  const std::string footer = "unknown to us";
  columnar::Tail tail{.footer_bytes = footer.size(), .version = columnar::kPartVersion + 1};
  ByteWriter out(file);
  out.bytes(footer);
  out.fixed(tail.footer_bytes);
  out.fixed(tail.version);
  out.fixed(std::uint32_t{0});
  out.fixed(columnar::hash_of(footer, tail));
  out.bytes(columnar::kPartMagic);
  files.set("data/p1", file);
  auto part = PartReader::open(files, "data/p1");
  ASSERT_FALSE(part.ok());
  EXPECT_EQ(part.error().code, Code::kUnsupported);
  EXPECT_EQ(part.error().message,
            "cannot open part data/p1: its format has version 4, this program reads up to version 3");
}

// Lines as programs write them, with a time that is not quite that of the row.
Block make_log_block(std::size_t rows, unsigned seed) {
  std::mt19937_64 random(seed);
  Block block;
  StringColumn lines;
  TimeNs time = 1'768'435'200'000'000'000;
  for (std::size_t i = 0; i < rows; ++i) {
    time += static_cast<TimeNs>(random() % 50'000'000);
    block.series.push_back(static_cast<std::uint32_t>(i * 8 / rows));
    if (i > 0 && block.series[i] != block.series[i - 1]) time = 1'768'435'200'000'000'000;
    block.times.push_back(time);
    const auto ms = time / 1'000'000 % 60'000;
    switch (random() % 4) {
      case 0:
        lines.push_back(fmt::format(
            R"({{"time":"2026-01-15T00:00:{:02}.{:03}Z","level":"INFO","trace_id":"{:016x}{:016x}",)"
            R"("message":"selected worker {} of {}","ms":{}.{:03}}})",
            ms / 1000, ms % 1000, random(), random(), random() % 64, random() % 9, i, ms % 1000));
        break;
      case 1:
        lines.push_back(fmt::format("ts=2026-01-15T00:00:{:02}.{:03}Z level=warn msg=\"retry {}\" user=u{}", ms / 1000,
                                    ms % 1000, random() % 5, random() % 100));
        break;
      case 2:
        lines.push_back(fmt::format("10.0.{}.{} - - \"GET /api/v{} HTTP/1.1\" 200 {}", random() % 256, random() % 256,
                                    random() % 3, random() % 100'000));
        break;
      default: lines.push_back(std::string(random() % 30, static_cast<char>(random())));
    }
  }
  block.columns.push_back({"line", Column(std::move(lines))});
  return block;
}

std::string file_of(const std::vector<Block>& blocks) {
  MemoryFiles files;
  write_part(files, "p", blocks);
  return files.content("p");
}

TEST(Part, SplitLinesAreReadRowByRowAndSlotBySlot) {
  MemoryFiles files;
  const Block block = make_log_block(5000, 9);
  write_part(files, "p", {block, make_block(10, 10)});
  auto part = PartReader::open(files, "p");
  ASSERT_TRUE(part.ok()) << part.error().message;
  expect_block(**part, 0, block);
  auto lines = (*part)->read_lines(0);
  ASSERT_TRUE(lines.ok()) << lines.error().message;
  ASSERT_NE(*lines, nullptr) << "lines like these are stored split";
  part->reset();  // what is open stays readable
  const columnar::Templates& split = (*lines)->lines();
  EXPECT_GE(split.templates().size(), 4u);
  const std::size_t before = (*lines)->bytes();
  for (std::size_t row = 0; row < block.rows(); row += 97) {
    std::string text;
    ASSERT_TRUE(split.append(row, text).ok());
    EXPECT_EQ(text, block.columns[0].column.text(row));
  }
  EXPECT_GT((*lines)->bytes(), before) << "pages are read when they are asked for";
}

// Text with nothing to take out must not cost more for having been tried.
TEST(Part, LinesThatFitNothingAreStoredAsBefore) {
  MemoryFiles files;
  std::mt19937_64 random(11);
  Block block;
  StringColumn lines;
  for (std::size_t i = 0; i < 2000; ++i) {
    std::string line;
    for (std::uint64_t n = random() % 120; n > 0; --n) line.push_back(static_cast<char>('a' + random() % 16));
    block.series.push_back(0);
    block.times.push_back(static_cast<TimeNs>(i));
    lines.push_back(line);
  }
  block.columns.push_back({"line", Column(std::move(lines))});
  Block plain = block;
  plain.columns[0].name = "text";  // not split
  const PartInfo split = write_part(files, "split", {block}), whole = write_part(files, "whole", {plain});
  EXPECT_LE(split.file_bytes, whole.file_bytes + 64);
  auto part = PartReader::open(files, "split");
  ASSERT_TRUE(part.ok());
  expect_block(**part, 0, block);
}

TEST(Part, EveryFlippedByteOfSplitLinesIsFound) {
  const std::string good = file_of({make_log_block(400, 12)});
  MemoryFiles files;
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << at % 8));
    files.set("data/p", bad);
    auto part = PartReader::open(files, "data/p");
    if (!part.ok()) continue;
    auto verified = (*part)->verify();
    ASSERT_FALSE(verified.ok()) << "byte " << at << " of " << good.size();
    EXPECT_EQ(verified.error().code, Code::kCorrupt);
    EXPECT_NE(verified.error().message.find("part data/p"), std::string::npos) << verified.error().message;
  }
}

// A reader that opened split lines learns of damage where it meets it, with the name of the file.
TEST(Part, DamagedPagesOfOpenLinesNameTheFile) {
  const std::string good = file_of({make_log_block(3000, 13)});
  std::size_t found = 0;
  for (std::size_t at = 8; at < good.size(); at += good.size() / 60) {
    MemoryFiles files;
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    files.set("data/p", bad);
    auto part = PartReader::open(files, "data/p");
    if (!part.ok()) continue;
    auto lines = (*part)->read_lines(0);
    if (!lines.ok()) continue;
    auto all = (*lines)->lines().all();
    if (all.ok()) continue;
    ++found;
    EXPECT_NE(all.error().message.find("part data/p"), std::string::npos) << all.error().message;
  }
  EXPECT_GT(found, 20u);
}

// What an earlier program wrote is the same but for the number: no page has a header.
TEST(Part, ReadsVersionOne) {
  MemoryFiles files;
  Block block = make_block(500, 14);
  block.columns[0].name = "text";
  write_part(files, "p", {block});
  std::string file = files.content("p");
  const std::size_t tail_at = file.size() - columnar::Tail::kBytes;
  columnar::Tail tail = *columnar::read_tail(std::string_view(file).substr(tail_at));
  tail.version = 1;
  const std::string footer = file.substr(tail_at - tail.footer_bytes, tail.footer_bytes);
  file.resize(tail_at);
  ByteWriter out(file);
  out.fixed(tail.footer_bytes);
  out.fixed(tail.version);
  out.fixed(std::uint32_t{0});
  out.fixed(columnar::hash_of(footer, tail));
  out.bytes(columnar::kPartMagic);
  files.set("old", file);
  auto part = PartReader::open(files, "old");
  ASSERT_TRUE(part.ok()) << part.error().message;
  expect_block(**part, 0, block);
  EXPECT_TRUE((*part)->verify().ok());
  auto lines = (*part)->read_lines(0);
  ASSERT_TRUE(lines.ok());
  EXPECT_EQ(*lines, nullptr);
}

// A page with a good checksum that does not keep what the footer says: the writer had a bug, or worse.
TEST(Part, LiesOfTheFooterAreFound) {
  MemoryFiles files;
  write_part(files, "p", {make_block(50, 8)});
  const std::string good = files.content("p");
  const std::size_t tail_at = good.size() - columnar::Tail::kBytes;
  const columnar::Tail tail = *columnar::read_tail(std::string_view(good).substr(tail_at));
  const std::size_t footer_at = tail_at - tail.footer_bytes;
  const columnar::Footer footer =
      *columnar::read_footer(std::string_view(good).substr(footer_at, tail.footer_bytes), footer_at);
  const struct {
    const char* name;
    void (*change)(columnar::Footer&);
  } kCases[] = {
      {"rows", [](columnar::Footer& f) { --f.blocks[0].rows; }},
      {"no rows", [](columnar::Footer& f) { f.blocks[0].rows = 0; }},
      {"too many rows", [](columnar::Footer& f) { f.blocks[0].rows = kBlockRowsMax + 1; }},
      {"time range", [](columnar::Footer& f) { ++f.blocks[0].times.range->max; }},
      {"series range", [](columnar::Footer& f) { f.blocks[0].series.range->max = std::int64_t{1} << 40; }},
      {"no range", [](columnar::Footer& f) { f.blocks[0].times.range.reset(); }},
      {"raw bytes", [](columnar::Footer& f) { ++f.blocks[0].columns[0].page.bytes_raw; }},
      {"huge page", [](columnar::Footer& f) { f.blocks[0].columns[0].page.bytes = ~0ull; }},
      {"unknown encoding", [](columnar::Footer& f) { f.blocks[0].columns[0].page.encoding = 250; }},
      {"text as numbers", [](columnar::Footer& f) { f.blocks[0].times.encoding = 64; }},
      {"page gone", [](columnar::Footer& f) { f.blocks[0].columns.pop_back(); }},
      {"column twice", [](columnar::Footer& f) { f.blocks[0].columns[1].name = 0; }},
      {"name out of range", [](columnar::Footer& f) { f.blocks[0].columns[1].name = 9; }},
      {"section size", [](columnar::Footer& f) { f.sections[1].bytes_raw += 1; }},
      {"section huge", [](columnar::Footer& f) { f.sections[1].bytes_raw = ~0ull; }},
  };
  for (const auto& c : kCases) {
    columnar::Footer changed = footer;
    c.change(changed);
    const std::string bytes = columnar::write_footer(changed);
    std::uint64_t hash = 0;
    files.set("p", good.substr(0, footer_at) + bytes + columnar::write_tail(bytes, hash));
    auto part = PartReader::open(files, "p");
    EXPECT_FALSE(part.ok() && (*part)->verify().ok()) << c.name;
  }
}

TEST(Part, MissingFileIsNotFound) {
  MemoryFiles files;
  EXPECT_EQ(PartReader::open(files, "none").error().code, Code::kNotFound);
}

}  // namespace
}  // namespace trilobite
