// The process-wide logger: all of the library's mutable global state is here and in logger.cc's thread-local queues.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <exception>
#include <memory>
#include <mutex>
#include <string>

#include <pthread.h>
#include <unistd.h>

#include <trilobite/log.h>
#include <trilobite/log_setup.h>

#include "current_span.h"
#include "fatal_signals.h"
#include "filter.h"
#include "logger.h"
#include "process_log.h"
#include "sinks.h"

namespace trilobite::log {
namespace {

// Never destroyed: static objects of the program may log in their destructors.
struct ProcessLog {
  std::mutex mutex;  // guards everything but logger; taken after the logger's own mutexes
  std::string module_directives;
  Filter filter;
  std::string default_target = program_invocation_short_name;
  bool initialized = false;
  Logger* forking_logger = nullptr;

  ProcessLog() { static_cast<void>(filter.add_all("info")); }
};

ProcessLog& process_log() {
  static ProcessLog* const instance = new ProcessLog;
  return *instance;
}

// Null until something logs or init() is called. A logger, once here, is never destroyed.
constinit std::atomic<Logger*> current_logger{nullptr};

void write_to_stderr(const std::string& line) { static_cast<void>(descriptor_sink(STDERR_FILENO)->write(line + "\n")); }

// The mutexes of the logger come first, its own mutex last; then no logger can appear between before and after.
void before_fork() {
  ProcessLog& log = process_log();
  for (;;) {
    Logger* logger = current_logger.load();
    if (logger != nullptr) logger->before_fork();
    log.mutex.lock();
    log.forking_logger = logger;
    if (logger == current_logger.load()) return;
    log.mutex.unlock();
    if (logger != nullptr) logger->after_fork_in_parent();
  }
}
void after_fork_in_parent() {
  Logger* logger = process_log().forking_logger;
  process_log().mutex.unlock();
  if (logger != nullptr) logger->after_fork_in_parent();
}
void after_fork_in_child() {
  Logger* logger = process_log().forking_logger;
  process_log().mutex.unlock();
  if (logger != nullptr) logger->after_fork_in_child();
}

void write_at_exit() {
  if (Logger* logger = current_logger.load()) logger->write_through();
}

// Requires the mutex.
void install(std::unique_ptr<Logger> logger) {
  const bool first = current_logger.exchange(logger.release()) == nullptr;
  if (!first) return;
  pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
  std::atexit(write_at_exit);
}

// Without init(): readable lines on stderr, written by the threads that log.
Logger& fallback_logger() {
  ProcessLog& log = process_log();
  const std::lock_guard lock(log.mutex);
  if (Logger* logger = current_logger.load()) return *logger;
  auto logger = Logger::start(Config{.writer = Writer::kCaller});
  if (!logger.ok()) {  // cannot happen: stderr needs no opening
    write_to_stderr(logger.error());
    std::abort();
  }
  install(std::move(*logger));
  return *current_logger.load();
}

Logger& logger() {
  Logger* current = current_logger.load(std::memory_order_acquire);
  return current != nullptr ? *current : fallback_logger();
}

// Requires the mutex. Makes the answers that targets remember outdated.
void use_filter(ProcessLog& log, Filter filter) {
  log.filter = std::move(filter);
  __atomic_store_n(&detail::filter_generation, detail::filter_generation + 64, __ATOMIC_RELEASE);
}

}  // namespace

namespace detail {

constinit std::uint32_t filter_generation = 64;

bool is_enabled(std::string_view target, Level level, std::uint32_t& cached) noexcept {
  ProcessLog& log = process_log();
  const std::lock_guard lock(log.mutex);
  const Level outside = log.filter.level_for(target.empty() ? log.default_target : target);
  const Level inside = log.filter.asks_for_spans() ? Level::kTrace : outside;
  __atomic_store_n(&cached,
                   filter_generation | (static_cast<std::uint32_t>(inside) << 3) | static_cast<std::uint32_t>(outside),
                   __ATOMIC_RELAXED);
  return level <= outside || (level <= inside && this_span != nullptr && level <= this_span->scope);
}

Producer* make_room(std::size_t bytes, bool ticks_known, std::int64_t& ticks) noexcept {
  Logger& current = logger();
  Producer* producer = current.make_room(bytes, ticks_known, ticks);
  const bool keeps = producer != nullptr && current.lends_queues() && !Logger::is_shared(*producer);
  this_producer = keeps ? producer : nullptr;
  return producer;
}

SpanVerdict span_verdict(std::string_view target, Level level, std::uint32_t& cached) noexcept {
  const std::uint32_t generation = __atomic_load_n(&filter_generation, __ATOMIC_RELAXED);
  const std::uint32_t known = __atomic_load_n(&cached, __ATOMIC_RELAXED) ^ generation;
  if (known < 8) [[likely]]
    return static_cast<SpanVerdict>(known);
  ProcessLog& log = process_log();
  const std::lock_guard lock(log.mutex);
  SpanVerdict verdict = SpanVerdict::kAsk;
  if (!log.filter.asks_for_spans()) {
    const bool exists = level <= log.filter.level_for(target.empty() ? log.default_target : target);
    verdict = exists ? SpanVerdict::kExists : SpanVerdict::kAbsent;
  }
  __atomic_store_n(&cached, filter_generation | static_cast<std::uint32_t>(verdict), __ATOMIC_RELAXED);
  return verdict;
}

SpanAnswer ask_about_span(const SpanQuestion& question) noexcept {
  ProcessLog& log = process_log();
  const std::lock_guard lock(log.mutex);
  try {
    SpanQuestion named = question;
    if (named.target.empty()) named.target = log.default_target;
    return log.filter.answer(named);
  } catch (const std::exception&) {  // no memory, or a pattern too complex for its text
    return {.exists = true, .scope = question.scope};
  }
}

void submit(const Statement& statement, std::span<const Field> fields) noexcept {
  logger().submit({.statement = statement, .values = {}, .fields = fields});
}

void after_publish(Producer& producer) noexcept { Logger::owner_of(producer).after_publish(producer); }

}  // namespace detail

std::string Target::render(std::string_view format, fmt::format_args args) noexcept {
  try {
    return fmt::vformat(fmt::string_view(format.data(), format.size()), args);
  } catch (const std::exception& failure) {
    return std::string(format) + " [cannot format: " + failure.what() + "]";
  }
}

namespace {

constexpr Target kOwnTarget{"trilobite::log"};

// Requires the mutex.
std::string initialize(ProcessLog& log, const Config& config) {
  if (!config.error.empty()) return config.error;
  auto logger = Logger::start(config);
  if (!logger.ok()) return logger.error();
  for (const std::string& warning : config.warnings) write_to_stderr(warning);

  Filter filter;
  for (const std::string& complaint : filter.add_all(config.module_filter)) write_to_stderr(complaint);
  for (const std::string& complaint : filter.add_all(config.filter)) write_to_stderr(complaint);
  log.module_directives = config.module_filter;
  if (!config.default_target.empty()) log.default_target = config.default_target;
  use_filter(log, std::move(filter));
  install(std::move(*logger));
  if (config.writer == Writer::kBackground && config.fatal_signal_wait_ms > 0) {
    drain_on_fatal_signals(current_logger, config.fatal_signal_wait_ms);
  }
  log.initialized = true;
  return {};
}

}  // namespace

std::string try_init(const Config& config) {
  ProcessLog& log = process_log();
  {
    const std::lock_guard lock(log.mutex);
    if (log.initialized) return {};
    if (std::string error = initialize(log, config); !error.empty()) return error;
  }
  for (const Config::Export& to : config.exports) {
    kOwnTarget.info("OpenTelemetry OTLP export enabled (logs)", kv("endpoint", to.endpoint), kv("service", to.service));
  }
  return {};
}

void init(const Config& config) {
  const std::string error = try_init(config);
  if (error.empty()) return;
  write_to_stderr("Failed to initialize logging: " + error);
  std::exit(1);
}

std::string set_filter(std::string_view directives) {
  ProcessLog& log = process_log();
  const std::lock_guard lock(log.mutex);
  Filter filter;
  static_cast<void>(filter.add_all(log.module_directives));
  if (split_directives(directives).empty()) return "no directive given";
  std::string errors;
  for (const std::string_view piece : split_directives(directives)) {
    auto directive = parse_directive(piece);
    if (directive.ok()) {
      filter.add(std::move(*directive));
    } else {
      if (!errors.empty()) errors += "; ";
      errors += "`" + std::string(piece) + "`: " + directive.error();
    }
  }
  if (errors.empty()) use_filter(log, std::move(filter));
  return errors;
}

std::string filter() {
  ProcessLog& log = process_log();
  const std::lock_guard lock(log.mutex);
  return log.filter.text();
}

void flush() noexcept {
  if (Logger* logger = current_logger.load(std::memory_order_acquire)) logger->flush();
}

Statistics statistics() {
  Logger* logger = current_logger.load(std::memory_order_acquire);
  return logger == nullptr ? Statistics{} : logger->statistics();
}

}  // namespace trilobite::log
