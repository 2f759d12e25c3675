#include "scrape/scraper.h"

#include <algorithm>
#include <atomic>
#include <set>

#include "base/hash.h"
#include "scrape/log_target.h"

namespace trilobite::scrape {

// The inbox outlives the job in the listeners of feeds; a feed writes it, the scraper's worker reads it.
struct Inbox {
  std::mutex mutex;                                             // guards groups
  std::vector<std::optional<std::vector<TargetGroup>>> groups;  // by number of the feed; none: it has not told any yet
  std::atomic<bool> changed{true};
};

struct Scraper::Job {
  struct Feed {
    std::shared_ptr<DiscoveryFeed> feed;
    std::uint64_t listener = 0;
  };
  std::shared_ptr<const ScrapeConfig> config;
  std::shared_ptr<HttpAuth> auth;
  std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();
  std::vector<Feed> feeds;
  // Guarded by Scraper::mutex_ as well, because pages read them.
  std::unordered_map<std::uint64_t, std::shared_ptr<TargetScrape>> targets;
  std::vector<Labels> dropped;
  std::uint64_t dropped_count = 0;
};

Scraper::Scraper(SampleSink& sink, const Clock& clock, ScraperOptions options)
    : sink_(sink),
      options_(std::move(options)),
      client_(clock,
              {.workers = options_.workers, .offset_seed = hash64(options_.server_identity), .bodies_bytes_max = 0}) {
  worker_ = std::thread([this] { work(); });
}

Scraper::~Scraper() { stop(); }

void Scraper::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  changed_.notify_all();
  worker_.join();
  client_.stop();
  const std::lock_guard applying(apply_mutex_);
  for (const auto& [name, job] : jobs_) {
    for (const Job::Feed& feed : job->feeds) feed.feed->stop();  // all at once, then each is waited for
  }
  std::map<std::string, std::unique_ptr<Job>> jobs;
  {
    const std::lock_guard lock(mutex_);
    jobs.swap(jobs_);
  }
  for (const auto& [name, job] : jobs) {
    for (const Job::Feed& feed : job->feeds) feed.feed->leave(feed.listener);
  }
}

std::shared_ptr<const Config> Scraper::config() const {
  const std::lock_guard lock(mutex_);
  return config_;
}

std::shared_ptr<DiscoveryFeed> Scraper::feed_of(const DiscoveryConfig& config) {
  std::erase_if(feeds_, [](const auto& feed) { return feed.expired(); });
  for (const auto& known : feeds_) {
    const auto feed = known.lock();
    if (feed && feed->config() == config) return feed;
  }
  auto feed = std::make_shared<DiscoveryFeed>(config);
  feeds_.push_back(feed);
  return feed;
}

void Scraper::listen(Job& job) {
  job.inbox->groups.resize(job.config->sources.discovered.size());
  for (std::size_t i = 0; i < job.config->sources.discovered.size(); ++i) {
    auto feed = feed_of(job.config->sources.discovered[i]);
    const auto id = feed->listen([this, inbox = job.inbox, i](const std::vector<TargetGroup>& groups) {
      {
        const std::lock_guard lock(inbox->mutex);
        inbox->groups[i] = groups;
      }
      inbox->changed = true;
      changed_.notify_all();
    });
    job.feeds.push_back({std::move(feed), id});
  }
}

void Scraper::apply(std::shared_ptr<const Config> config) {
  const std::lock_guard applying(apply_mutex_);
  std::map<std::string, std::unique_ptr<Job>> next, old;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    old.swap(jobs_);
  }
  for (const auto& scrape : config->scrape) {
    const auto before = old.find(scrape->job_name);
    if (before != old.end() && before->second->config->identity == scrape->identity) {
      next[scrape->job_name] = std::move(before->second);
      old.erase(before);
      continue;
    }
    auto job = std::make_unique<Job>();
    job->config = scrape;
    job->auth = std::make_shared<HttpAuth>(scrape->http);
    listen(*job);
    if (before != old.end()) {
      // They go on until every new feed has told its groups; those that stay keep their memory.
      job->targets = std::move(before->second->targets);
    }
    next[scrape->job_name] = std::move(job);
  }
  for (auto& [name, job] : old) {
    for (const Job::Feed& feed : job->feeds) feed.feed->leave(feed.listener);
    for (const auto& [hash, target] : job->targets) client_.remove(target, ScrapeClient::Gone::kMarkStale);
  }
  {
    const std::lock_guard lock(mutex_);
    jobs_ = std::move(next);
    config_ = std::move(config);
  }
  for (const auto& [name, job] : jobs_) {
    if (job->inbox->changed.exchange(false)) rebuild(*job);
  }
}

