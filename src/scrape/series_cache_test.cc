// What is gone and what is known, against a model that keeps plain sets.
#include "scrape/series_cache.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

namespace trilobite::scrape {
namespace {

using ingest::MetricSeriesRef;

std::set<std::string> names(const std::vector<MetricSeriesRef>& series) {
  std::set<std::string> out;
  for (const auto& each : series) EXPECT_TRUE(out.insert(std::string(each->labels.get("n"))).second) << "told twice";
  return out;
}

class SeriesCacheModel {
 public:
  explicit SeriesCacheModel(std::uint32_t seed) : random_(seed) {}

  // Bodies overlap, keys repeat, several keys are of one series, some are dropped, some scrapes fail half way.
  void scrape() {
    cache_.begin();
    std::set<std::string> seen, tracked;
    const bool fails = random_() % 5 == 0;
    const std::uint32_t keys = random_() % 60, offset = random_() % 40;
    for (std::uint32_t i = 0; i < keys; ++i) {
      const std::uint32_t number = offset + (random_() % 10 == 0 ? random_() % 50 : i);
      const std::string key = "key" + std::to_string(number);
      const std::string name = number % 7 == 0 ? "" : "series" + std::to_string(number / 2);
      std::uint32_t entry = cache_.find(key);
      if (entry == SeriesCache::kNone) {
        EXPECT_FALSE(known_.contains(key)) << key;
        entry = cache_.add(key, name.empty() ? nullptr : series(name));
        known_.insert(key);
      }
      const auto& found = cache_.series(entry);
      ASSERT_EQ(found == nullptr ? "" : found->labels.get("n"), name);
      if (!name.empty()) {
        EXPECT_EQ(cache_.marked(entry), seen.contains(name));
      }
      const bool tracks = random_() % 10 != 0;
      cache_.mark(entry, tracks);
      if (name.empty()) continue;
      seen.insert(name);
      if (tracks) tracked.insert(name);
    }
    if (fails) {
      EXPECT_EQ(names(cache_.fail()), tracked_);
      tracked_.clear();
      return;
    }
    std::set<std::string> gone;
    for (const std::string& name : tracked_) {
      if (!seen.contains(name)) gone.insert(name);
    }
    EXPECT_EQ(names(cache_.take_gone()), gone);
    tracked_ = std::move(tracked);
  }
  void forget_keys() {
    cache_.forget_keys();
    known_.clear();
  }
  void end() { EXPECT_EQ(names(cache_.take_all()), tracked_); }

 private:
  MetricSeriesRef series(const std::string& name) {
    auto& found = series_[name];
    if (found == nullptr) found = std::make_shared<ingest::MetricSeries>(LabelSet::from_pairs({{"n", name}}));
    return found;
  }

  std::mt19937 random_;
  SeriesCache cache_;
  std::map<std::string, MetricSeriesRef> series_;
  std::set<std::string> known_, tracked_;
};

TEST(SeriesCache, TellsWhatIsGoneAsAModelDoes) {
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    SeriesCacheModel model(seed);
    for (int i = 0; i < 30; ++i) {
      model.scrape();
      if (seed % 3 == 0 && i == 15) model.forget_keys();
    }
    model.end();
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(SeriesCache, ForgetsKeysThatDoNotComeBack) {
  SeriesCache cache;
  for (int scrape = 0; scrape < 50; ++scrape) {
    cache.begin();
    for (int i = 0; i < 2000; ++i) {
      const std::string key = std::to_string(scrape) + "/" + std::to_string(i);
      ASSERT_EQ(cache.find(key), SeriesCache::kNone);
      cache.mark(cache.add(key, std::make_shared<ingest::MetricSeries>(LabelSet::from_pairs({{"k", key}}))), true);
    }
    ASSERT_EQ(cache.take_gone().size(), scrape == 0 ? 0u : 2000u);
    ASSERT_LE(cache.size(), 6000u);
  }
}

}  // namespace
}  // namespace trilobite::scrape
