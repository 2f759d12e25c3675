// What the write path knows of each stream: its final labels, its level if a label says so, what is wrong with it, and
// how fast it may grow.
#pragma once

#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/hash.h"
#include "columnar/label_set.h"
#include "ingest/limits.h"

namespace trilobite::ingest {

// Refills with time; a request may take what is there. Not safe for several threads.
class TokenBucket {
 public:
  bool take(std::uint64_t amount, std::uint64_t rate, std::uint64_t burst, std::chrono::nanoseconds now);

 private:
  double tokens_ = -1;  // below 0: never used, full
  std::chrono::nanoseconds last_{0};
};

struct StreamFault {
  std::string reason;  // of the discarded counters
  std::string text;
};

struct Stream {
  LabelSetRef labels;                    // with service_name
  std::optional<std::string> level;      // from a label, normalised
  std::optional<StreamFault> fault;      // its entries are refused
  std::atomic<std::int64_t> used_ns{0};  // steady time of the last request
  std::mutex mutex;                      // guards bucket
  TokenBucket bucket;
};

// Streams of one tenant. Any thread.
class StreamTable {
 public:
  explicit StreamTable(std::shared_ptr<const LogLimits> limits) : held_(std::move(limits)), limits_(*held_) {}
  const LogLimits& limits() const { return limits_; }

  // Null when the tenant has too many streams.
  std::shared_ptr<Stream> get(const LabelSetRef& labels, std::string_view tenant, std::chrono::nanoseconds now);
  std::size_t size() const;
  bool take_rate(std::uint64_t bytes, std::chrono::nanoseconds now);

 private:
  struct Hash : TextHash {
    using is_avalanching = void;
  };
  void forget_idle(std::chrono::nanoseconds now);

  const std::shared_ptr<const LogLimits> held_;
  const LogLimits& limits_;
  mutable std::mutex mutex_;  // guards the rest
  boost::unordered_flat_map<std::string, std::shared_ptr<Stream>, Hash, std::equal_to<>> streams_;
  std::chrono::nanoseconds swept_{0};
  TokenBucket bucket_;
};

// The labels with service_name, if the limits ask for it and none is there.
LabelSetRef with_service_name(const LabelSetRef& labels, const LogLimits& limits);

}  // namespace trilobite::ingest