// REQUIRES: apply_mutex_ is held.
void Scraper::rebuild(Job& job) {
  const ScrapeConfig& config = *job.config;
  std::vector<TargetGroup> groups = config.sources.fixed;
  bool waiting = false;
  {
    const std::lock_guard lock(job.inbox->mutex);
    for (const auto& of_feed : job.inbox->groups) {
      if (of_feed) groups.insert(groups.end(), of_feed->begin(), of_feed->end());
      waiting |= !of_feed;
    }
  }
  std::unordered_map<std::uint64_t, std::shared_ptr<TargetScrape>> next;
  std::vector<Labels> dropped;
  std::uint64_t dropped_count = 0;
  std::vector<TargetSpec> fresh;
  std::size_t wanted = 0;
  for (const TargetGroup& group : groups) {
    for (const Labels& each : group.targets) {
      Labels discovered = discovered_labels(config, group, each);
      auto made = make_target(config, discovered);
      if (!made.ok()) {
        kLog.warn("job {}: target {}: {}", config.job_name, discovered.get("__address__"), made.error().message);
        continue;
      }
      if (!made->has_value()) {
        ++dropped_count;
        if (config.limits.dropped_targets_kept == 0 || dropped.size() < config.limits.dropped_targets_kept) {
          dropped.push_back(std::move(discovered));
        }
        continue;
      }
      TargetSpec& spec = **made;
      if (next.contains(spec.hash)) continue;  // equal labels are one target
      ++wanted;
      const auto known = job.targets.find(spec.hash);
      if (known != job.targets.end() && known->second->spec().discovered == spec.discovered &&
          &known->second->config() == job.config.get()) {
        next[spec.hash] = known->second;
        continue;
      }
      auto memory = known != job.targets.end() ? known->second->memory() : std::make_shared<TargetMemory>();
      const std::uint64_t hash = spec.hash;
      next[hash] = std::make_shared<TargetScrape>(job.config, std::move(spec), job.auth, sink_, std::move(memory));
    }
  }
  if (waiting) next.insert(job.targets.begin(), job.targets.end());  // does not replace
  std::string forced;
  if (config.limits.targets > 0 && wanted > config.limits.targets) {
    forced = fmt::format("target_limit exceeded (number of targets: {}, limit: {})", wanted, config.limits.targets);
  }
  for (const auto& [hash, target] : next) target->set_forced_error(forced);
  for (const auto& [hash, target] : job.targets) {
    const auto now = next.find(hash);
    if (now == next.end()) {
      client_.remove(target, ScrapeClient::Gone::kMarkStale);
    } else if (now->second != target) {
      client_.remove(target, ScrapeClient::Gone::kReplaced);
    }
  }
  for (const auto& [hash, target] : next) {
    const auto before = job.targets.find(hash);
    if (before == job.targets.end() || before->second != target) client_.add(target);
  }
  const std::lock_guard lock(mutex_);
  job.targets = std::move(next);
  job.dropped = std::move(dropped);
  job.dropped_count = dropped_count;
}

void Scraper::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    // A listener may notify between the look and the wait: so never longer than a second.
    changed_.wait_for(lock, std::chrono::seconds(1), [this] {
      return stopping_ ||
             std::any_of(jobs_.begin(), jobs_.end(), [](const auto& job) { return job.second->inbox->changed.load(); });
    });
    if (stopping_) return;
    changed_.wait_for(lock, options_.settle, [this] { return stopping_; });
    if (stopping_) return;
    lock.unlock();
    settle();
    lock.lock();
  }
}

void Scraper::settle() {
  const std::lock_guard applying(apply_mutex_);
  for (const auto& [name, job] : jobs_) {
    if (job->inbox->changed.exchange(false)) rebuild(*job);
  }
}

TargetList Scraper::targets() const {
  TargetList out;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, job] : jobs_) {
    for (const auto& [hash, target] : job->targets) out.active.push_back({name, target});
    for (const Labels& labels : job->dropped) out.dropped.push_back({name, labels});
    out.dropped_counts[name] = job->dropped_count;
  }
  std::sort(out.active.begin(), out.active.end(), [](const ActiveTarget& a, const ActiveTarget& b) {
    if (a.job != b.job) return a.job < b.job;
    const auto &left = a.scrape->spec(), &right = b.scrape->spec();
    return left.url != right.url ? left.url < right.url : left.hash < right.hash;
  });
  return out;
}

std::vector<DiscoveryReport> Scraper::discoveries() const {
  std::vector<DiscoveryReport> out;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, job] : jobs_) {
    for (const Job::Feed& feed : job->feeds) {
      out.push_back({name, std::string(kind_of(feed.feed->config())), feed.feed->last_error()});
    }
  }
  return out;
}

}  // namespace trilobite::scrape
