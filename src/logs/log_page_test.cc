// Pages and lines around a line: every row once and in order, also among equal times, late rows and deletions.
#include "logs/log_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "logs/parser.h"
#include "logs/row_order.h"
#include "query/memory_store.h"

namespace trilobite::logql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Fixture {
  query::MemoryStore store;
  ThreadPool pool{"query", 2};
  ManualClock clock;

  LogExpr parse_log(std::string_view text) const {
    auto expr = parse(text, {.extensions = true});
    EXPECT_TRUE(expr.ok()) << text;
    return std::get<LogExpr>(std::move(expr->node));
  }
  Result<LogPage> page(const LogExpr& log, const LogQuery& query, const std::optional<LogPosition>& after) {
    query::QueryContext context({store, pool, clock}, "t", {}, nullptr);
    return run_log_page(context, log, query, after);
  }
  std::vector<LogRow> all_pages(const LogExpr& log, const LogQuery& query) {
    std::vector<LogRow> out;
    std::optional<LogPosition> after;
    for (;;) {
      auto one = page(log, query, after);
      EXPECT_TRUE(one.ok());
      if (!one.ok()) return out;
      for (LogRow& row : one->rows) out.push_back(std::move(row));
      EXPECT_EQ(one->truncated, one->next.has_value());
      if (!one->next) return out;
      // Through the text that clients hold.
      const auto cursor = parse_cursor(to_cursor(*one->next));
      EXPECT_TRUE(cursor.ok());
      after = *cursor;
    }
  }
};

std::vector<std::string> texts(const std::vector<LogRow>& rows) {
  std::vector<std::string> out;
  for (const LogRow& row : rows) out.push_back(std::to_string(row.time) + row.line);
  return out;
}

TEST(LogPage, PagesPutTogetherAreTheWholeAnswer) {
  std::mt19937 random(7);
  Fixture f;
  for (int i = 0; i < 400; ++i) {
    f.store.add({{"app", "x"}, {"host", std::to_string(random() % 3)}}, static_cast<TimeNs>(random() % 12),
                "line " + std::to_string(random() % 50));
  }
  const LogExpr log = f.parse_log("{app=\"x\"} !~ \"7$\"");
  for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
    const auto whole = f.page(log, {{0, 100}, direction, 1000, 0}, {});
    ASSERT_TRUE(whole.ok());
    EXPECT_FALSE(whole->truncated);
    for (const std::size_t limit : {1u, 2u, 7u, 100u, 399u}) {
      EXPECT_EQ(texts(f.all_pages(log, {{0, 100}, direction, limit, 0})), texts(whole->rows)) << limit;
    }
  }
}

TEST(LogPage, LateRowsDoNotShiftWhatFollows) {
  Fixture f;
  for (const char* line : {"b", "d", "f", "h"}) f.store.add({{"app", "x"}}, 5, line);
  const LogExpr log = f.parse_log("{app=\"x\"}");
  const LogQuery query{{0, 100}, Direction::kForward, 2, 0};
  const auto first = f.page(log, query, {});
  ASSERT_TRUE(first.ok());
  EXPECT_THAT(texts(first->rows), ElementsAre("5b", "5d"));
  for (const char* line : {"a", "c", "e"}) f.store.add({{"app", "x"}}, 5, line);
  f.store.add({{"app", "x"}}, 4, "earlier");
  const auto second = f.page(log, query, first->next);
  ASSERT_TRUE(second.ok());
  EXPECT_THAT(texts(second->rows), ElementsAre("5e", "5f"));
}

// The row that a cursor was made of is gone: as many of its time are left out as were given out.
TEST(LogPage, ADeletedRowIsSkippedByNumber) {
  Fixture f;
  for (const char* line : {"a", "b", "c", "d"}) f.store.add({{"app", "x"}}, 5, line);
  const auto page = f.page(f.parse_log("{app=\"x\"}"), {{0, 100}, Direction::kForward, 5, 0},
                           LogPosition{Direction::kForward, 5, 2, 12345});
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(texts(page->rows), ElementsAre("5c", "5d"));
}

TEST(LogPage, CountsWhatIsBehind) {
  Fixture f;
  for (int i = 0; i < 100; ++i) f.store.add({{"app", "x"}}, i / 4, (i % 2 == 0 ? "even " : "odd ") + std::to_string(i));
  f.store.add({{"app", "x"}}, 200, "outside");
  const LogExpr log = f.parse_log("{app=\"x\"} |= \"even\" | json");  // no line is JSON: errors do not matter
  for (const Direction direction : {Direction::kForward, Direction::kBackward}) {
    const LogQuery query{{0, 100}, direction, 13, 0};
    const auto page = f.page(log, query, {});
    ASSERT_TRUE(page.ok());
    ASSERT_TRUE(page->next);
    query::QueryContext context({f.store, f.pool, f.clock}, "t", {}, nullptr);
    const auto behind = count_behind(context, log, query, *page);
    ASSERT_TRUE(behind.ok()) << behind.error().message;
    EXPECT_EQ(*behind, 37u);
  }
}

