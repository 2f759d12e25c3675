// Patterns: every line passes the pattern that it is counted for, whether it was looked at as text or as templates and
// slots; both give the same counts; and the patterns read as a person would write them.
#include "logs/patterns.h"

#include <gtest/gtest.h>

#include <random>

#include "columnar/lines.h"
#include "logs/line_sketch.h"
#include "logs/pattern.h"
#include "logs/template_sketch.h"
#include "query/memory_store.h"

namespace trilobite::logql {
namespace {

bool always(std::string_view) { return true; }
bool never(std::string_view) { return false; }

std::string gaps_only(std::string_view line) { return sketch_line(line).pattern(never); }

void expect_matches(const std::string& pattern, std::string_view line) {
  const Result<Pattern> compiled = Pattern::compile_filter(pattern);
  ASSERT_TRUE(compiled.ok()) << pattern << "\n" << compiled.error().message;
  EXPECT_TRUE(compiled->test(line)) << pattern << "\n" << line;
}

TEST(LineSketch, WhatTheyLookLike) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {R"({"level":"info","msg":"took 12 ms for bob","id":"a1"})",
       R"({"level":"<_>","msg":"took <_> ms for bob","id":"<_>"})"},
      {R"({"a":1,"fields":{"message":"x 1 y"},"b":[1,2]})", R"({"a":<_>,"fields":{"message":"x <_> y"},"b":<_>})"},
      {R"(level=info msg="took 12 ms" id=7)", R"(level=<_> msg="took <_> ms" id=<_>)"},
      {"user bob logged in from 10.0.0.1", "user bob logged in from <_>"},
      {R"(GET "/a/b c" 200)", R"(GET "<_>" <_>)"},
      {"plain words", "plain words"},
      {"", ""},
      // An empty value is no gap: a gap takes at least a byte.
      {R"({"msg":"","n":1})", R"({"msg":"","n":<_>})"},
      // What reads as a capture becomes a gap, and so do bytes that no query can say.
      {"tag <b> and <_> and <0>", "tag <_> and <_> and <<_>>"},
      {"bad \xff byte", "bad <_> byte"},
      {"gr\u00fc\u00dfe <\u00e9>", "gr\u00fc\u00dfe <\u00e9>"},
      {std::string("mark \x01 here"), "<_>"},
      {R"({"a":"say \"x\" now","b":1})", R"({"a":"<_>","b":<_>})"},
      // What follows a gap is found inside it: from there on all is one gap.
      {R"(say "a \" c" c)", R"(say "<_>)"},
  };
  for (const auto& [line, want] : cases) {
    EXPECT_EQ(gaps_only(line), want);
    if (!line.empty()) expect_matches(want, line);
  }
}

TEST(LineSketch, TextsOfGapsAreKeptWhereTheyAreTheSame) {
  LineSketch sketch = sketch_line(R"({"svc":"a b","code":200})");
  EXPECT_EQ(sketch.pattern(always), R"({"svc":"a b","code":200})");
  sketch.merge(sketch_line(R"({"svc":"a b","code":404})"));
  EXPECT_EQ(sketch.pattern(always), R"({"svc":"a b","code":<_>})");
  // Not where they would read as a capture together with their neighbours.
  EXPECT_EQ(sketch_line(R"({"x":"<_>","y":"<a>"})").pattern(always), R"({"x":"<_>","y":"<_>"})");
}

// Lines like those of programs, and with all that makes patterns fail: quotes, captures, bytes that are no UTF-8.
class LineMaker {
 public:
  explicit LineMaker(unsigned seed) : random_(seed) {}

  std::string line() {
    switch (pick(8)) {
      case 0:
        return json(1);
      case 1:
        return json(3);
      case 2:
        return R"({"level":")" + level() + R"(","msg":")" + words(true) + R"(","n":)" + number() + "}";
      case 3:
        return "level=" + level() + " msg=\"" + words(true) + "\" took=" + number() + "ms";
      case 4:
        return words(false);
      case 5:
        return level() + " [" + words(false) + "] \"" + words(false) + "\" " + number();
      case 6:
        return number() + words(false) + number();
      default:
        return awkward();
    }
  }
  std::size_t pick(std::size_t below) { return random_() % below; }
  std::string level() { return std::vector<std::string>{"info", "warn", "error"}[pick(3)]; }

