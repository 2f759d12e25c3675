// All scraping of one configuration: jobs, their discovery, their targets. A new configuration replaces the old one
// without disturbing what stays the same.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "scrape/discovery.h"
#include "scrape/scrape_client.h"
#include "scrape/target_scrape.h"

namespace trilobite::scrape {

struct ScraperOptions {
  std::size_t workers = 2;
  std::string server_identity;                          // spreads the times of scrapes differently on each server
  Nanoseconds settle = std::chrono::milliseconds(200);  // changes of discovery that come together
};

struct ActiveTarget {
  std::string job;
  std::shared_ptr<const TargetScrape> scrape;
};
struct DroppedTarget {
  std::string job;
  Labels discovered;
};
struct TargetList {
  std::vector<ActiveTarget> active;
  std::vector<DroppedTarget> dropped;                   // at most keep_dropped_targets per job
  std::map<std::string, std::uint64_t> dropped_counts;  // by job
};

struct DiscoveryReport {
  std::string job, kind, last_error;
};

// Any thread.
class Scraper {
 public:
  Scraper(SampleSink& sink, const Clock& clock, ScraperOptions options);
  ~Scraper();  // as stop()

  void apply(std::shared_ptr<const Config> config);
  // No further scrapes; series are not marked stale, they go on after a restart.
  void stop();

  std::shared_ptr<const Config> config() const;  // null before the first apply()
  TargetList targets() const;
  std::vector<DiscoveryReport> discoveries() const;
  ScrapeClientStats stats() const { return client_.stats(); }
  // Until every discovery's groups known now are applied. For tests and the first answer of a page.
  void settle();

 private:
  struct Job;
  void work();
  void rebuild(Job& job);
  std::shared_ptr<DiscoveryFeed> feed_of(const DiscoveryConfig& config);
  void remove_all(Job& job);
  void listen(Job& job);

  SampleSink& sink_;
  const ScraperOptions options_;
  ScrapeClient client_;

  std::mutex apply_mutex_;    // one apply() or rebuild at a time; guards jobs_ against change
  mutable std::mutex mutex_;  // guards the rest; held for short only
  std::shared_ptr<const Config> config_;
  std::map<std::string, std::unique_ptr<Job>> jobs_;
  std::vector<std::weak_ptr<DiscoveryFeed>> feeds_;
  bool stopping_ = false;
  std::condition_variable changed_;
  std::thread worker_;
};

}  // namespace trilobite::scrape
