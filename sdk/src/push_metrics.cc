#include <trilobite/metrics_push.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include <trilobite/log.h>

#include "otlp_config.h"
#include "otlp_transport.h"
#include "push_encoders.h"

namespace trilobite::instruments {
namespace {

constexpr log::Target kLog{"trilobite::metrics_push"};
constexpr std::size_t kSamplesPerRequest = 5000;

std::int64_t milliseconds(const otlp::Variables& variables, std::string_view name, std::int64_t otherwise,
                          std::string& error) {
  const auto found = variables.find(name);
  if (found == variables.end() || found->second.empty()) return otherwise;
  const std::string& text = found->second;
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure == std::errc() && end == text.data() + text.size() && value > 0) return value;
  error = std::string(name) + " '" + text + "' is not a number of milliseconds";
  return otherwise;
}

}  // namespace

class PushState {
 public:
  PushState(Registry registry, PushOptions options) : registry_(std::move(registry)), options_(std::move(options)) {}
  ~PushState() {
    if (!thread_.joinable()) return;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    transport_->stop(options_.last_push_ms);
    thread_.join();
  }

  void start() {
    error_ = open();
    if (!error_.empty()) {
      kLog.error("Metrics are not pushed: {}", error_);
      return;
    }
    thread_ = std::thread([this] { run(); });
  }
  const std::string& error() const { return error_; }

  std::string push() {
    if (!error_.empty()) return error_;
    const std::lock_guard lock(push_mutex_);
    auto gathered = gather(registry_, WithTexts::kNo);
    if (!gathered.ok()) return gathered.error();
    if (gathered->families.empty()) return {};
    const std::int64_t now_ms = detail::wall_now_ms();
    if (options_.protocol == PushProtocol::kOtlp) return send(encode_otlp(*gathered, resource_, now_ms));
    for (const std::string& body : encode_remote_write(*gathered, options_.labels, now_ms, kSamplesPerRequest))
      if (std::string error = send(snappy_block(body)); !error.empty()) return error;
    return {};
  }

 private:
  std::string open() {
    if (!options_.error.empty()) return options_.error;
    if (options_.interval_ms <= 0 || options_.timeout_ms <= 0) return "interval and timeout must be above 0";
    otlp::TransportOptions transport;
    if (options_.protocol == PushProtocol::kOtlp) {
      otlp::Variables variables = otlp::environment_variables();
      // As if it stood there, so that the protocol follows from it in the same way.
      if (!options_.url.empty()) variables["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"] = options_.url;
      otlp::ExportSettings settings = otlp::export_settings(otlp::Signal::kMetrics, variables);
      resource_ = otlp::encoded_resource(otlp::resource_attributes(variables, settings.warnings));
      for (const std::string& warning : settings.warnings) kLog.warn("{}", warning);
      transport = std::move(settings.transport);
      transport.timeout_ms = std::min(transport.timeout_ms, options_.timeout_ms);
    } else {
      transport.url = options_.url;
      transport.content_encoding = "snappy";
      transport.headers.emplace_back("X-Prometheus-Remote-Write-Version", "0.1.0");
      transport.timeout_ms = options_.timeout_ms;
      transport.retry.all_server_errors = true;
    }
    transport.headers.insert(transport.headers.end(), options_.headers.begin(), options_.headers.end());
    transport.retry.give_up_ms = std::min(transport.retry.give_up_ms, options_.interval_ms);
    auto opened = otlp::Transport::open(std::move(transport));
    if (!opened.ok()) return opened.error();
    transport_ = std::move(*opened);
    return {};
  }

  std::string send(const std::string& body) {
    const otlp::SendReport report = transport_->send(body);
    if (!report.delivered()) return report.message.empty() ? "the receiver did not take it" : report.message;
    if (report.rejected > 0) kLog.warn("The receiver rejected {} samples: {}", report.rejected, report.message);
    return {};
  }

  void run() {
    auto next = std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.interval_ms);
    std::unique_lock lock(mutex_);
    for (bool failing = false;;) {
      wake_.wait_until(lock, next, [&] { return stopping_; });
      const bool last = stopping_;
      lock.unlock();
      const std::string error = push();
      if (!error.empty() && !failing) kLog.error("Failed to push metrics: {}", error);
      if (error.empty() && failing) kLog.info("Metrics are pushed again");
      failing = !error.empty();
      if (last) return;
      next = std::max(next + std::chrono::milliseconds(options_.interval_ms), std::chrono::steady_clock::now());
      lock.lock();
    }
  }

  const Registry registry_;
  const PushOptions options_;
  std::string error_;
  std::string resource_;
  std::mutex push_mutex_;  // one push at a time
  std::unique_ptr<otlp::Transport> transport_;
  std::mutex mutex_;  // guards what follows
  bool stopping_ = false;
  std::condition_variable wake_;
  std::thread thread_;
};

PushOptions PushOptions::otlp_from_environment() {
  PushOptions out;
  const otlp::Variables variables = otlp::environment_variables();
  out.interval_ms = milliseconds(variables, "OTEL_METRIC_EXPORT_INTERVAL", out.interval_ms, out.error);
  out.timeout_ms = milliseconds(variables, "OTEL_METRIC_EXPORT_TIMEOUT", out.timeout_ms, out.error);
  return out;
}

Push Push::start(const Registry& registry, PushOptions options) {
  auto* state = new PushState(registry, std::move(options));
  state->start();
  return Push(state);
}
Push::~Push() { delete state_; }
const std::string& Push::error() const { return state_->error(); }
std::string Push::push_now() { return state_->push(); }

}  // namespace trilobite::instruments