 private:
  std::string number() { return pick(6) == 0 ? "-" + std::to_string(pick(9)) + ".50" : std::to_string(pick(5000)); }
  std::string word(bool quoted) {
    static const std::vector<std::string> kWords = {"took",     "for",    "bob", "x1", "a",  "aa", "<b>",
                                                    "10.0.0.7", "/p/q",   "<",   ">",  "_",  "e",  "",
                                                    "id-77f",   "0xbeef", ",",   ":",  "<_>"};
    if (pick(12) == 0) return quoted ? R"(\"q\")" : "\"q\"";
    return kWords[pick(kWords.size())];
  }
  std::string words(bool quoted) {
    std::string out = word(quoted);
    for (std::size_t i = pick(6); i > 0; --i) out += (pick(9) == 0 ? "" : " ") + word(quoted);
    return out;
  }
  std::string json(std::size_t fields) {
    static const std::vector<std::string> kKeys = {"message", "msg", "event", "error", "level", "id", "a", "deep"};
    std::string out = "{";
    for (std::size_t i = 0; i < fields + pick(3); ++i) {
      if (i > 0) out += ",";
      out += "\"" + kKeys[pick(kKeys.size())] + std::string(pick(3) == 0 ? "2" : "") + "\":";
      switch (pick(4)) {
        case 0:
          out += number();
          break;
        case 1:
          out += "[" + number() + ",true]";
          break;
        case 2:
          out += R"({"message":")" + words(true) + "\"}";
          break;
        default:
          out += "\"" + words(true) + "\"";
      }
    }
    return out + "}";
  }
  std::string awkward() {
    std::string out;
    for (std::size_t i = pick(20); i > 0; --i) out += static_cast<char>(pick(3) == 0 ? pick(256) : ' ' + pick(90));
    return out;
  }

  std::mt19937 random_;
};

TEST(LineSketch, EveryLinePassesItsPattern) {
  LineMaker maker(1);
  for (int i = 0; i < 20000; ++i) {
    const std::string line = maker.line();
    const LineSketch sketch = sketch_line(line);
    expect_matches(sketch.pattern(never), line);
    expect_matches(sketch.pattern(always), line);
    expect_matches(sketch.pattern([](std::string_view text) { return text.size() % 2 == 0; }), line);
  }
}

std::shared_ptr<const columnar::LineBlock> split(const std::vector<std::string>& lines) {
  StringColumn column;
  for (const std::string& line : lines) column.push_back(line);
  auto bytes = std::make_shared<columnar::EncodedLines>(columnar::encode_lines(Column(std::move(column)), {}, 1));
  const std::string_view header = std::string_view(bytes->bytes).substr(0, bytes->header_bytes);
  auto opened = columnar::open_lines(
      header, {lines.size(), 1u << 26},
      {[bytes](std::uint64_t at, std::size_t size) -> Result<std::string> { return bytes->bytes.substr(at, size); },
       {}});
  EXPECT_TRUE(opened.ok());
  return *opened;
}

