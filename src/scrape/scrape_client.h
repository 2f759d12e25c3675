// Scrapes targets on time: one thread moves the bytes of all connections (libcurl's multi interface), a few others
// parse bodies and write samples.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "scrape/target_scrape.h"

namespace trilobite::scrape {

struct ScrapeClientOptions {
  std::size_t workers = 2;
  std::uint64_t offset_seed = 0;       // servers that scrape the same targets have different ones
  std::uint64_t bodies_bytes_max = 0;  // 0: limits.h
};

struct ScrapeClientStats {
  std::uint64_t scrapes = 0;  // ended
  std::uint64_t failed = 0;
  std::uint64_t skipped = 0;  // ticks at which the scrape before had not ended
  std::uint64_t targets = 0, under_way = 0, body_bytes_in_memory = 0;
};

// Any thread.
class ScrapeClient {
 public:
  ScrapeClient(const Clock& clock, ScrapeClientOptions options);
  ~ScrapeClient();  // as stop()

  enum class Gone : std::uint8_t { kMarkStale, kReplaced };

  void add(std::shared_ptr<TargetScrape> target);
  // A scrape under way is still taken in. With kMarkStale the target's series are marked stale two intervals later, in
  // case another server takes it over.
  void remove(const std::shared_ptr<TargetScrape>& target, Gone gone);
  void stop();  // scrapes under way are given up, nothing is marked stale
  ScrapeClientStats stats() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// When a target is due first, at or after `now`: at times that are, counted from 1970, its offset beyond a multiple of
// its interval. The offset spreads targets evenly over the interval, in steps (limits.h), and is the same after a
// restart.
TimeNs first_due(TimeNs now, Nanoseconds interval, std::uint64_t target_hash, std::uint64_t seed);

}  // namespace trilobite::scrape
