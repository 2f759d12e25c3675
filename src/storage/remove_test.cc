// Deleted rows are hidden at once, and gone from the parts after a rewriting that survives a power cut at every
// operation.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "storage/test_rows.h"

namespace trilobite::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Rows whose line has a text in it.
class LineJudge final : public RowJudge {
 public:
  explicit LineJudge(std::string needle) : needle_(std::move(needle)) {}
  void begin_stream(const LabelSetRef& labels) override { EXPECT_FALSE(labels->empty()); }
  bool is_deleted(TimeNs, std::string_view line, std::string_view) override {
    return line.find(needle_) != std::string_view::npos;
  }

 private:
  std::string needle_;
};

RowFilter make_filter(std::uint64_t id, std::vector<Matcher> matchers, TimeRange range, const std::string& needle) {
  RowFilter out{.id = id, .tenant = "t", .range = range, .matchers = std::move(matchers), .make_judge = {}};
  if (!needle.empty()) out.make_judge = [needle] { return std::make_unique<LineJudge>(needle); };
  return out;
}

const Matcher kApp{"app", MatchOp::kEqual, "a"};

void hide(TestStore& test, const RowFilters& filters) {
  test.store->hide_rows(std::make_shared<const RowFilters>(filters));
}

std::vector<TestRow> rows_of(TestStore& test) { return read_rows(*test.store, make_scan()); }

