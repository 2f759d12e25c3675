// Searching split lines gives what searching their text gives: for every kind of slot, for needles cut from anywhere in
// a line, for some rows and for all, with and without regard to case.
#include "columnar/line_search.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "columnar/line_fake.h"

namespace trilobite::columnar {
namespace {

using Random = std::mt19937_64;

std::string random_hex(Random& random, std::size_t digits, bool upper) {
  std::string out;
  while (out.size() < digits) out += (upper ? "0123456789ABCDEF" : "0123456789abcdef")[random() % 16];
  return out;
}

std::string random_word(Random& random) {
  static constexpr const char* kWords[] = {"",    "error", "a",      "ab",   "took 12ms", "Kelvin", "k",
                                           "  ",  "id=",   "7",      "0a1b", "-",         "\xE2\x84\xAA",
                                           "\"",  "GET /", "status", ".",    "\xFF",      "stra\xC3\x9F" "e"};
  return kWords[random() % std::size(kWords)];
}

std::string fixed_digits(std::uint64_t value, std::size_t digits) {
  std::string out = std::to_string(value);
  return out.size() < digits ? std::string(digits - out.size(), '0') + out : out.substr(out.size() - digits);
}

std::unique_ptr<Slot> random_slot(Random& random, std::size_t rows, unsigned depth);

std::unique_ptr<FakeTemplates> random_templates(Random& random, std::size_t rows, unsigned depth) {
  const std::size_t count = 1 + random() % 4;
  std::vector<std::uint16_t> codes(rows);
  std::vector<std::size_t> rows_of(count);
  for (auto& code : codes) ++rows_of[code = static_cast<std::uint16_t>(random() % count)];
  std::vector<Template> templates(count);
  for (std::size_t t = 0; t < count; ++t) {
    const std::size_t slots = random() % 5;
    for (std::size_t i = 0; i <= slots; ++i) templates[t].pieces.push_back(random_word(random));
    for (std::size_t i = 0; i < slots; ++i) templates[t].slots.push_back(random_slot(random, rows_of[t], depth));
  }
  return std::make_unique<FakeTemplates>(std::move(templates), std::move(codes));
}

std::unique_ptr<Slot> random_slot(Random& random, std::size_t rows, unsigned depth) {
  const auto make = [&](SlotKind kind, const auto& text) {
    std::vector<std::string> texts;
    while (texts.size() < rows) texts.push_back(text());
    auto slot = std::make_unique<FakeSlot>(kind, std::move(texts));
    if (random() % 3 == 0) slot->forget_bytes();
    return slot;
  };
  const unsigned bits = random() % 64, scale = 1 + random() % (random() % 20 == 0 ? 25 : 6);
  const std::size_t digits = 1 + random() % (random() % 10 == 0 ? 25 : 8);
  const auto number = [&] { return static_cast<std::int64_t>(bits == 0 ? 0 : random() >> (64 - bits)); };
  const bool upper = random() % 2 == 0, signs = random() % 2 == 0;
  const auto integer = [&] { return std::to_string(signs && random() % 2 ? -number() : number()); };
  if (rows == 0) return make(SlotKind::kText, [] { return ""; });
  switch (static_cast<SlotKind>(random() % (depth < kNestingMax ? 10 : 9))) {
    case SlotKind::kConstant: return make(SlotKind::kConstant, [word = random_word(random)] { return word; });
    case SlotKind::kDictionary: return make(SlotKind::kDictionary, [&] { return random_word(random); });
    case SlotKind::kInteger: {
      if (random() % 2) return make(SlotKind::kInteger, integer);
      const std::uint64_t unit = digits > 18 ? 1'000'000'000 : static_cast<std::uint64_t>(std::pow(10, digits));
      auto slot = make(SlotKind::kInteger, [&] { return fixed_digits(random() % unit, digits); });
      slot->set_digits(static_cast<unsigned>(digits));
      return slot;
    }
    case SlotKind::kDecimal:
      return make(SlotKind::kDecimal, [&] {
        std::string text = std::to_string(number() / (bits > 40 ? 1000 : 1));
        if (text.size() <= scale) text.insert(0, scale + 1 - text.size(), '0');
        text.insert(text.size() - scale, ".");
        if (signs && text.find_first_not_of("0.") != std::string::npos && random() % 2) text.insert(0, "-");
        return text;
      });
    case SlotKind::kTime:
      return make(SlotKind::kTime, [&] {
        return "2026-01-" + fixed_digits(random() % 31, 2) + "T12:" + fixed_digits(random() % 60, 2) + "Z";
      });
    case SlotKind::kHex: {
      const std::size_t width = random() % 4 == 0 ? 1 + random() % 20 : 8 << (random() % 2);
      return make(SlotKind::kHex, [&] { return random_hex(random, width * 2, upper); });
    }
    case SlotKind::kUuid:
      return make(SlotKind::kUuid, [&] {
        std::string text = random_hex(random, 32, upper);
        for (const std::size_t at : {8, 13, 18, 23}) text.insert(at, "-");
        return text;
      });
    case SlotKind::kIpv4:
      return make(SlotKind::kIpv4, [&] {
        return "10." + std::to_string(random() % 3) + "." + std::to_string(random() % 256) + "." +
               std::to_string(random() % 256);
      });
    case SlotKind::kText:
      return make(SlotKind::kText, [&] { return random_word(random) + random_word(random) + random_word(random); });
    default: break;
  }
  return std::make_unique<FakeSlot>(random_templates(random, rows, depth + 1));
}

std::string random_needle(Random& random, const StringColumn& lines) {
  if (random() % 30 == 0) return random_word(random);
  const std::string_view line = lines[random() % lines.size()];
  if (line.empty()) return random() % 2 ? "a" : "";
  std::string needle(line.substr(random() % line.size(), random() % 4 == 0 ? 1 + random() % 4 : 1 + random() % 60));
  if (random() % 3 == 0) needle[random() % needle.size()] = static_cast<char>("0a-. eK"[random() % 7]);
  if (random() % 8 == 0) {
    for (char& c : needle) c = static_cast<char>(std::isalpha(static_cast<unsigned char>(c)) ? c ^ 0x20 : c);
  }
  return needle;
}

// The same question to the lines' text.
void check(const Predicate& predicate, const Templates& lines, const RowSelection& rows) {
  const Column text(lines.all().value());
  RowSelection want = rows;
  want.make_explicit();
  select_rows(predicate, text, want.rows());
  RowSelection got = rows;
  const auto status = select_lines(predicate, lines, got);
  ASSERT_TRUE(status.ok()) << status.error().message;
  got.make_explicit();
  ASSERT_EQ(got.rows(), want.rows()) << testing::PrintToString(predicate.needles) << " fold " << predicate.fold_case
                                     << (want.rows().empty() ? "" : " in " + std::string(text.text(want.rows()[0])));
  if (want.rows().empty()) return;
  const auto may = may_have_line(predicate, lines);
  ASSERT_TRUE(may.ok());
  ASSERT_TRUE(*may) << testing::PrintToString(predicate.needles);
}

void check_random(Random& random, const Templates& lines, const StringColumn& text) {
  Predicate predicate;
  predicate.op = random() % 3 == 0 ? Predicate::Op::kContainsNone : Predicate::Op::kContainsAny;
  predicate.fold_case = random() % 4 == 0;
  for (std::size_t i = random() % 8 == 0 ? random() % 4 : 1; i-- > 0;)
    predicate.needles.push_back(random_needle(random, text));
  RowSelection rows(lines.rows());
  if (random() % 3 == 0) {
    rows.make_explicit();
    const unsigned one_in = 1 + random() % 40;
    std::erase_if(rows.rows(), [&](std::uint32_t) { return random() % one_in != 0; });
  }
  check(predicate, lines, rows);
}

TEST(LineSearch, AgreesWithTheTextForEveryKindOfSlot) {
  Random random(1);
  for (int round = 0; round < 1500; ++round) {
    const auto lines = random_templates(random, 1 + random() % (round % 50 == 0 ? 2000 : 100), 0);
    const StringColumn text = lines->all().value();
    for (int i = 0; i < 20; ++i) {
      check_random(random, *lines, text);
      if (HasFatalFailure()) FAIL() << "round " << round;
    }
  }
}

Template line_of(std::vector<std::string> pieces, std::vector<std::unique_ptr<Slot>> slots) {
  Template out;
  out.pieces = std::move(pieces);
  out.slots = std::move(slots);
  return out;
}

std::unique_ptr<FakeTemplates> one_slot(std::string before, SlotKind kind, std::vector<std::string> values,
                                        std::string after) {
  const std::size_t rows = values.size();
  std::vector<std::unique_ptr<Slot>> slots;
  slots.push_back(std::make_unique<FakeSlot>(kind, std::move(values)));
  std::vector<Template> templates;
  templates.push_back(line_of({std::move(before), std::move(after)}, std::move(slots)));
  return std::make_unique<FakeTemplates>(std::move(templates), std::vector<std::uint16_t>(rows));
}

TEST(LineSearch, PartsOfNumbers) {
  const auto lines =
      one_slot("n=", SlotKind::kInteger, {"0", "7", "-7", "70", "12345", "-12345", "9223372036854775807"}, ";");
  for (const char* needle : {"0", "7", "-", "-7", "n=7", "n=-", "7;", "0;", "=0;", "00", "01", "234", "n=1234", "345;",
                             "n=12345;", "5807;", "n=9223372036854775807;", "9223372036854775808", "n=-1", "--", ""}) {
    check({"", Predicate::Op::kContainsAny, {needle}}, *lines, RowSelection(7));
  }
}

TEST(LineSearch, PartsOfIds) {
  const std::vector<std::string> ids{"00112233-4455-6677-8899-aabbccddeeff", "fedcba98-7654-3210-0123-456789abcdef"};
  const auto lines = one_slot("[", SlotKind::kUuid, ids, "]");
  for (const std::string& id : ids) {
    for (std::size_t from = 0; from < id.size(); ++from) {
      for (std::size_t size = 1; size <= id.size(); ++size)
        check({"", Predicate::Op::kContainsAny, {id.substr(from, size)}}, *lines, RowSelection(2));
    }
  }
  check({"", Predicate::Op::kContainsAny, {"AABBCCDDEEFF"}}, *lines, RowSelection(2));
  check({"", Predicate::Op::kContainsAny, {"aabbccddeeff"}, true}, *lines, RowSelection(2));
  check({"", Predicate::Op::kContainsAny, {"AABBCCDDEEFF]"}, true}, *lines, RowSelection(2));
}

TEST(LineSearch, NoRowsNoNeedles) {
  const FakeTemplates empty({}, {});
  RowSelection rows(0);
  EXPECT_TRUE(select_lines({"", Predicate::Op::kContainsAny, {"a"}}, empty, rows).ok());
  EXPECT_FALSE(may_have_line({"", Predicate::Op::kContainsNone, {"a"}}, empty).value());
  const auto lines = one_slot("", SlotKind::kText, {"a", ""}, "");
  for (const Predicate::Op op : {Predicate::Op::kContainsAny, Predicate::Op::kContainsNone}) {
    check({"", op, {}}, *lines, RowSelection(2));
    check({"", op, {""}}, *lines, RowSelection(2));
    check({"", op, {"", "a"}}, *lines, RowSelection(2));
    check({"", op, {"a"}}, *lines, RowSelection(2, {}));
  }
}

// Letters beyond ASCII that fold to ASCII letters and the other way round.
TEST(LineSearch, FoldsAsRegularExpressionsDo) {
  const auto lines = one_slot("", SlotKind::kText,
                              {"KELVIN 3", "kelvin 3", "\xE2\x84\xAA" "elvin 3", "\xC3\x84RGER", "\xC3\xA4rger",
                               "mi\xC5\xBF\xC5\xBF", "MISS", "\xFF miss"}, "");
  const auto found = [&](const char* needle) {
    RowSelection rows(8);
    EXPECT_TRUE(select_lines({"", Predicate::Op::kContainsAny, {needle}, true}, *lines, rows).ok());
    rows.make_explicit();
    check({"", Predicate::Op::kContainsAny, {needle}, true}, *lines, RowSelection(8));
    return rows.rows();
  };
  EXPECT_EQ(found("Kelvin"), (std::vector<std::uint32_t>{0, 1, 2}));
  EXPECT_EQ(found("\xC3\xA4RGer"), (std::vector<std::uint32_t>{3, 4}));
  EXPECT_EQ(found("misS"), (std::vector<std::uint32_t>{5, 6, 7}));
  EXPECT_EQ(found("\xFF MISS"), (std::vector<std::uint32_t>{7}));  // not UTF-8
}

// Where every blank may be any blank, the lines' text decides.
TEST(LineSearch, ManyAlignments) {
  std::vector<std::unique_ptr<Slot>> slots;
  for (int i = 0; i < 6; ++i)
    slots.push_back(std::make_unique<FakeSlot>(SlotKind::kText, std::vector<std::string>{"a a a a", "a", "", "a a  "}));
  std::vector<Template> templates;
  templates.push_back(line_of(std::vector<std::string>(7, ""), std::move(slots)));
  const FakeTemplates lines(std::move(templates), std::vector<std::uint16_t>(4));
  for (const char* needle : {"a a a a a a a", "aaaaaa", "a a  a a  a", "a a a aa a a aa a a aa", "aaaaaaa"})
    check({"", Predicate::Op::kContainsAny, {needle}}, lines, RowSelection(4));
}

}  // namespace
}  // namespace trilobite::columnar