TEST(TemplateSketch, EveryLinePassesItsPattern) {
  LineMaker maker(2);
  std::size_t settled = 0, rows = 0;
  for (int round = 0; round < 20; ++round) {
    // Some kinds of lines often, so that they become templates.
    std::vector<std::string> kinds, lines;
    for (int i = 0; i < 12; ++i) kinds.push_back(maker.line());
    for (int i = 0; i < 1500; ++i) {
      std::string line = maker.pick(5) == 0 ? maker.line() : kinds[maker.pick(kinds.size())];
      for (char& c : line) {
        if (c >= '0' && c <= '9') c = static_cast<char>('0' + maker.pick(10));
      }
      lines.push_back(std::move(line));
    }
    const auto block = split(lines);
    const columnar::Templates& all = block->lines();
    const auto codes = *all.codes();
    const auto positions = *all.positions();
    std::vector<TemplateSketch> shapes;
    for (const columnar::Template& shape : all.templates()) shapes.push_back(*TemplateSketch::of(shape));
    for (std::size_t row = 0; row < lines.size(); ++row) {
      ++rows;
      const auto variant = shapes[codes[row]].variant(positions[row]);
      if (!variant) continue;
      ++settled;
      const LineSketch sketch = shapes[codes[row]].sketch(*variant);
      expect_matches(sketch.pattern(never), lines[row]);
      expect_matches(sketch.pattern(always), lines[row]);
      EXPECT_EQ(sketch.pattern(never), gaps_only(lines[row]));
    }
  }
  EXPECT_GT(settled, rows / 4);
}

// The rows of another store, with their lines split.
class SplitScan final : public Scan {
 public:
  explicit SplitScan(std::unique_ptr<Scan> inner) : inner_(std::move(inner)) {}
  Result<std::optional<Batch>> next() override { return inner_->next(); }
  Result<std::unique_ptr<ScanBlock>> next_block() override {
    TRY(batch, inner_->next());
    if (!batch) return std::unique_ptr<ScanBlock>();
    return std::unique_ptr<ScanBlock>(std::make_unique<Block>(std::move(*batch)));
  }
  void tighten(TimeNs bound) override { inner_->tighten(bound); }
  const std::vector<bool>& applied() const override { return inner_->applied(); }
  ScanStats stats() const override { return inner_->stats(); }

 private:
  class Block final : public ScanBlock {
   public:
    explicit Block(Batch batch) : plain_(block_of(std::move(batch))) {
      label_sets = plain_->label_sets;
      runs = plain_->runs;
      times = plain_->times;
      std::vector<std::string> lines;
      const Column* column = *plain_->column(kLineColumn);
      for (std::size_t i = 0; i < column->size(); ++i) lines.emplace_back(column->text(i));
      lines_ = split(lines);
    }
    const columnar::LineBlock* lines() const override { return lines_.get(); }
    Result<const Column*> column(std::string_view name) override { return plain_->column(name); }

   private:
    std::unique_ptr<ScanBlock> plain_;
    std::shared_ptr<const columnar::LineBlock> lines_;
  };
  std::unique_ptr<Scan> inner_;
};

class SplitStore final : public Store {
 public:
  explicit SplitStore(Store& inner) : inner_(inner) {}
  Result<void> append(std::string_view tenant, Signal signal, const Batch& batch,
                      const AppendOptions& options) override {
    return inner_.append(tenant, signal, batch, options);
  }
  Result<std::unique_ptr<Scan>> scan(ScanRequest request) override {
    TRY(scan, inner_.scan(std::move(request)));
    return std::unique_ptr<Scan>(std::make_unique<SplitScan>(std::move(scan)));
  }
  Result<std::vector<std::string>> label_names(const IndexRequest& request) override {
    return inner_.label_names(request);
  }
  Result<std::vector<std::string>> label_values(const IndexRequest& request, std::string_view name) override {
    return inner_.label_values(request, name);
  }
  Result<std::vector<SeriesInfo>> series(const IndexRequest& request) override { return inner_.series(request); }
  Result<void> flush() override { return inner_.flush(); }
  StoreStatistics statistics() const override { return inner_.statistics(); }

 private:
  Store& inner_;
};

class FindPatterns : public testing::Test {
 protected:
  std::vector<PatternSeries> find(Store& store, std::size_t series_max = 1000, TimeNs step = 10,
                                  TimeRange range = {0, 1000000}) {
    query::QueryContext context({store, pool_, clock_}, "t", {}, nullptr);
    auto found = find_patterns(context, {{}, range, step, series_max});
    EXPECT_TRUE(found.ok());
    return *found;
  }

