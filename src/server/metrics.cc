#include "server/metrics.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace trilobite::server {
namespace {

void append_escaped(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '"') out.push_back('\\');
    if (c == '\n') {
      out += "\\n";
    } else {
      out.push_back(c);
    }
  }
}

std::string number(double value) {
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

// Fields of /proc/self/stat behind the name, which may hold blanks.
std::vector<std::string> process_stat() {
  std::ifstream in("/proc/self/stat");
  std::string line;
  std::getline(in, line);
  std::vector<std::string> fields;
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return fields;
  std::istringstream rest(line.substr(name_end + 1));
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

double number_of(const std::string& text) { return std::strtod(text.c_str(), nullptr); }

double boot_time() {
  std::ifstream in("/proc/stat");
  for (std::string word; in >> word;) {
    if (word != "btime") continue;
    double value = 0;
    in >> value;
    return value;
  }
  return 0;
}

std::size_t open_files() {
  std::error_code failed;
  std::size_t count = 0;
  for (std::filesystem::directory_iterator it("/proc/self/fd", failed), end; !failed && it != end; it.increment(failed))
    ++count;
  return count;
}

}  // namespace

void MetricsText::family(std::string_view name, std::string_view type, std::string_view help) {
  out_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void MetricsText::sample(std::string_view name, const MetricLabels& labels, double value) {
  out_ += name;
  if (!labels.empty()) {
    out_ += '{';
    bool first = true;
    for (const auto& [label, text] : labels) {
      if (!std::exchange(first, false)) out_ += ',';
      out_.append(label).append("=\"");
      append_escaped(out_, text);
      out_ += '"';
    }
    out_ += '}';
  }
  out_.append(" ").append(number(value)).append("\n");
}

void MetricsText::gauge(std::string_view name, std::string_view help, double value) {
  family(name, "gauge", help);
  sample(name, {}, value);
}
void MetricsText::counter(std::string_view name, std::string_view help, double value) {
  family(name, "counter", help);
  sample(name, {}, value);
}

void RequestMetrics::record(std::string_view route, std::string_view method, int status,
                            std::chrono::nanoseconds duration, std::uint64_t bytes_in, std::uint64_t bytes_out) {
  if (route.empty()) route = "other";
  const double seconds = std::chrono::duration<double>(duration).count();
  std::size_t bucket = 0;
  while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
  const std::lock_guard lock(mutex_);
  auto found = routes_.find(route);
  if (found == routes_.end()) found = routes_.emplace(std::string(route), Route{}).first;
  Route& entry = found->second;
  // A client can make up methods; those of the standard are few.
  const bool usual = method == "GET" || method == "POST" || method == "HEAD" || method == "PUT" || method == "DELETE";
  ++entry.by_method_and_status[{usual ? std::string(method) : "other", status}];
  ++entry.buckets[bucket];
  entry.seconds += seconds;
  entry.bytes_in += bytes_in;
  entry.bytes_out += bytes_out;
}

void RequestMetrics::write(MetricsText& out) const {
  const std::lock_guard lock(mutex_);
  out.family("trilobite_http_requests_total", "counter", "Requests answered.");
  for (const auto& [route, entry] : routes_) {
    for (const auto& [key, count] : entry.by_method_and_status) {
      out.sample("trilobite_http_requests_total",
                 {{"route", route}, {"method", key.first}, {"status", std::to_string(key.second)}},
                 static_cast<double>(count));
    }
  }
  out.family("trilobite_http_request_duration_seconds", "histogram",
             "From the header of a request to the end of its answer.");
  for (const auto& [route, entry] : routes_) {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < entry.buckets.size(); ++i) {
      total += entry.buckets[i];
      const std::string bound = i < kBounds.size() ? fmt::format("{}", kBounds[i]) : "+Inf";
      out.sample("trilobite_http_request_duration_seconds_bucket", {{"route", route}, {"le", bound}},
                 static_cast<double>(total));
    }
    out.sample("trilobite_http_request_duration_seconds_sum", {{"route", route}}, entry.seconds);
    out.sample("trilobite_http_request_duration_seconds_count", {{"route", route}}, static_cast<double>(total));
  }
  out.family("trilobite_http_request_bytes_total", "counter", "Bodies of requests.");
  for (const auto& [route, entry] : routes_) {
    out.sample("trilobite_http_request_bytes_total", {{"route", route}}, static_cast<double>(entry.bytes_in));
  }
  out.family("trilobite_http_response_bytes_total", "counter", "Bodies of answers, as sent.");
  for (const auto& [route, entry] : routes_) {
    out.sample("trilobite_http_response_bytes_total", {{"route", route}}, static_cast<double>(entry.bytes_out));
  }
}

void write_process_metrics(MetricsText& out) {
  const std::vector<std::string> stat = process_stat();
  // Positions behind the name: state is 0, so that utime (14th field of proc(5)) is 11.
  constexpr std::size_t kUserTicks = 11, kSystemTicks = 12, kThreads = 17, kStart = 19, kVirtual = 20, kResident = 21;
  if (stat.size() <= kResident) return;
  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const double page = static_cast<double>(sysconf(_SC_PAGESIZE));
  out.counter("process_cpu_seconds_total", "User and system time.",
              (number_of(stat[kUserTicks]) + number_of(stat[kSystemTicks])) / ticks);
  out.gauge("process_resident_memory_bytes", "Memory in use.", number_of(stat[kResident]) * page);
  out.gauge("process_virtual_memory_bytes", "Address space.", number_of(stat[kVirtual]));
  out.gauge("process_threads", "Threads.", number_of(stat[kThreads]));
  out.gauge("process_open_fds", "Open file descriptors.", static_cast<double>(open_files()));
  out.gauge("process_start_time_seconds", "Start, in Unix time.", boot_time() + number_of(stat[kStart]) / ticks);
}

}  // namespace trilobite::server
