#include <algorithm>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include <trilobite/log_otlp.h>

#include "otlp_config.h"
#include "otlp_log_sink.h"

namespace trilobite::log {
namespace {

// What the log points at: the exporter, and after the end of main nothing, as static destructors may still log.
class ExitingSink : public EventSink {
 public:
  explicit ExitingSink(std::unique_ptr<EventSink> exporter) : sink_(std::move(exporter)), process_(::getpid()) {}
  int append(const Event& event) override {
    const std::lock_guard lock(mutex_);
    return sink_ == nullptr ? 0 : sink_->append(event);
  }
  void end() {
    // A forked child has neither the sending thread nor the state it waits in: not even destroying it would work.
    if (::getpid() != process_) return;
    const std::lock_guard lock(mutex_);
    sink_ = nullptr;  // sends what waits
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<EventSink> sink_;
  const pid_t process_;
};

// The outputs of this process.
std::vector<ExitingSink*>& outputs() {
  static auto* const all = new std::vector<ExitingSink*>;
  return *all;
}

// Handlers registered later run earlier: usually the log has written its last lines by now. Not where something was
// logged before there was this output.
void end_outputs() {
  flush();
  for (ExitingSink* sink : outputs()) sink->end();
}

bool add_output(Config& config, const otlp::TransportOptions& options,
                const std::vector<std::pair<std::string, std::string>>& resource, std::string& error) {
  auto transport = otlp::Transport::open(options);
  if (!transport.ok()) {
    error = transport.error();
    return false;
  }
  auto* sink = new ExitingSink(otlp_log_sink(std::move(*transport), otlp::encoded_resource(resource), {}));
  if (outputs().empty()) std::atexit(end_outputs);
  outputs().push_back(sink);
  config.outputs.push_back({.destination = Output::Destination::kEvents, .events = sink});
  return true;
}

bool is_true(const otlp::Variables& variables, std::string_view name) {
  const auto found = variables.find(name);
  if (found == variables.end()) return false;
  std::string text = found->second;
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return text == "1" || text == "true" || text == "on" || text == "yes";
}

std::string service_of(const std::vector<std::pair<std::string, std::string>>& resource) {
  for (const auto& [key, value] : resource) {
    if (key == "service.name") return value;
  }
  return {};
}

}  // namespace

bool exports_logs() { return !outputs().empty(); }

void add_otlp_from_environment(Config& config) {
  const otlp::Variables variables = otlp::environment_variables();
  if (!is_true(variables, "OTEL_EXPORT_ENABLED") || !is_true(variables, "DYN_LOGGING_JSONL")) return;
  otlp::ExportSettings settings = otlp::export_settings(otlp::Signal::kLogs, variables);
  const auto resource = otlp::resource_attributes(variables, settings.warnings);
  for (std::string& warning : settings.warnings) config.warnings.push_back(std::move(warning));
  std::string error;
  if (add_output(config, settings.transport, resource, error)) {
    config.exports.push_back({.endpoint = settings.transport.url, .service = service_of(resource)});
  } else if (config.error.empty()) {
    config.error = error;
  }
}

bool add_otlp_output(Config& config, const std::string& url, const std::string& service, std::string& error) {
  otlp::TransportOptions options;
  options.url = url;
  return add_output(config, options, {{"service.name", service}}, error);
}

}  // namespace trilobite::log
