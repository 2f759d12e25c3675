// Several tenants read as one: rows and labels of each, told apart by __tenant_id__; one tenant stays as it is.
#include "storage/joined_tenants.h"

#include <gtest/gtest.h>

#include <map>

#include "storage/label_matcher.h"

namespace trilobite {
namespace {

// Batches by tenant. Matchers are held to, blocks are one batch each, newest or oldest first.
class TenantsStore final : public Store {
 public:
  std::map<std::string, std::vector<Batch>, std::less<>> batches;

  Result<void> append(std::string_view tenant, Signal, const Batch& batch, const AppendOptions&) override {
    batches[std::string(tenant)].push_back(batch);
    return {};
  }
  Result<std::unique_ptr<Scan>> scan(ScanRequest request) override {
    class List final : public Scan {
     public:
      std::vector<Batch> left;
      std::vector<bool> flags;
      Result<std::optional<Batch>> next() override {
        if (left.empty()) return std::optional<Batch>();
        Batch first = std::move(left.front());
        left.erase(left.begin());
        return std::optional(std::move(first));
      }
      void tighten(TimeNs) override {}
      const std::vector<bool>& applied() const override { return flags; }
      ScanStats stats() const override { return {.blocks = 1}; }
    };
    auto scan = std::make_unique<List>();
    for (const Batch& batch : batches[request.tenant]) {
      if (matches(*batch.label_sets[0], request.matchers)) scan->left.push_back(batch);
    }
    if (request.direction == Direction::kBackward) std::reverse(scan->left.begin(), scan->left.end());
    scan->flags.assign(request.predicates.size(), request.tenant == "a");
    return std::unique_ptr<Scan>(std::move(scan));
  }
  Result<std::vector<std::string>> label_names(const IndexRequest& request) override {
    std::vector<std::string> names;
    for (const Batch& batch : batches[request.tenant]) {
      for (const auto& [name, value] : *batch.label_sets[0]) names.emplace_back(name);
    }
    return names;
  }
  Result<std::vector<std::string>> label_values(const IndexRequest& request, std::string_view name) override {
    std::vector<std::string> values;
    for (const Batch& batch : batches[request.tenant]) values.emplace_back(batch.label_sets[0]->get(name));
    return values;
  }
  Result<std::vector<SeriesInfo>> series(const IndexRequest& request) override {
    std::vector<SeriesInfo> out;
    for (const Batch& batch : batches[request.tenant]) {
      if (matches(*batch.label_sets[0], request.matchers)) out.push_back({batch.label_sets[0], 1, 2});
    }
    return out;
  }
  Result<void> flush() override { return {}; }
  StoreStatistics statistics() const override { return {}; }

 private:
  static bool matches(const LabelSet& labels, const std::vector<Matcher>& matchers) {
    for (const Matcher& matcher : matchers) {
      if (!storage::LabelMatcher::compile(matcher).value().matches(labels.get(matcher.name))) return false;
    }
    return true;
  }
};

struct JoinedTenantsTest : testing::Test {
  TenantsStore inner;
  JoinedTenants store{inner};

