// How targets are found: one Discovery per *_sd_config, each on a thread of its own, tells all groups it knows whenever
// they change. Jobs with the same configuration share one.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "scrape/discovery_config.h"

namespace trilobite::scrape {

// What a Discovery sees of the world around it.
class DiscoveryRun {
 public:
  explicit DiscoveryRun(std::function<void(std::vector<TargetGroup>)> publish);
  ~DiscoveryRun();
  DiscoveryRun(const DiscoveryRun&) = delete;
  DiscoveryRun& operator=(const DiscoveryRun&) = delete;

  void stop();  // any thread
  bool stopped() const;
  // Until the time is over or `descriptor` can be read; false when stopped.
  bool wait(Nanoseconds time, int descriptor = -1) const;

  // All groups there are now. What is equal to the time before is not told again.
  void publish(std::vector<TargetGroup> groups);
  void fail(const Error& error);  // logged and shown; the groups known so far stay
  void succeed();
  std::string last_error() const;

 private:
  const std::function<void(std::vector<TargetGroup>)> publish_;
  int stop_event_ = -1;
  std::vector<TargetGroup> last_;
  bool published_ = false;
  mutable std::mutex mutex_;  // guards the rest
  std::string error_;
};

class Discovery {
 public:
  virtual ~Discovery() = default;
  // Returns when `run` was stopped.
  virtual void run(DiscoveryRun& run) = 0;
};

std::unique_ptr<Discovery> make_discovery(const DiscoveryConfig& config);
std::string_view kind_of(const DiscoveryConfig& config);  // "file", "kubernetes", ...

// One per file discovery_NAME.cc.
std::unique_ptr<Discovery> make_file_discovery(const FileDiscoveryConfig& config);
std::unique_ptr<Discovery> make_http_discovery(const HttpDiscoveryConfig& config);
std::unique_ptr<Discovery> make_dns_discovery(const DnsDiscoveryConfig& config);
std::unique_ptr<Discovery> make_kubernetes_discovery(const KubernetesDiscoveryConfig& config);
std::unique_ptr<Discovery> make_docker_discovery(const DockerDiscoveryConfig& config);
std::unique_ptr<Discovery> make_consul_discovery(const ConsulDiscoveryConfig& config);

// Asks again and again; what most kinds are. An error leaves the groups as they are.
void refresh_until_stopped(DiscoveryRun& run, Nanoseconds interval,
                           const std::function<Result<std::vector<TargetGroup>>()>& ask);

std::string label_name_from(std::string_view text);  // characters that no label may have become '_'
std::string join_host_port(std::string_view host, std::string_view port);

// A running discovery and who listens. Any thread.
class DiscoveryFeed {
 public:
  using Listener = std::function<void(const std::vector<TargetGroup>&)>;

  explicit DiscoveryFeed(DiscoveryConfig config);
  ~DiscoveryFeed();

  const DiscoveryConfig& config() const { return config_; }
  // Called on the feed's thread, and at once with what is known already.
  std::uint64_t listen(Listener listener);
  // When it returns the listener is not called any more. Not from within a listener.
  void leave(std::uint64_t id);
  void stop();  // does not wait
  std::string last_error() const { return run_.last_error(); }

 private:
  const DiscoveryConfig config_;
  std::mutex mutex_;  // guards the rest; held while listeners are called
  std::vector<std::pair<std::uint64_t, Listener>> listeners_;
  std::vector<TargetGroup> groups_;
  bool known_ = false;
  std::uint64_t next_id_ = 1;
  std::unique_ptr<Discovery> discovery_;
  DiscoveryRun run_;
  std::thread thread_;
};

}  // namespace trilobite::scrape
