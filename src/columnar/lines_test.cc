// Split lines give back every byte, for lines of every form and for bytes of no form, and damage is found.
#include "columnar/lines.h"

#include <gtest/gtest.h>

#include <random>

#include "columnar/line_shape.h"

namespace trilobite::columnar {
namespace {

using Lines = std::vector<std::string>;
constexpr TimeNs kStart = 1'768'435'200'000'000'000;  // 2026-01-15

Column column_of(const Lines& lines) {
  StringColumn out;
  for (const std::string& line : lines) out.push_back(line);
  return Column(std::move(out));
}

struct Opened {
  EncodedLines encoded;
  std::vector<TimeNs> times;
  std::shared_ptr<const LineBlock> block;
};

LineSource source_of(const std::string& bytes, const std::vector<TimeNs>& times) {
  LineSource out;
  out.read = [&bytes](std::uint64_t offset, std::size_t size) -> Result<std::string> {
    if (offset > bytes.size() || size > bytes.size() - offset) return error(Code::kIo, "beyond the end");
    return bytes.substr(offset, size);
  };
  if (!times.empty()) out.times = [&times]() -> Result<std::span<const TimeNs>> { return std::span(times); };
  return out;
}

std::unique_ptr<Opened> open(const Lines& lines, std::vector<TimeNs> times = {}) {
  auto out = std::make_unique<Opened>();
  const Column column = column_of(lines);
  out->encoded = encode_lines(column, times, 3);
  out->times = std::move(times);
  auto block =
      open_lines(std::string_view(out->encoded.bytes).substr(0, out->encoded.header_bytes),
                 {.rows = lines.size(), .bytes_max = raw_bytes(column)}, source_of(out->encoded.bytes, out->times));
  EXPECT_TRUE(block.ok()) << block.error().message;
  if (block.ok()) out->block = *block;
  return out;
}

// Each row has the template that parsing its line gives; or it is text as a whole.
void expect_parsed_shapes(const Lines& lines, const Templates& split) {
  const auto codes = *split.codes();
  for (std::size_t row = 0; row < lines.size(); row += lines.size() / 1000 + 1) {
    const Template& shape = split.templates()[codes[row]];
    if (shape.pieces == std::vector<std::string>{"", ""} && shape.form == LineForm::kText) continue;
    std::vector<TextSpan> slots;
    std::vector<Field> fields;
    LineForm form = LineForm::kJson;
    if (!split_json(lines[row], slots, &fields)) {
      slots.clear(), fields.clear();
      form = LineForm::kLogfmt;
      if (!split_logfmt(lines[row], slots, &fields)) {
        slots.clear(), fields.clear();
        form = LineForm::kText;
        ASSERT_TRUE(split_text(lines[row], 1, slots)) << lines[row];
      }
    }
    ASSERT_EQ(form, shape.form) << lines[row];
    ASSERT_EQ(slots.size(), shape.slots.size()) << lines[row];
    std::size_t end = 0;
    for (std::size_t i = 0; i < slots.size(); ++i) {
      ASSERT_EQ(lines[row].substr(end, slots[i].begin - end), shape.pieces[i]) << lines[row];
      end = slots[i].begin + slots[i].size;
      if (form == LineForm::kText) continue;
      ASSERT_EQ(fields[i].path, shape.fields[i].path);
      ASSERT_EQ(fields[i].value, shape.fields[i].value) << lines[row];
    }
  }
}

void expect_round_trip(const Lines& lines, const std::vector<TimeNs>& times = {}) {
  const auto first = open(lines, times);
  ASSERT_NE(first->block, nullptr);
  EXPECT_EQ(first->block->stored_bytes(), first->encoded.bytes.size());
  // One by one before anything is decoded as a whole, from the end, then all at once.
  std::string text;
  for (std::size_t row = lines.size(); row-- > 0;) {
    if (lines.size() > 3000 && row % 97 != 0) continue;
    text.clear();
    const auto appended = first->block->lines().append(row, text);
    ASSERT_TRUE(appended.ok()) << appended.error().message;
    ASSERT_EQ(text, lines[row]) << "row " << row;
  }
  const auto all = first->block->lines().all();
  ASSERT_TRUE(all.ok()) << all.error().message;
  ASSERT_EQ(all->size(), lines.size());
  for (std::size_t row = 0; row < lines.size(); ++row) ASSERT_EQ((*all)[row], lines[row]) << "row " << row;
  // The same with everything decoded.
  for (std::size_t row = 0; row < lines.size(); row += lines.size() / 50 + 1) {
    text.clear();
    ASSERT_TRUE(first->block->lines().append(row, text).ok());
    ASSERT_EQ(text, lines[row]);
  }
  // The numbers of templates, positions and rows fit each other.
  const Templates& split = first->block->lines();
  expect_parsed_shapes(lines, split);
  const auto codes = *split.codes();
  const auto positions = *split.positions();
  for (std::size_t t = 0; t < split.templates().size(); ++t) {
    const auto rows = *split.rows_of(t);
    ASSERT_EQ(rows.size(), split.templates()[t].rows);
    for (std::size_t p = 0; p < rows.size(); ++p) {
      ASSERT_EQ(codes[rows[p]], t);
      ASSERT_EQ(positions[rows[p]], p);
    }
    ASSERT_EQ(split.templates()[t].pieces.size(), split.templates()[t].slots.size() + 1);
  }
}

template <class Make>
Lines make_lines(std::size_t rows, Make make) {
  Lines out;
  for (std::size_t i = 0; i < rows; ++i) out.push_back(make(i));
  return out;
}

std::string hex(std::mt19937_64& random, std::size_t digits) {
  std::string out;
  while (out.size() < digits) out += fmt::format("{:016x}", random());
  return out.substr(0, digits);
}

std::string uuid(std::mt19937_64& random) {
  std::string out = hex(random, 32);
  for (const std::size_t at : {20, 16, 12, 8}) out.insert(at, 1, '-');
  return out;
}

std::string json_line(std::mt19937_64& random, std::size_t i) {
  const char* levels[] = {"INFO", "WARN", "ERROR"};
  return fmt::format(
      R"({{"time":"2026-01-15T{:02}:{:02}:{:02}.{:06}Z","level":"{}","message":"selected worker {} with overlap {}, load {:.4f}",)"
      R"("trace_id":"{}","request":"{}","n":{},"ok":{},"tags":["a",{}],"deep":{{"x": {}, "e":{{}}}}}})",
      i / 3600 % 24, i / 60 % 60, i % 60, random() % 1'000'000, levels[random() % 3], random() % 64, random() % 128,
      static_cast<double>(random() % 10'000) / 1e4, hex(random, 32), uuid(random), static_cast<int>(random()),
      random() % 2 ? "true" : "null", random() % 3, random() % 100'000);
}

std::string logfmt_line(std::mt19937_64& random) {
  return fmt::format(
      R"(ts=2026-01-15T00:00:{:02}.{:03}Z level={} caller=store.go:{} msg="query \"{}\" done" duration={}.{:03}ms user=u{:05} e=)",
      random() % 60, random() % 1000, random() % 5 ? "info" : "warn", random() % 900, random() % 1000, random() % 500,
      random() % 1000, random() % 20'000);
}

std::string nginx_line(std::mt19937_64& random) {
  const char* paths[] = {"/v1/models", "/health", "/static/app.js"};
  return fmt::format(
      R"(10.{}.{}.{} - - [15/Jan/2026:{:02}:00:{:02} +0000] "GET {} HTTP/1.1" {} {} "-" "curl/8.5.0" rt={}.{:03})",
      random() % 4, random() % 256, random() % 256, random() % 24, random() % 60, paths[random() % 3],
      random() % 9 ? 200 : 404, random() % 10'000, random() % 3, random() % 1000);
}

const Template& only_template(const Opened& opened) {
  CHECK(opened.block->lines().templates().size() == 1);
  return opened.block->lines().templates()[0];
}

TEST(Lines, RoundTripOfEveryForm) {
  std::mt19937_64 random(1);
  expect_round_trip(make_lines(3000, [&](std::size_t i) { return json_line(random, i); }));
  expect_round_trip(make_lines(3000, [&](std::size_t) { return logfmt_line(random); }));
  expect_round_trip(make_lines(3000, [&](std::size_t) { return nginx_line(random); }));
  expect_round_trip(make_lines(65'536, [&](std::size_t i) {
    switch (random() % 4) {
      case 0:
        return json_line(random, i);
      case 1:
        return logfmt_line(random);
      case 2:
        return nginx_line(random);
      default:
        return fmt::format("Jan {} kernel[{}]: eth{}: link is {}", i % 31, random() % 9999, random() % 4,
                           i % 2 ? "up" : "down");
    }
  }));
}

TEST(Lines, RoundTripOfOddLines) {
  const std::string every_byte = [] {
    std::string out;
    for (int byte = 0; byte < 256; ++byte) out.push_back(static_cast<char>(byte));
    return out;
  }();
  const Lines odd{"",
                  " ",
                  "{}",
                  "{ }",
                  "{\"a\":1}",
                  "{\"a\":1,\"a\":2}",
                  "{\"a\":1} ",
                  "{\"a\":01}",
                  "{\"a\":\"\\u00e9\\\"\"}",
                  "{\"a\":\"\\x\"}",
                  "{\"a\":\"\xff\"}",
                  "{\"a\":\"\xc3\xa9\"}",
                  "{\"a\":[1,[2,{\"b\":null}]]}",
                  "{\"a\":{\"b\":{\"c\":\"\"}}}",
                  "{\"a\" : \"x\"\t,\r\n\"b\":-0.0e+1}",
                  "a=b",
                  "a=",
                  "a=b a=c",
                  "a=\"x y\" b=1",
                  "a=\"x",
                  "a=b  c=d",
                  "=",
                  "a==b",
                  "\"",
                  "\"\"",
                  "\"a",
                  "[",
                  "[]",
                  "[x",
                  "[1] [2] [3]",
                  "a\r",
                  "line\r\n",
                  "\n",
                  every_byte,
                  every_byte + every_byte,
                  "x\1y",
                  "5\0005",
                  "-5",
                  "--5",
                  "-0",
                  "00",
                  "007",
                  "1.50",
                  "1.",
                  ".5",
                  "1.2.3",
                  "1.2.3.4",
                  "1.2.3.4.5",
                  "01.2.3.4",
                  "256.1.1.1",
                  "999.1.1.1:80",
                  "9223372036854775807",
                  "9223372036854775808",
                  "-9223372036854775808",
                  "99999999999999999999",
                  "0x1f",
                  "0xzz",
                  "1e5",
                  "deadbeef12",
                  "DEADBEEF12",
                  "DeadBeef12",
                  "0f8fad5b-d9cb-469f-a165-70867728950e",
                  "0f8fad5b-d9cb-469f-a165-70867728950ef",
                  "2026-01-15T00:00:00Z",
                  "2026-13-15T00:00:00Z",
                  "2026-01-15 00:00:00,123",
                  "2026-01-15T24:00:00Z",
                  "2026-01-15T00:00:00.1234567890Z",
                  "1969-12-31T23:59:59.999999999+14:00",
                  "0000-01-01T00:00:00Z",
                  "15/Jan/2026:00:00:01 +0000",
                  "15/Foo/2026:00:00:01 +0000"};
  expect_round_trip({});
  for (const std::string& line : odd) {
    SCOPED_TRACE(line);
    expect_round_trip({line});
    expect_round_trip(Lines(40, line));
  }
  expect_round_trip(odd);
  Lines repeated;
  for (int i = 0; i < 50; ++i) repeated.insert(repeated.end(), odd.begin(), odd.end());
  expect_round_trip(repeated);
  // Each odd text as a value among clean ones, in each form.
  for (const std::string& value : odd) {
    SCOPED_TRACE(value);
    for (const char* frame :
         {"{{\"a\":\"{}\",\"b\":1}}", "{{\"a\":{}}}", "a={} b=1", "a=\"{}\"", "x {} y", "[{}] \"{}\""}) {
      Lines lines;
      for (int i = 0; i < 100; ++i)
        lines.push_back(fmt::format(fmt::runtime(frame), i % 7 == 3 ? value : std::to_string(i * 37), i));
      expect_round_trip(lines);
    }
  }
  expect_round_trip({std::string(70'000, '{'), std::string(300'000, '7'), "a" + std::string(70'000, ' ')});
  expect_round_trip(Lines(20, std::string(300'000, 'x') + " 5"));
  expect_round_trip(Lines(20, [] {
    std::string many;
    for (int i = 0; i < 400; ++i) many += fmt::format("{} ", i);
    return many;
  }()));
}

TEST(Lines, RoundTripOfRandomTokens) {
  std::mt19937_64 random(7);
  const Lines tokens{"a",
                     "b=",
                     "=",
                     "\"",
                     "[",
                     "]",
                     "{",
                     "}",
                     ":",
                     ",",
                     " ",
                     "  ",
                     "\\",
                     "-",
                     ".",
                     "0",
                     "7",
                     "42",
                     "1.5",
                     "10.0.0.1",
                     "2026-01-15T00:00:00.5Z",
                     "deadbeef",
                     "0f8fad5b-d9cb-469f-a165-70867728950e",
                     "\x01",
                     "\xc3\xa9",
                     "\n",
                     "\"k\":",
                     "null"};
  for (int round = 0; round < 300; ++round) {
    Lines lines;
    Lines shapes;
    for (std::size_t i = random() % 6 + 1; i-- > 0;) {
      std::string shape;
      for (std::size_t k = random() % 12; k-- > 0;)
        shape += tokens[random() % tokens.size()] + (random() % 5 ? "" : "%");
      shapes.push_back(shape);
    }
    for (std::size_t i = random() % 200 + 1; i-- > 0;) {
      std::string line;
      for (const char c : shapes[random() % shapes.size()]) {
        if (c == '%')
          line += tokens[random() % tokens.size()];
        else
          line += c;
      }
      lines.push_back(line);
    }
    SCOPED_TRACE(fmt::format("round {}", round));
    expect_round_trip(lines);
    if (HasFatalFailure()) return;
  }
}

TEST(Lines, DictionaryColumnsAreLinesToo) {
  DictionaryColumn coded;
  coded.dictionary.push_back("level=info n=1");
  coded.dictionary.push_back("level=warn n=2");
  for (std::uint32_t i = 0; i < 500; ++i) coded.codes.push_back(i % 2);
  const EncodedLines encoded = encode_lines(Column(coded), {}, 3);
  auto block = open_lines(std::string_view(encoded.bytes).substr(0, encoded.header_bytes), {500, 100'000},
                          source_of(encoded.bytes, {}));
  ASSERT_TRUE(block.ok());
  const auto all = (*block)->lines().all();
  for (std::size_t i = 0; i < 500; ++i) EXPECT_EQ((*all)[i], coded[i]);
}

TEST(Lines, SlotsGetTheKindOfTheirValues) {
  std::mt19937_64 random(3);
  const struct {
    const char* name;
    std::function<std::string(std::size_t)> make;
    SlotKind want;
  } kCases[] = {
      {"constant", [](std::size_t) { return "x"; }, SlotKind::kConstant},
      {"words", [](std::size_t i) { return i % 3 ? "get" : "put"; }, SlotKind::kDictionary},
      {"integers", [](std::size_t i) { return std::to_string(static_cast<int>(i * 7919) - 5000); }, SlotKind::kInteger},
      {"padded", [](std::size_t i) { return fmt::format("{:05}", i * 31); }, SlotKind::kInteger},
      {"decimals", [](std::size_t i) { return fmt::format("{}{}.{:03}", i % 3 ? "" : "-", i, i % 999 + 1); },
       SlotKind::kDecimal},
      {"times",
       [](std::size_t i) { return fmt::format("2026-01-15T00:{:02}:{:02}.{:03}Z", i / 60 % 60, i % 60, i % 1000); },
       SlotKind::kTime},
      {"hex", [&](std::size_t) { return hex(random, 16); }, SlotKind::kHex},
      {"uuid", [&](std::size_t) { return uuid(random); }, SlotKind::kUuid},
      {"addresses",
       [&](std::size_t) { return fmt::format("10.{}.{}.{}", random() % 9, random() % 256, random() % 256); },
       SlotKind::kIpv4},
      {"units", [](std::size_t i) { return fmt::format("{}.{:03}ms", i * 7, i % 1000); }, SlotKind::kTemplates},
      {"prose",
       [&](std::size_t) {
         return std::string(1, static_cast<char>('g' + random() % 10)) + std::string(random() % 200, 'z');
       },
       SlotKind::kText},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.name);
    const auto opened = open(make_lines(2000, [&](std::size_t i) { return "{\"v\":\"" + c.make(i) + "\"}"; }));
    const Template& shape = only_template(*opened);
    ASSERT_EQ(shape.slots.size(), 1u);
    EXPECT_EQ(shape.form, LineForm::kJson);
    EXPECT_EQ(shape.slots[0]->kind(), c.want);
    EXPECT_EQ(shape.fields[0].path, std::vector<std::string>{"v"});
  }
}

TEST(Lines, FieldsOfJsonAndLogfmt) {
  const auto json = open(make_lines(
      100, [](std::size_t i) { return fmt::format(R"({{"a":{{"b":"{}","c":[{}]}},"d\n": {}}})", i, i, i); }));
  const Template& shape = only_template(*json);
  ASSERT_EQ(shape.fields.size(), 3u);
  EXPECT_EQ(shape.fields[0].path, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(shape.fields[0].value, Field::Value::kString);
  EXPECT_EQ(shape.fields[1].path, (std::vector<std::string>{"a", "c"}));
  EXPECT_EQ(shape.fields[1].value, Field::Value::kArray);
  EXPECT_EQ(shape.fields[2].path, std::vector<std::string>{"d\\n"});
  EXPECT_EQ(shape.fields[2].value, Field::Value::kBare);
  EXPECT_EQ(shape.pieces, (std::vector<std::string>{R"({"a":{"b":")", R"(","c":)", R"(},"d\n": )", "}"}));
  const auto logfmt = open(make_lines(100, [](std::size_t i) { return fmt::format("a={} b=\"{}\"", i, i); }));
  const Template& pairs = only_template(*logfmt);
  EXPECT_EQ(pairs.form, LineForm::kLogfmt);
  EXPECT_EQ(pairs.fields[0].value, Field::Value::kBare);
  EXPECT_EQ(pairs.fields[1].value, Field::Value::kString);
}

TEST(Lines, TimesAreDistancesFromTheRow) {
  std::mt19937_64 random(5);
  std::vector<TimeNs> times;
  Lines lines;
  for (std::size_t i = 0; i < 20'000; ++i) {
    times.push_back(kStart + static_cast<TimeNs>(random() % 3'600'000'000'000));
    const TimeNs us = times.back() / 1000 % 60'000'000, minute = times.back() / 60'000'000'000 % 60;
    lines.push_back(fmt::format("t=2026-01-15T00:{:02}:{:02}.{:06}Z n=1", minute, us / 1'000'000, us % 1'000'000));
  }
  expect_round_trip(lines, times);
  const auto opened = open(lines, times);
  EXPECT_LT(opened->encoded.bytes.size(), 400u) << "a time that is the row's, cut, costs nothing";
  const Slot& slot = *only_template(*opened).slots[0];
  ASSERT_EQ(slot.kind(), SlotKind::kTime);
  EXPECT_EQ((*slot.integers())[7], times[7] / 1000 * 1000);
}

TEST(Lines, MayHaveNeverMissesAnId) {
  std::mt19937_64 random(13);
  for (const bool repeated : {false, true}) {
    std::vector<std::string> ids;
    for (int i = 0; i < 20'000; ++i) ids.push_back(repeated && i >= 15'000 ? ids[random() % 15'000] : uuid(random));
    // Version and variant, as real ones have: digits that need not be stored.
    for (std::string& id : ids) id[14] = '4', id[19] = 'a';
    const Lines lines = make_lines(ids.size(), [&](std::size_t i) { return "id=" + ids[i]; });
    expect_round_trip(lines);
    const auto opened = open(lines);
    const Slot& slot = *only_template(*opened).slots[0];
    ASSERT_EQ(slot.kind(), SlotKind::kUuid);
    const std::string bytes(*slot.ids());
    ASSERT_EQ(bytes.size(), ids.size() * 16);
    for (std::size_t i = 0; i < ids.size(); ++i)
      ASSERT_TRUE(*slot.may_have(std::string_view(bytes).substr(i * 16, 16)));
    std::size_t wrong = 0;
    for (int i = 0; i < 20'000; ++i) wrong += *slot.may_have(hex(random, 16));
    EXPECT_LT(wrong, 20'000u / 40) << "one in 64 is expected";
    EXPECT_FALSE(*slot.may_have("too short"));
    EXPECT_LT(opened->encoded.bytes.size(), ids.size() * 17u);
  }
}

TEST(Lines, DamageIsFound) {
  std::mt19937_64 random(9);
  const Lines lines =
      make_lines(3000, [&](std::size_t i) { return i % 2 ? json_line(random, i) : nginx_line(random); });
  const EncodedLines good = encode_lines(column_of(lines), {}, 3);
  for (int i = 0; i < 400; ++i) {
    std::string bytes = good.bytes;
    const std::size_t at =
        i % 2 ? random() % good.header_bytes : good.header_bytes + random() % (bytes.size() - good.header_bytes);
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
    auto block = open_lines(std::string_view(bytes).substr(0, good.header_bytes), {lines.size(), 10'000'000},
                            source_of(bytes, {}));
    if (!block.ok()) {
      EXPECT_TRUE(block.error().code == Code::kCorrupt || block.error().code == Code::kUnsupported)
          << block.error().message;
      continue;
    }
    auto all = (*block)->lines().all();
    if (i % 2 == 0) {
      ASSERT_FALSE(all.ok()) << "pages have a checksum";
      EXPECT_EQ(all.error().code, Code::kCorrupt);
    }
    std::string text;
    for (std::size_t row = 0; row < lines.size(); row += 501) (void)(*block)->lines().append(row, text).ok();
  }
}

TEST(Lines, AReadThatFailsIsTriedAgain) {
  const EncodedLines good =
      encode_lines(column_of(make_lines(100, [](std::size_t i) { return fmt::format("n {}", i * i); })), {}, 3);
  bool broken = true;
  LineSource source = source_of(good.bytes, {});
  const auto read = source.read;
  source.read = [&broken, read](std::uint64_t offset, std::size_t size) -> Result<std::string> {
    if (broken) return error(Code::kIo, "the disk is away");
    return read(offset, size);
  };
  auto block = open_lines(std::string_view(good.bytes).substr(0, good.header_bytes), {100, 10'000}, source);
  ASSERT_TRUE(block.ok());
  std::string text;
  EXPECT_EQ((*block)->lines().append(9, text).error().code, Code::kIo);
  EXPECT_EQ((*block)->lines().all().error().code, Code::kIo);
  broken = false;
  text.clear();
  EXPECT_TRUE((*block)->lines().append(9, text).ok());
  EXPECT_EQ(text, "n 81");
  EXPECT_TRUE((*block)->lines().all().ok());
}

}  // namespace
}  // namespace trilobite::columnar