  void add(std::string_view tenant, TimeNs time, std::vector<std::pair<std::string, std::string>> labels) {
    Batch batch;
    batch.label_sets.push_back(std::make_shared<const LabelSet>(LabelSet::from_pairs(std::move(labels))));
    batch.label_set_of_row.push_back(0);
    batch.times.push_back(time);
    StringColumn lines;
    lines.push_back("x");
    batch.columns.push_back({std::string(kLineColumn), Column(std::move(lines))});
    ASSERT_TRUE(store.append(tenant, Signal::kLogs, batch, {}).ok());
  }
  void SetUp() override {
    add("a", 1, {{"app", "x"}});
    add("a", 3, {{"app", "x"}});
    add("b", 2, {{"app", "y"}, {"__tenant_id__", "own"}});
    add("c", 4, {{"app", "x"}});
  }
  std::string scanned(const std::string& tenants, std::vector<Matcher> matchers,
                      Direction direction = Direction::kForward) {
    ScanRequest request;
    request.tenant = tenants;
    request.matchers = std::move(matchers);
    request.columns = {std::string(kLineColumn)};
    request.direction = direction;
    auto scan = store.scan(std::move(request));
    if (!scan.ok()) return scan.error().message;
    std::string out;
    for (;;) {
      auto batch = (*scan)->next();
      if (!batch.ok() || !*batch) return out;
      for (std::size_t row = 0; row < (*batch)->rows(); ++row) {
        out += fmt::format("{} {}\n", (*batch)->times[row],
                           (*batch)->label_sets[(*batch)->label_set_of_row[row]]->to_string());
      }
    }
  }
};

TEST_F(JoinedTenantsTest, Names) {
  EXPECT_EQ(tenant_names("b|a|b"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(tenant_names("a"), (std::vector<std::string>{"a"}));
  EXPECT_EQ(tenant_names("|a"), (std::vector<std::string>{"", "a"}));
}

TEST_F(JoinedTenantsTest, RowsOfAllInOrderOfTime) {
  EXPECT_EQ(scanned("a|b", {}),
            "1 {__tenant_id__=\"a\", app=\"x\"}\n"
            "2 {__tenant_id__=\"b\", app=\"y\", original___tenant_id__=\"own\"}\n"
            "3 {__tenant_id__=\"a\", app=\"x\"}\n");
  EXPECT_EQ(
      scanned("a|c", {}, Direction::kBackward),
      "4 {__tenant_id__=\"c\", app=\"x\"}\n3 {__tenant_id__=\"a\", app=\"x\"}\n1 {__tenant_id__=\"a\", app=\"x\"}\n");
  EXPECT_EQ(scanned("c", {}), "4 {app=\"x\"}\n");
}

TEST_F(JoinedTenantsTest, MatchersChooseTenants) {
  EXPECT_EQ(scanned("a|b|c", {{"__tenant_id__", MatchOp::kRegex, "b|c"}, {"app", MatchOp::kEqual, "x"}}),
            "4 {__tenant_id__=\"c\", app=\"x\"}\n");
  EXPECT_EQ(scanned("a|b", {{"original___tenant_id__", MatchOp::kEqual, "own"}}),
            "2 {__tenant_id__=\"b\", app=\"y\", original___tenant_id__=\"own\"}\n");
  EXPECT_EQ(scanned("a|b", {{"__tenant_id__", MatchOp::kEqual, "z"}}), "");
  EXPECT_NE(scanned("a|b", {{"__tenant_id__", MatchOp::kRegex, "("}}), "");
}

TEST_F(JoinedTenantsTest, APredicateIsAppliedWhenAllApplyIt) {
  ScanRequest request;
  request.tenant = "a|b";
  request.predicates.resize(1);
  EXPECT_FALSE(store.scan(request).value()->applied()[0]);
  request.matchers = {{"__tenant_id__", MatchOp::kEqual, "a"}};
  const auto scan = store.scan(request).value();
  EXPECT_TRUE(scan->applied()[0]);
  EXPECT_EQ(scan->stats().blocks, 1u);
}

TEST_F(JoinedTenantsTest, LabelsAndSeries) {
  const IndexRequest request{"a|b", Signal::kLogs, {0, 10}, {}};
  EXPECT_EQ(store.label_names(request).value(),
            (std::vector<std::string>{"__tenant_id__", "app", "original___tenant_id__"}));
  EXPECT_EQ(store.label_values(request, "__tenant_id__").value(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(store.label_values(request, "app").value(), (std::vector<std::string>{"x", "y"}));
  const auto series = store.series(request).value();
  ASSERT_EQ(series.size(), 3u);
  EXPECT_EQ(series[0].labels->to_string(), "{__tenant_id__=\"a\", app=\"x\"}");
  EXPECT_EQ(store.series({"a", Signal::kLogs, {0, 10}, {}}).value().size(), 2u);
}

}  // namespace
}  // namespace trilobite