TEST(LogPage, RefusesWhatCannotGoOn) {
  Fixture f;
  const LogPosition after{Direction::kForward, 5, 1, 1};
  const LogQuery forward{{0, 100}, Direction::kForward, 5, 0};
  for (const char* query : {"{app=\"x\"} | distinct a", "{app=\"x\"} | sort by (a)"}) {
    EXPECT_EQ(f.page(f.parse_log(query), forward, after).error().code, Code::kInvalid) << query;
  }
  const auto turned = f.page(f.parse_log("{app=\"x\"}"), {{0, 100}, Direction::kBackward, 5, 0}, after);
  ASSERT_FALSE(turned.ok());
  EXPECT_THAT(turned.error().message, HasSubstr("other direction"));
}

TEST(Cursor, IsReadBackAndNothingElseIs) {
  for (const TimeNs time : {TimeNs{0}, TimeNs{-5}, INT64_MAX, INT64_MIN}) {
    const auto back = parse_cursor(to_cursor({Direction::kForward, time, 3, 0xFFFFFFFFFFFFFFFFu}));
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(back->time, time);
    EXPECT_EQ(back->rows, 3u);
    EXPECT_EQ(back->hash, 0xFFFFFFFFFFFFFFFFu);
  }
  for (const char* wrong : {"", "f", "x5.1.0000000000000001", "f5.1.1", "f5.0.0000000000000001", "f5.1.000000000000000g",
                            "f5.1.0000000000000001 ", "f99999999999999999999.1.0000000000000001", "f5..0000000000000001",
                            "b5.-1.0000000000000001", "f5.1.00000000000000011"}) {
    EXPECT_FALSE(parse_cursor(wrong).ok()) << wrong;
  }
}

TEST(Surroundings, AreOldestFirstAlsoAmongEqualTimes) {
  Fixture f;
  for (const char* line : {"a", "b", "c", "d", "e"}) f.store.add({{"app", "x"}}, 5, line);
  for (TimeNs time : {1, 2, 8, 9}) f.store.add({{"app", "x"}}, time, "t");
  f.store.add({{"app", "other"}}, 5, "c");
  const LogExpr log = f.parse_log("{app=\"x\"}");
  const auto around = [&](SurroundingsQuery query) {
    query.range = {0, 100};
    query.time = 5;
    query::QueryContext context({f.store, f.pool, f.clock}, "t", {}, nullptr);
    auto found = run_surroundings(context, log, query);
    EXPECT_TRUE(found.ok());
    return std::vector{texts(found->before), texts(found->at), texts(found->after)};
  };
  EXPECT_THAT(around({.line = "c", .before = 3, .after = 3}),
              ElementsAre(ElementsAre("2t", "5a", "5b"), ElementsAre("5c"), ElementsAre("5d", "5e", "8t")));
  EXPECT_THAT(around({.line = "c", .before = 1, .after = 1}),
              ElementsAre(ElementsAre("5b"), ElementsAre("5c"), ElementsAre("5d")));
  EXPECT_THAT(around({.line = "c", .before = 0, .after = 0}), ElementsAre(IsEmpty(), ElementsAre("5c"), IsEmpty()));
  EXPECT_THAT(around({.before = 1, .after = 9}),
              ElementsAre(ElementsAre("2t"), ElementsAre("5a", "5b", "5c", "5d", "5e"), ElementsAre("8t", "9t")));
  EXPECT_THAT(around({.line = "none", .before = 6, .after = 1}),
              ElementsAre(ElementsAre("2t", "5a", "5b", "5c", "5d", "5e"), IsEmpty(), ElementsAre("8t")));
}

// Sorting is a strict weak order whatever the values are: NaN and mixed kinds included.
TEST(RowOrder, IsTotalOverValuesOfAllKinds) {
  const std::vector<std::string> ascending{"-5", "0", "1e3", "NaN", "1ms", "2s", "5B", "1KB", "abc", "b", ""};
  const auto stream = std::make_shared<const LabelSet>();
  for (const bool descending : {false, true}) {
    const RowOrder order(Direction::kForward, SortClause{{"v"}, descending});
    for (std::size_t i = 0; i < ascending.size(); ++i) {
      for (std::size_t j = 0; j < ascending.size(); ++j) {
        LogRow a{0, stream, "x", {{"v", ascending[i], LabelCategory::kParsed}}};
        LogRow b{0, stream, "x", {{"v", ascending[j], LabelCategory::kParsed}}};
        const bool a_first = order.before(order.rank(a), order.rank(b));
        const bool b_first = order.before(order.rank(b), order.rank(a));
        EXPECT_FALSE(a_first && b_first) << ascending[i] << " " << ascending[j];
        if (i == j) continue;
        EXPECT_TRUE(a_first || b_first);
        if (descending) continue;  // rows without the field are last in either direction
        EXPECT_EQ(a_first, i < j) << ascending[i] << " " << ascending[j];
      }
    }
  }
}

}  // namespace
}  // namespace trilobite::logql