  query::MemoryStore store_;
  ThreadPool pool_{"query", 2};
  ManualClock clock_{0};
};

TEST_F(FindPatterns, CountsByStepAndLevelMostFrequentFirst) {
  const auto level = [](const char* name) {
    return std::vector<std::pair<std::string, std::string>>{{"detected_level", name}};
  };
  for (int i = 0; i < 20; ++i) store_.add({{"app", "a"}}, i, "took " + std::to_string(i) + " ms", level("info"));
  for (int i = 0; i < 4; ++i) store_.add({{"app", "a"}}, 30 + i, "took " + std::to_string(i) + " ms", level("error"));
  store_.add({{"app", "b"}, {"level", "debug"}}, 5, "once only");
  store_.add({{"app", "b"}, {"level", "debug"}}, 6, "");
  const auto found = find(store_);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].pattern, "took <_> ms");
  EXPECT_EQ(found[0].level, "info");
  EXPECT_EQ(found[0].samples, (std::vector<std::pair<TimeNs, std::uint64_t>>{{0, 10}, {10, 10}}));
  EXPECT_EQ(found[1].level, "error");
  EXPECT_EQ(found[1].samples, (std::vector<std::pair<TimeNs, std::uint64_t>>{{30, 4}}));
  EXPECT_EQ(found[2].pattern, "once only");
  EXPECT_EQ(found[2].level, "debug");
  EXPECT_EQ(find(store_, 1).size(), 1u);
  EXPECT_EQ(find(store_, 10, 10, {30, 33})[0].count, 3u);
  EXPECT_TRUE(find(store_, 10, 10, {500, 600}).empty());
}

TEST_F(FindPatterns, WhatAllLinesShareIsShown) {
  for (int i = 0; i < 20; ++i) {
    const std::string n = std::to_string(i);
    store_.add({}, i, R"({"svc":"api","code":200,"msg":"done in )" + n + R"( ms","n":)" + n + "}");
  }
  const std::string want = R"({"svc":"api","code":200,"msg":"done in <_> ms","n":<_>})";
  EXPECT_EQ(find(store_)[0].pattern, want);
  SplitStore split(store_);
  store_.block_rows = 20;
  EXPECT_EQ(find(split)[0].pattern, want);
}

TEST_F(FindPatterns, TemplatesAndTextGiveTheSame) {
  LineMaker maker(3);
  std::vector<std::string> kinds;
  std::vector<std::pair<std::string, std::string>> lines;
  for (int i = 0; i < 10; ++i) kinds.push_back(maker.line());
  for (int i = 0; i < 3000; ++i) {
    std::string line = maker.pick(6) == 0 ? maker.line() : kinds[maker.pick(kinds.size())];
    for (char& c : line) {
      if (c >= '0' && c <= '9') c = static_cast<char>('0' + maker.pick(10));
    }
    lines.emplace_back(line, maker.level());
    store_.add({{"app", std::to_string(maker.pick(3))}}, i, line, {{"detected_level", lines.back().second}});
  }
  store_.block_rows = 700;
  SplitStore split(store_);
  const std::vector<PatternSeries> plain = find(store_, 100000), templates = find(split, 100000);
  const auto counts = [](const std::vector<PatternSeries>& found) {
    std::map<std::pair<std::string, TimeNs>, std::uint64_t> out;  // their texts may differ
    for (const PatternSeries& series : found) {
      for (const auto& [step, lines] : series.samples) out[{series.level, step}] += lines;
    }
    return out;
  };
  EXPECT_EQ(counts(plain), counts(templates));
  for (const PatternSeries& series : templates) {
    const Pattern pattern = *Pattern::compile_filter(series.pattern);
    std::uint64_t passing = 0;
    for (const auto& [line, level] : lines) passing += level == series.level && pattern.test(line) ? 1 : 0;
    EXPECT_LE(series.count, passing) << series.pattern;
  }
}

}  // namespace
}  // namespace trilobite::logql
