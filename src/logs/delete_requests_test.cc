// Delete requests hide lines at once, survive every crash, are carried out in time, and can be taken back before.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/simulated_file_system.h"
#include "logs/delete_requests.h"

namespace trilobite::logql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr TimeNs kStart = 1'768'435'200 * kNsPerSecond;
constexpr TimeNs kEnd = kStart + 100 * kNsPerSecond;

struct Site {
  SimulatedFileSystem files;
  ManualClock clock{kEnd};
  std::unique_ptr<EmbeddedStore> store;
  std::unique_ptr<DeleteRequests> deletes;
  DeleteOptions options{"deletes", std::chrono::hours(24), true};

  Result<void> open() {
    deletes.reset();
    store.reset();
    StorageOptions storage;
    storage.directory = "data";
    storage.background = false;
    storage.reserve_bytes = 0;
    TRY(opened, EmbeddedStore::open({files, clock}, storage));
    store = std::move(opened);
    TRY(requests, DeleteRequests::open(files, clock, *store, options));
    deletes = std::move(requests);
    return {};
  }

  // Line i comes i seconds after the start.
  Result<void> append(const std::string& app, const std::vector<std::string>& lines, const std::string& tenant = "t") {
    Batch batch;
    batch.label_sets.push_back(std::make_shared<LabelSet>(LabelSet::from_pairs({{"app", app}})));
    StringColumn column;
    for (std::size_t i = 0; i < lines.size(); ++i) {
      batch.label_set_of_row.push_back(0);
      batch.times.push_back(kStart + static_cast<TimeNs>(i) * kNsPerSecond);
      column.push_back(lines[i]);
    }
    batch.columns.push_back({std::string(kLineColumn), Column(std::move(column))});
    return store->append(tenant, Signal::kLogs, batch, {});
  }

  std::vector<std::string> lines(const std::string& tenant = "t") {
    std::vector<std::string> out;
    ScanRequest request;
    request.tenant = tenant;
    request.range = {0, kEnd + 1};
    request.columns = {std::string(kLineColumn)};
    auto scan = store->scan(std::move(request));
    EXPECT_TRUE(scan.ok());
    for (;;) {
      auto batch = (*scan)->next();
      EXPECT_TRUE(batch.ok());
      if (!batch.ok() || !*batch) break;
      for (std::size_t row = 0; row < (*batch)->rows(); ++row)
        out.emplace_back((*batch)->find(kLineColumn)->text(row));
    }
    return out;
  }

  Result<void> execute_all() {
    for (;;) {
      TRY(more, deletes->execute_once());
      if (!more) return {};
    }
  }
};

// The whole way: what the query says goes, in the head and in parts, hidden and removed; other lines and tenants stay.
TEST(DeleteRequests, SelectorsFiltersAndParsers) {
  struct Case {
    std::string query;
    TimeNs start, end;
    std::vector<std::string> left;
  };
  const std::vector<std::string> all = {R"({"level":"error","user":"u1"})", R"({"level":"info","user":"u2"})",
                                        "plain u1"};
  const Case cases[] = {
      {R"({app="a"})", kStart, kEnd, {}},
      {R"({app="b"})", kStart, kEnd, all},
      {R"({app=~"a|b"} |= "u1")", kStart, kEnd, {all[1]}},
      {R"({app="a"} != "u1")", kStart, kEnd, {all[0], all[2]}},
      {R"({app="a"} |~ "u[12]\"")", kStart, kEnd, {all[2]}},
      {R"({app="a"} | json | user="u1")", kStart, kEnd, {all[1], all[2]}},
      {R"({app="a"})", kStart + 1, kStart + kNsPerSecond, {all[0], all[2]}},  // both ends are included
  };
  for (const Case& c : cases) {
    for (const bool flushed : {false, true}) {
      Site site;
      ASSERT_TRUE(site.open().ok());
      ASSERT_TRUE(site.append("a", all).ok());
      ASSERT_TRUE(site.append("a", all, "other").ok());
      if (flushed) {
        ASSERT_TRUE(site.store->flush().ok());
      }
      ASSERT_TRUE(site.deletes->add("t", c.query, c.start, c.end).ok()) << c.query;
      EXPECT_EQ(site.lines(), c.left) << c.query;
      EXPECT_EQ(site.lines("other"), all) << c.query;
      ASSERT_TRUE(site.execute_all().ok());
      EXPECT_EQ(site.store->statistics().rows_stored, 6u) << "it can still be cancelled";
      site.clock.advance(std::chrono::hours(24));
      ASSERT_TRUE(site.execute_all().ok());
      EXPECT_EQ(site.deletes->list("t")[0].state, DeleteRequest::State::kProcessed);
      EXPECT_EQ(site.store->statistics().rows_stored, 3 + c.left.size()) << c.query;
      EXPECT_EQ(site.lines(), c.left) << c.query;
      ASSERT_TRUE(site.append("a", {"new"}).ok());
      EXPECT_EQ(site.lines().size(), c.left.size() + 1) << "what comes later is another matter";
      ASSERT_TRUE(site.open().ok());
      EXPECT_EQ(site.lines().size(), c.left.size() + 1) << c.query;
    }
  }
}

