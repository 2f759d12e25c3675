// http_sd_configs: a server that answers with a list of target groups.
#include "scrape/discovery.h"
#include "scrape/http_fetch.h"
#include "scrape/limits.h"

namespace trilobite::scrape {
namespace {

class HttpDiscovery final : public Discovery {
 public:
  explicit HttpDiscovery(const HttpDiscoveryConfig& config) : config_(config) {}

  void run(DiscoveryRun& run) override {
    HttpFetch fetch(config_.http, [&run] { return run.stopped(); });
    refresh_until_stopped(run, config_.refresh_interval, [&] { return ask(fetch); });
  }

 private:
  Result<std::vector<TargetGroup>> ask(HttpFetch& fetch) const {
    HttpTransferRequest request;
    request.url = config_.url;
    request.timeout = config_.refresh_interval;
    request.body_bytes_max = kDiscoveryBytesMax;
    const double seconds = std::chrono::duration<double>(config_.refresh_interval).count();
    request.headers = {"Accept: application/json", fmt::format("X-Prometheus-Refresh-Interval-Seconds: {}", seconds)};
    TRY(answer, fetch.send(std::move(request)));
    if (answer.status != 200) {
      return error(Code::kUnavailable, "{}: server returned HTTP status {}", config_.url, answer.status_text);
    }
    const std::string_view type = answer.content_type;
    if (type.substr(0, type.find(';')) != "application/json") {
      return error(Code::kInvalid, "{}: unsupported content type \"{}\"", config_.url, type);
    }
    auto groups = parse_target_groups(answer.body, config_.url);
    if (!groups.ok()) return std::move(groups).error().within("{}", config_.url);
    for (TargetGroup& group : *groups) group.labels.set("__meta_url", config_.url);
    return groups;
  }

  const HttpDiscoveryConfig config_;
};

}  // namespace

std::unique_ptr<Discovery> make_http_discovery(const HttpDiscoveryConfig& config) {
  return std::make_unique<HttpDiscovery>(config);
}

}  // namespace trilobite::scrape