// Two apps, three windows, some rows with metadata.
std::vector<TestRow> make_rows() {
  std::vector<TestRow> out;
  for (int i = 0; i < 60; ++i) {
    out.push_back({i % 2 == 0 ? "app=a,host=h" + std::to_string(i % 3) : "app=b", kTestTime + i * 300 * kNsPerSecond,
                   fmt::format("{} row {}", i % 3 == 0 ? "secret" : "plain", i), i % 5 == 0 ? "m" : ""});
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<TestRow> without(std::vector<TestRow> rows, TimeRange range, const std::string& needle) {
  std::erase_if(rows, [&](const TestRow& row) {
    return row.labels.starts_with("app=a") && row.time >= range.start && row.time < range.end &&
           row.line.find(needle) != std::string::npos;
  });
  return rows;
}

Result<void> remove_all(TestStore& test, const RowFilter& filter) {
  TRY_VOID(test.store->flush());
  for (;;) {
    TRY(progress, test.store->remove_rows_once(filter));
    if (progress == RowRemoval::kDone) return {};
    if (progress == RowRemoval::kBusy) return error(Code::kInternal, "nothing merges here");
  }
}

struct Case {
  std::string name;
  TimeRange range;
  std::string needle;
};
const Case kCases[] = {
    {"everything of a stream", kAlways, ""},
    {"some lines", kAlways, "secret"},
    {"a stretch of time", {kTestTime + 1500 * kNsPerSecond, kTestTime + 9000 * kNsPerSecond}, ""},
    {"some lines of a stretch", {kTestTime + 1500 * kNsPerSecond, kTestTime + 9000 * kNsPerSecond}, "secret"},
    {"nothing", {kTestTime - 10, kTestTime}, ""},
};

TEST(HideRows, InHeadAndPartsAndNoLongerWhenCancelled) {
  const std::vector<TestRow> rows = make_rows();
  for (const Case& c : kCases) {
    for (const bool flushed : {false, true}) {
      TestStore test;
      ASSERT_OK(test.open());
      ASSERT_OK(test.append(rows));
      if (flushed) {
        ASSERT_OK(test.store->flush());
      }
      hide(test, {make_filter(1, {kApp}, c.range, c.needle)});
      EXPECT_EQ(rows_of(test), without(rows, c.range, c.needle)) << c.name;
      ScanRequest backward = make_scan({kApp});
      backward.direction = Direction::kBackward;
      for (const TestRow& row : read_rows(*test.store, backward)) EXPECT_TRUE(row.labels.starts_with("app=a"));
      hide(test, {});
      EXPECT_EQ(rows_of(test), rows) << c.name << ": cancelled";
    }
  }
}

TEST(HideRows, OnlyOfTheTenantAndAfterPredicates) {
  const std::vector<TestRow> rows = make_rows();
  TestStore test;
  ASSERT_OK(test.open());
  ASSERT_OK(test.append(rows));
  ASSERT_OK(test.append(rows, {}, "other"));
  hide(test, {make_filter(1, {kApp}, kAlways, ""), make_filter(2, {}, {kTestTime, kTestTime + 1}, "")});
  EXPECT_EQ(rows_of(test).size(), 30u);
  EXPECT_EQ(read_rows(*test.store, make_scan({}, kAlways, "other")).size(), 60u);
  ScanRequest request = make_scan();
  request.predicates.push_back(
      {.column = std::string(kLineColumn), .op = Predicate::Op::kContainsAny, .needles = {"secret"}});
  for (const TestRow& row : read_rows(*test.store, request)) EXPECT_EQ(row.labels, "app=b");
}

TEST(RemoveRows, FromEveryPartAndForGood) {
  const std::vector<TestRow> rows = make_rows();
  for (const Case& c : kCases) {
    TestStore test;
    ASSERT_OK(test.open());
    for (std::size_t begin = 0; begin < rows.size(); begin += 20) {
      ASSERT_OK(test.append({rows.begin() + static_cast<std::ptrdiff_t>(begin),
                             rows.begin() + static_cast<std::ptrdiff_t>(begin) + 20}));
      ASSERT_OK(test.store->flush());
    }
    const RowFilter filter = make_filter(7, {kApp}, c.range, c.needle);
    ASSERT_OK(remove_all(test, filter)) << c.name;
    const std::vector<TestRow> want = without(rows, c.range, c.needle);
    EXPECT_EQ(rows_of(test), want) << c.name << ", and nothing is hidden";
    EXPECT_EQ(test.store->statistics().rows_stored, want.size());
    const auto report = check_directory(test.files, "data");
    ASSERT_OK(report);
    EXPECT_TRUE(report->ok) << c.name;
    if (c.needle.empty() && c.range.start == kAlways.start) {
      EXPECT_THAT(*test.store->label_values({"t", Signal::kLogs, kAlways, {}}, "app"), ElementsAre("b"));
      EXPECT_THAT(*test.store->label_values({"t", Signal::kLogs, kAlways, {}}, "host"), IsEmpty());
    }
    while (*test.store->merge_once()) {
    }
    ASSERT_OK(remove_all(test, filter)) << c.name << ": again, there is nothing to do";
    EXPECT_EQ(rows_of(test), want) << c.name;
    ASSERT_OK(test.open());
    EXPECT_EQ(rows_of(test), want) << c.name << ", after a restart";
  }
}

TEST(RemoveRows, APowerCutAtEveryOperationLosesNoOtherRow) {
  const std::vector<TestRow> rows = make_rows();
  const TimeRange range = kCases[3].range;
  const std::vector<TestRow> want = without(rows, range, "secret");
  const RowFilter filter = make_filter(7, {kApp}, range, "secret");
  for (std::uint64_t number = 0;; ++number) {
    bool survived = false;
    for (const CrashMode mode : {CrashMode::kDropUnsynced, CrashMode::kKeepUnsynced, CrashMode::kTear}) {
      TestStore test;
      ASSERT_OK(test.open());
      ASSERT_OK(test.append(rows));
      ASSERT_OK(test.store->flush());
      const std::uint64_t begin = test.files.operations();
      test.files.cut_power_at(begin + number);
      survived = remove_all(test, filter).ok() && test.files.operations() <= begin + number;
      test.store.reset();
      test.files.crash(mode, number);
      ASSERT_OK(test.open()) << number;
      hide(test, {filter});
      EXPECT_EQ(rows_of(test), want) << "power cut at operation " << number << ", hidden";
      ASSERT_OK(remove_all(test, filter)) << number;
      hide(test, {});
      EXPECT_EQ(rows_of(test), want) << "power cut at operation " << number << ", removed";
      ASSERT_OK(test.open()) << number;
      EXPECT_EQ(rows_of(test), want) << "power cut at operation " << number << ", after a restart";
      EXPECT_TRUE(test.store->recovery_messages().empty());
    }
    if (survived) break;
  }
}

TEST(RemoveRows, AFailureLeavesThePartAsItWas) {
  const std::vector<TestRow> rows = make_rows();
  const RowFilter filter = make_filter(7, {kApp}, kAlways, "secret");
  for (const Code code : {Code::kIo, Code::kNoSpace}) {
    for (std::uint64_t number = 0;; ++number) {
      TestStore test;
      ASSERT_OK(test.open());
      ASSERT_OK(test.append(rows));
      ASSERT_OK(test.store->flush());
      const std::uint64_t begin = test.files.operations();
      test.files.fail_at(begin + number, code);
      static_cast<void>(remove_all(test, filter));
      const bool was_last = test.files.operations() <= begin + number;
      test.files.clear_faults();
      hide(test, {filter});
      EXPECT_EQ(rows_of(test), without(rows, kAlways, "secret")) << number;
      ASSERT_OK(test.open());
      ASSERT_OK(remove_all(test, filter)) << number;
      EXPECT_EQ(rows_of(test), without(rows, kAlways, "secret")) << number;
      if (was_last) break;
    }
  }
}

}  // namespace
}  // namespace trilobite::storage
