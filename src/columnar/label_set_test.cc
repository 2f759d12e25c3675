// Label sets are canonical: equal sets have equal bytes, and other bytes are refused.
#include "columnar/label_set.h"

#include <gtest/gtest.h>

#include "columnar/batch.h"

namespace trilobite {
namespace {

TEST(LabelSet, SortsAndDropsEmptyValues) {
  const LabelSet set = LabelSet::from_pairs({{"b", "2"}, {"empty", ""}, {"a", "1"}, {"b", "other"}});
  EXPECT_EQ(set.size(), 2u);
  EXPECT_EQ(set.get("a"), "1");
  EXPECT_EQ(set.get("b"), "2");
  EXPECT_EQ(set.get("c"), "");
  EXPECT_EQ(set.get(""), "");
  EXPECT_EQ(set, LabelSet::from_pairs({{"a", "1"}, {"b", "2"}}));
  std::string seen;
  for (const auto& [name, value] : set) seen += fmt::format("{}={};", name, value);
  EXPECT_EQ(seen, "a=1;b=2;");
}

TEST(LabelSet, EmptySet) {
  const LabelSet set = LabelSet::from_pairs({});
  EXPECT_TRUE(set.empty());
  EXPECT_EQ(set.size(), 0u);
  EXPECT_EQ(set.to_string(), "{}");
  EXPECT_EQ(set, LabelSet());
  EXPECT_EQ(*LabelSet::from_bytes(""), set);
}

TEST(LabelSet, PrintsAsLokiDoes) {
  const struct {
    std::string value, want;
  } kCases[] = {
      {"plain", R"({a="plain"})"},
      {"a\"b\\c\n\t\r", R"({a="a\"b\\c\n\t\r"})"},
      {std::string("\0\x01\x7f", 3), R"({a="\x00\x01\x7f"})"},
      {"\a\b\f\v", R"({a="\a\b\f\v"})"},
      {"日本 é 🙂", R"({a="日本 é 🙂"})"},
      {"\xff\xc3", R"({a="\xff\xc3"})"},
      {"\xc2\xa0|\xe2\x80\x8b|\xef\xbb\xbf", R"({a="\u00a0|\u200b|\ufeff"})"},
      {"\xed\xa0\x80", R"({a="\xed\xa0\x80"})"},
      {"\xf3\xa0\x80\x81", R"({a="\U000e0001"})"},
  };
  for (const auto& c : kCases) EXPECT_EQ(LabelSet::from_pairs({{"a", c.value}}).to_string(), c.want);
  EXPECT_EQ(LabelSet::from_pairs({{"b", "2"}, {"a", "1"}}).to_string(), R"({a="1", b="2"})");
}

TEST(LabelSet, BytesComeBack) {
  const LabelSet set = LabelSet::from_pairs({{"name", std::string(300, 'v')}, {"other", "x"}, {"", "no name"}});
  auto again = LabelSet::from_bytes(std::string(set.bytes()));
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(*again, set);
  EXPECT_EQ(again->get("name"), std::string(300, 'v'));
}

TEST(LabelSet, OtherBytesAreRefused) {
  const struct {
    const char* name;
    std::string bytes;
  } kCases[] = {
      {"half a pair", "\x01"
                      "a"},
      {"value too long", "\x01"
                         "a\x05"
                         "b"},
      {"huge length", "\xff\xff\xff\xff\xff\xff\xff\xff\x01"},
      {"names not in order", "\x01"
                             "b\x01"
                             "1\x01"
                             "a\x01"
                             "2"},
      {"a name twice", "\x01"
                       "a\x01"
                       "1\x01"
                       "a\x01"
                       "2"},
      {"empty value", std::string("\x01"
                                  "a\x00",
                                  3)},
      {"long form of a length", std::string("\x81\x00"
                                            "a\x01"
                                            "1",
                                            5)},
  };
  for (const auto& c : kCases) {
    auto set = LabelSet::from_bytes(c.bytes);
    ASSERT_FALSE(set.ok()) << c.name;
    EXPECT_EQ(set.error().code, Code::kCorrupt);
  }
}

TEST(Batch, ValidatesShape) {
  Batch good;
  good.label_sets.push_back(std::make_shared<LabelSet>(LabelSet::from_pairs({{"a", "1"}})));
  good.label_set_of_row = {0, 0};
  good.times = {1, 2};
  StringColumn lines;
  lines.push_back("x");
  lines.push_back("y");
  good.columns.push_back({std::string(kLineColumn), Column(lines)});
  EXPECT_TRUE(good.validate().ok());
  EXPECT_GE(good.bytes(), 2 * (8 + 4 + 4) + 2u);

  const struct {
    const char* name;
    void (*damage)(Batch&);
  } kCases[] = {
      {"times", [](Batch& b) { b.times.push_back(3); }},
      {"label set index", [](Batch& b) { b.label_set_of_row[1] = 1; }},
      {"missing label set", [](Batch& b) { b.label_sets[0] = nullptr; }},
      {"column rows", [](Batch& b) { std::get<StringColumn>(b.columns[0].column.values()).push_back("z"); }},
      {"column twice", [](Batch& b) { b.columns.push_back(b.columns[0]); }},
      {"ends go back", [](Batch& b) { std::get<StringColumn>(b.columns[0].column.values()).ends = {2, 1}; }},
      {"bytes without a row", [](Batch& b) { std::get<StringColumn>(b.columns[0].column.values()).bytes += "z"; }},
      {"code", [](Batch& b) { b.columns[0].column = Column(DictionaryColumn{{"a", {1}}, {0, 1}}); }},
  };
  for (const auto& c : kCases) {
    Batch bad = good;
    c.damage(bad);
    auto result = bad.validate();
    ASSERT_FALSE(result.ok()) << c.name;
    EXPECT_EQ(result.error().code, Code::kInvalid);
  }
}

}  // namespace
}  // namespace trilobite
