// Random histories against the simplest possible store, a list of rows: appends in and out of order, repeats, flushes,
// merges, restarts; then scans with random matchers, ranges, predicates and directions, and label queries.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <random>
#include <regex>
#include <set>

#include "storage/test_rows.h"
#include "storage/window.h"

namespace trilobite::storage {
namespace {

class Model {
 public:
  explicit Model(std::uint64_t seed) : random_(seed) {}

  void run(TestStore& test) {
    for (int step = 0; step < 60; ++step) {
      const std::uint64_t dice = pick(20);
      if (dice < 12) {
        append(test);
      } else if (dice < 16) {
        ASSERT_OK(test.store->flush());
      } else if (dice < 18) {
        ASSERT_OK(test.store->merge_once());
        test.clock.advance(std::chrono::minutes(pick(3)));
      } else if (dice < 19) {
        ASSERT_OK(test.open());
      }
      check_scan(test);
      if (step % 10 == 0) check_labels(test);
    }
    for (int i = 0; i < 20; ++i) check_scan(test);
  }

 private:
  std::uint64_t pick(std::uint64_t below) {
    return std::uniform_int_distribution<std::uint64_t>(0, below - 1)(random_);
  }

  TestRow make_row() {
    TestRow row;
    row.labels = fmt::format("app=a{}", pick(4));
    if (pick(2) == 0) row.labels += fmt::format(",host=h{}", pick(3));
    if (pick(4) == 0) row.labels += fmt::format(",zone=z-{}", pick(12));
    // Mostly forward, sometimes late, often at the same time; over three windows.
    now_ += static_cast<TimeNs>(pick(20)) * kNsPerSecond;
    row.time = pick(5) == 0 ? kTestTime + static_cast<TimeNs>(pick(21'000)) * kNsPerSecond
                            : kTestTime + now_ % (21'000 * kNsPerSecond);
    row.line = fmt::format("line {} {}", pick(3), std::string(pick(40), static_cast<char>('a' + pick(3))));
    if (pick(2) == 0) row.line = make_log_line(pick(1000), row.time);
    if (pick(3) == 0) row.metadata = fmt::format("trace{}", pick(5));
    return row;
  }

  void append(TestStore& test) {
    std::vector<TestRow> rows;
    for (std::uint64_t n = 1 + pick(40); n > 0; --n) {
      rows.push_back(!all_.empty() && pick(6) == 0
                         ? *std::next(all_.begin(), static_cast<std::ptrdiff_t>(pick(all_.size())))
                         : make_row());
    }
    ASSERT_OK(test.append(rows));
    all_.insert(rows.begin(), rows.end());
  }

  std::vector<Matcher> random_matchers() {
    static const std::vector<std::string> kNames{"app", "host", "zone", "absent"};
    static const std::vector<std::string> kEqual{"a1", "h1", "z-3", "", "nothing"};
    static const std::vector<std::string> kRegex{"a[12]",   "h1|h2", "z-1.*",    ".*",     ".+",    "",
                                                 "(a1|a3)", "a1|",   "z-(1|2)?", "[^a].*", "(?i)A2"};
    std::vector<Matcher> out;
    for (std::uint64_t n = pick(3); n > 0; --n) {
      const auto op = static_cast<MatchOp>(pick(4));
      const bool regex = op == MatchOp::kRegex || op == MatchOp::kNotRegex;
      out.push_back(
          {kNames[pick(kNames.size())], op, regex ? kRegex[pick(kRegex.size())] : kEqual[pick(kEqual.size())]});
    }
    return out;
  }

  static bool matches(const Matcher& matcher, const LabelSet& set) {
    const std::string value(set.get(matcher.name));
    const bool equal = matcher.op == MatchOp::kEqual || matcher.op == MatchOp::kNotEqual;
    const bool negated = matcher.op == MatchOp::kNotEqual || matcher.op == MatchOp::kNotRegex;
    const auto flags =
        matcher.value.starts_with("(?i)") ? std::regex::ECMAScript | std::regex::icase : std::regex::ECMAScript;
    const std::string pattern = matcher.value.starts_with("(?i)") ? matcher.value.substr(4) : matcher.value;
    return (equal ? value == matcher.value : std::regex_match(value, std::regex(pattern, flags))) != negated;
  }

  TimeRange random_range() {
    if (pick(3) == 0) return kAlways;
    const TimeNs start = kTestTime + static_cast<TimeNs>(pick(21'000)) * kNsPerSecond;
    return {start, start + static_cast<TimeNs>(pick(9'000)) * kNsPerSecond};
  }

  bool in(const TestRow& row, const std::vector<Matcher>& matchers, TimeRange range) const {
    const LabelSetRef set = make_labels(row.labels);
    return row.time >= range.start && row.time < range.end &&
           std::all_of(matchers.begin(), matchers.end(),
                       [&](const Matcher& matcher) { return matches(matcher, *set); });
  }

  std::vector<std::string> random_needles() {
    static const std::vector<std::vector<std::string>> kNeedles{
        {"line 1", "bbb"},        {"worker 3"}, {"\"level\":\"ERROR\""}, {"retry 4\" user=u1"},
        {"10.0.7", "v2 HTTP"}, {"absent"}};
    return kNeedles[pick(kNeedles.size())];
  }

  void check_scan(TestStore& test) {
    ScanRequest request = make_scan(random_matchers(), random_range());
    request.direction = pick(2) == 0 ? Direction::kForward : Direction::kBackward;
    if (pick(3) == 0)
      request.predicates.push_back({std::string(kLineColumn), static_cast<Predicate::Op>(pick(2)), random_needles()});
    if (pick(3) == 0)
      request.predicates.push_back(
          {std::string(kMetadataColumn), static_cast<Predicate::Op>(pick(2)), {pick(2) == 0 ? "trace1" : ""}});
    std::vector<TestRow> want;
    for (const TestRow& row : all_) {
      const bool passes =
          std::all_of(request.predicates.begin(), request.predicates.end(), [&](const Predicate& predicate) {
            const std::string& value = predicate.column == kLineColumn ? row.line : row.metadata;
            const bool found =
                std::any_of(predicate.needles.begin(), predicate.needles.end(),
                            [&](const std::string& needle) { return value.find(needle) != std::string::npos; });
            return found == (predicate.op == Predicate::Op::kContainsAny);
          });
      if (passes && in(row, request.matchers, request.range)) want.push_back(row);
    }
    std::sort(want.begin(), want.end());
    std::vector<TestRow> got;
    check_contract(test, request, got);
    std::sort(got.begin(), got.end());
    EXPECT_EQ(got, want);
  }

  // What a scan promises about order and pointers.
  void check_contract(TestStore& test, const ScanRequest& request, std::vector<TestRow>& got) {
    auto scan = test.store->scan(request);
    ASSERT_OK(scan);
    std::map<std::string, LabelSetRef> pointer_of;
    for (const bool applied : (*scan)->applied()) EXPECT_TRUE(applied);
    for (;;) {
      auto batch = (*scan)->next();
      ASSERT_OK(batch);
      if (!*batch) break;
      const Batch& rows = **batch;
      for (const LabelSetRef& set : rows.label_sets) {
        const LabelSetRef& known = pointer_of.try_emplace(std::string(set->bytes()), set).first->second;
        EXPECT_EQ(known.get(), set.get());
      }
      for (std::size_t row = 1; row < rows.rows(); ++row) {
        const LabelSet& before = *rows.label_sets[rows.label_set_of_row[row - 1]];
        const LabelSet& here = *rows.label_sets[rows.label_set_of_row[row]];
        EXPECT_TRUE(before < here || (before == here && rows.times[row - 1] <= rows.times[row]))
            << "rows of a batch are by (label set, time)";
      }
      add_rows(rows, got);
    }
  }

  void check_labels(TestStore& test) {
    IndexRequest request{.tenant = "t",
                         .range = pick(2) == 0 ? kAlways : TimeRange{kTestTime, kTestTime + 2 * kHourNs},
                         .matchers = random_matchers()};
    std::set<std::string> names, values;
    std::map<std::string, std::uint64_t> series;
    for (const TestRow& row : all_) {
      if (!in(row, request.matchers, request.range)) continue;
      const LabelSetRef set = make_labels(row.labels);
      for (const auto& [name, value] : *set) {
        names.emplace(name);
        if (name == "zone") values.emplace(value);
      }
      ++series[row.labels];
    }
    // Ranges are whole windows here; within one, a series counts by its first and last row.
    auto got_names = test.store->label_names(request);
    ASSERT_OK(got_names);
    EXPECT_THAT(*got_names, ::testing::ElementsAreArray(names));
    auto got_values = test.store->label_values(request, "zone");
    ASSERT_OK(got_values);
    EXPECT_THAT(*got_values, ::testing::ElementsAreArray(values));
    auto got_series = test.store->series(request);
    ASSERT_OK(got_series);
    ASSERT_EQ(got_series->size(), series.size());
    for (const SeriesInfo& info : *got_series) {
      EXPECT_GE(info.rows, series.at(print_labels(*info.labels))) << "an upper bound";
      EXPECT_GE(info.bytes, info.rows * 6);
    }
    EXPECT_TRUE(std::is_sorted(got_series->begin(), got_series->end(),
                               [](const SeriesInfo& a, const SeriesInfo& b) { return *a.labels < *b.labels; }));
  }

  std::mt19937_64 random_;
  TimeNs now_ = 0;
  std::set<TestRow> all_;
};

TEST(Model, RandomHistories) {
  for (std::uint64_t seed = 1; seed <= 40 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    TestStore test;
    ASSERT_OK(test.open());
    Model(seed).run(test);
  }
}

}  // namespace
}  // namespace trilobite::storage
