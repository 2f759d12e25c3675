#include "scrape/discovery.h"

#include <trilobite/log.h>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.h"
#include "scrape/log_target.h"

namespace trilobite::scrape {

DiscoveryRun::DiscoveryRun(std::function<void(std::vector<TargetGroup>)> publish)
    : publish_(std::move(publish)), stop_event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  CHECK(stop_event_ >= 0);
}

DiscoveryRun::~DiscoveryRun() { ::close(stop_event_); }

void DiscoveryRun::stop() {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(stop_event_, &one, sizeof one));
}

bool DiscoveryRun::stopped() const {
  pollfd wanted{stop_event_, POLLIN, 0};
  return ::poll(&wanted, 1, 0) > 0;
}

bool DiscoveryRun::wait(Nanoseconds time, int descriptor) const {
  const SystemClock clock;
  const auto end = clock.steady() + time;
  for (;;) {
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(end - clock.steady());
    pollfd wanted[2] = {{stop_event_, POLLIN, 0}, {descriptor, POLLIN, 0}};
    const auto limited = std::clamp<std::int64_t>(rest.count(), 0, 60'000);
    const int ready = ::poll(wanted, descriptor < 0 ? 1 : 2, static_cast<int>(limited));
    if (ready < 0 && errno == EINTR) continue;
    if (wanted[0].revents != 0) return false;
    if (ready != 0 || clock.steady() >= end) return true;
  }
}

void DiscoveryRun::publish(std::vector<TargetGroup> groups) {
  succeed();
  if (published_ && groups == last_) return;
  published_ = true;
  last_ = groups;
  publish_(std::move(groups));
}

void DiscoveryRun::fail(const Error& error) {
  if (error.code == Code::kCancelled) return;
  kLog.warn("service discovery: {}", error.message);
  const std::lock_guard lock(mutex_);
  error_ = error.message;
}

void DiscoveryRun::succeed() {
  const std::lock_guard lock(mutex_);
  error_.clear();
}

std::string DiscoveryRun::last_error() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

namespace {

struct Maker {
  std::unique_ptr<Discovery> operator()(const FileDiscoveryConfig& config) { return make_file_discovery(config); }
  std::unique_ptr<Discovery> operator()(const HttpDiscoveryConfig& config) { return make_http_discovery(config); }
  std::unique_ptr<Discovery> operator()(const DnsDiscoveryConfig& config) { return make_dns_discovery(config); }
  std::unique_ptr<Discovery> operator()(const KubernetesDiscoveryConfig& config) {
    return make_kubernetes_discovery(config);
  }
  std::unique_ptr<Discovery> operator()(const DockerDiscoveryConfig& config) { return make_docker_discovery(config); }
  std::unique_ptr<Discovery> operator()(const ConsulDiscoveryConfig& config) { return make_consul_discovery(config); }
};

}  // namespace

std::unique_ptr<Discovery> make_discovery(const DiscoveryConfig& config) { return std::visit(Maker(), config); }

std::string_view kind_of(const DiscoveryConfig& config) {
  static constexpr std::string_view kKinds[] = {"file", "http", "dns", "kubernetes", "docker", "consul"};
  return kKinds[config.index()];
}

void refresh_until_stopped(DiscoveryRun& run, Nanoseconds interval,
                           const std::function<Result<std::vector<TargetGroup>>()>& ask) {
  do {
    auto groups = ask();
    if (groups.ok()) {
      run.publish(std::move(*groups));
    } else {
      run.fail(groups.error());
    }
  } while (run.wait(interval));
}

std::string label_name_from(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!allowed) c = '_';
  }
  return out;
}

std::string join_host_port(std::string_view host, std::string_view port) {
  const bool v6 = host.find(':') != std::string_view::npos;
  return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

DiscoveryFeed::DiscoveryFeed(DiscoveryConfig config)
    : config_(std::move(config)), discovery_(make_discovery(config_)), run_([this](std::vector<TargetGroup> groups) {
        const std::lock_guard lock(mutex_);
        groups_ = std::move(groups);
        known_ = true;
        for (const auto& [id, listener] : listeners_) listener(groups_);
      }) {
  thread_ = std::thread([this] { discovery_->run(run_); });
}

DiscoveryFeed::~DiscoveryFeed() {
  run_.stop();
  thread_.join();
}

std::uint64_t DiscoveryFeed::listen(Listener listener) {
  const std::lock_guard lock(mutex_);
  if (known_) listener(groups_);
  listeners_.emplace_back(next_id_, std::move(listener));
  return next_id_++;
}

void DiscoveryFeed::leave(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  std::erase_if(listeners_, [id](const auto& entry) { return entry.first == id; });
}

void DiscoveryFeed::stop() { run_.stop(); }

}  // namespace trilobite::scrape
