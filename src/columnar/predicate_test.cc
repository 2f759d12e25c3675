// Searching gives exactly what std::string_view::find gives, for both kernels, for strings and dictionaries, for all
// rows and for some.
#include "columnar/predicate.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "columnar/search.h"

namespace trilobite {
namespace {

using columnar::Searcher;

std::string random_text(std::mt19937_64& random, std::size_t length, unsigned letters) {
  std::string out(length, ' ');
  for (char& byte : out) byte = static_cast<char>("ab\0\xff\"e"[random() % letters]);
  return out;
}

TEST(Search, KernelsAgreeWithFind) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 20'000; ++round) {
    const unsigned letters = 1 + random() % 6;
    const std::string text = random_text(random, random() % 200, letters);
    std::string needle = random_text(random, random() % 12, letters);
    if (random() % 2 == 0 && !text.empty()) needle = text.substr(random() % text.size(), random() % 80);
    const Searcher searcher(needle);
    const std::size_t from = random() % (text.size() + 3);
    const std::size_t want = text.find(needle, from);
    ASSERT_EQ(searcher.find(text, from), want) << "round " << round;
    if (needle.size() < 2) continue;
    ASSERT_EQ(searcher.find_portable(text, from), want) << "round " << round;
    if (Searcher::has_wide()) {
      ASSERT_EQ(searcher.find_wide(text, from), want) << "round " << round;
    }
  }
}

// The buffer ends where the memory ends: the sanitizers see a kernel that reads on.
TEST(Search, StaysInsideTheText) {
  for (std::size_t size = 1; size < 100; ++size) {
    const std::vector<char> text(size, 'a');
    for (std::size_t length = 1; length <= size + 1; ++length) {
      const Searcher searcher(std::string(length, 'a'));
      EXPECT_EQ(searcher.find({text.data(), size}), length <= size ? 0 : std::string_view::npos);
    }
  }
}

std::vector<std::uint32_t> want_rows(const Predicate& predicate, const Column& column,
                                     const std::vector<std::uint32_t>& rows) {
  std::vector<std::uint32_t> out;
  for (const std::uint32_t row : rows) {
    bool any = false;
    for (const std::string& needle : predicate.needles) any |= column.text(row).find(needle) != std::string_view::npos;
    if (any == (predicate.op == Predicate::Op::kContainsAny)) out.push_back(row);
  }
  return out;
}

TEST(SelectRows, AgreesWithARowByRowSearch) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 2000; ++round) {
    StringColumn strings;
    DictionaryColumn coded;
    const unsigned letters = 2 + random() % 3;
    for (std::size_t i = random() % 10 + 1; i-- > 0;)
      coded.dictionary.push_back(random_text(random, random() % 10, letters));
    for (std::size_t i = random() % 200 + 1; i-- > 0;) {
      strings.push_back(random_text(random, random() % 10, letters));
      coded.codes.push_back(static_cast<std::uint32_t>(random() % coded.dictionary.size()));
    }
    Predicate predicate{"c", random() % 2 ? Predicate::Op::kContainsAny : Predicate::Op::kContainsNone, {}};
    for (std::size_t i = random() % 4; i-- > 0;)
      predicate.needles.push_back(random_text(random, random() % 5, letters));
    for (const Column& column : {Column(strings), Column(coded)}) {
      std::vector<std::uint32_t> rows;
      const unsigned one_in = 1 + random() % 12;
      for (std::uint32_t row = 0; row < column.size(); ++row) {
        if (random() % one_in == 0) rows.push_back(row);
      }
      const std::vector<std::uint32_t> want = want_rows(predicate, column, rows);
      select_rows(predicate, column, rows);
      ASSERT_EQ(rows, want) << "round " << round;
    }
  }
}

TEST(SelectRows, ARunAcrossTwoRowsIsNoHit) {
  StringColumn column;
  for (const char* value : {"err", "or", "error", "", "the error"}) column.push_back(value);
  std::vector<std::uint32_t> rows{0, 1, 2, 3, 4};
  select_rows({"c", Predicate::Op::kContainsAny, {"error"}}, Column(column), rows);
  EXPECT_EQ(rows, (std::vector<std::uint32_t>{2, 4}));
}

TEST(SelectRows, EmptyColumnsAndNeedles) {
  StringColumn column;
  column.push_back("");
  std::vector<std::uint32_t> rows{0};
  select_rows({"c", Predicate::Op::kContainsAny, {""}}, Column(column), rows);
  EXPECT_EQ(rows.size(), 1u);
  select_rows({"c", Predicate::Op::kContainsNone, {}}, Column(column), rows);
  EXPECT_EQ(rows.size(), 1u);
  select_rows({"c", Predicate::Op::kContainsNone, {""}}, Column(column), rows);
  EXPECT_EQ(rows.size(), 0u);
}

}  // namespace
}  // namespace trilobite