TEST(DeleteRequests, ACancelledOneShowsItsLinesAgain) {
  Site site;
  ASSERT_TRUE(site.open().ok());
  ASSERT_TRUE(site.append("a", {"one", "two"}).ok());
  const auto first = site.deletes->add("t", R"({app="a"} |= "one")", kStart, kEnd);
  const auto second = site.deletes->add("t", R"({app="a"} |= "two")", kStart, kEnd);
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_NE(first->id, second->id);
  EXPECT_THAT(site.lines(), IsEmpty());
  EXPECT_EQ(site.deletes->cancel("other", first->id).error().code, Code::kNotFound);
  EXPECT_EQ(site.deletes->cancel("t", "12345678").error().message, "could not find delete request with given id");
  ASSERT_TRUE(site.deletes->cancel("t", first->id).ok());
  EXPECT_THAT(site.lines(), ElementsAre("one"));
  ASSERT_TRUE(site.open().ok());
  EXPECT_THAT(site.lines(), ElementsAre("one"));
  EXPECT_EQ(site.deletes->list("t").size(), 1u);
  EXPECT_THAT(site.deletes->list("other"), IsEmpty());
  site.clock.advance(std::chrono::hours(25));
  ASSERT_TRUE(site.execute_all().ok());
  EXPECT_THAT(site.deletes->cancel("t", second->id).error().message, HasSubstr("already processed is not allowed"));
  EXPECT_THAT(site.lines(), ElementsAre("one"));
}

TEST(DeleteRequests, FilterOnlyNeverRemoves) {
  Site site;
  site.options.remove = false;
  ASSERT_TRUE(site.open().ok());
  ASSERT_TRUE(site.append("a", {"one"}).ok());
  ASSERT_TRUE(site.deletes->add("t", R"({app="a"})", kStart, kEnd).ok());
  site.clock.advance(std::chrono::hours(100));
  ASSERT_TRUE(site.execute_all().ok());
  EXPECT_EQ(site.store->statistics().rows_stored, 1u);
  EXPECT_THAT(site.lines(), IsEmpty());
}

TEST(DeleteRequests, ADamagedFileIsNotTakenForAnEmptyOne) {
  Site site;
  ASSERT_TRUE(site.open().ok());
  ASSERT_TRUE(site.deletes->add("t", R"({app="a"} |= "x")", kStart, kEnd).ok());
  const std::string whole = *site.files.read_all("deletes");
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    EXPECT_FALSE(decode_deletes(damaged).ok()) << at;
    EXPECT_FALSE(decode_deletes(whole.substr(0, at)).ok()) << at;
  }
  site.files.write_durable("deletes", whole + "x");
  const auto opened = site.open();
  ASSERT_FALSE(opened.ok());
  EXPECT_THAT(opened.error().message, HasSubstr("cannot read the delete requests in deletes"));
  site.files.write_durable("deletes", whole);
  EXPECT_TRUE(site.open().ok());
}

// Accepted means hidden, whatever happens then; not accepted means nothing, or all of it.
TEST(DeleteRequests, APowerCutAtEveryOperation) {
  for (std::uint64_t number = 0;; ++number) {
    bool survived = false;
    for (const CrashMode mode : {CrashMode::kDropUnsynced, CrashMode::kKeepUnsynced, CrashMode::kTear}) {
      Site site;
      ASSERT_TRUE(site.open().ok());
      ASSERT_TRUE(site.append("a", {"one", "two"}).ok());
      ASSERT_TRUE(site.store->flush().ok());
      ASSERT_TRUE(site.append("a", {"three one"}).ok());
      const std::uint64_t begin = site.files.operations();
      site.files.cut_power_at(begin + number);
      const bool accepted = site.deletes->add("t", R"({app="a"} |= "one")", kStart, kEnd).ok();
      site.clock.advance(std::chrono::hours(24));
      static_cast<void>(site.execute_all());
      survived = site.files.operations() <= begin + number;
      site.deletes.reset();
      site.store.reset();
      site.files.crash(mode, number);
      ASSERT_TRUE(site.open().ok()) << number;
      const bool hidden = site.lines().size() == 1;
      EXPECT_TRUE(hidden || !accepted) << number;
      ASSERT_TRUE(site.execute_all().ok()) << number;
      EXPECT_EQ(site.lines().size(), hidden ? 1u : 3u) << number;
      EXPECT_THAT(site.lines(), ::testing::Contains("two")) << number;
      site.store->hide_rows(std::make_shared<const RowFilters>());
      EXPECT_EQ(site.lines().size(), hidden ? 1u : 3u) << number << ": they are gone, not hidden";
    }
    if (survived) break;
  }
}

}  // namespace
}  // namespace trilobite::logql
