// Setting up, and logs. A target of another language is known at run time only, so its name is kept here for ever;
// there is a limit to how many.
#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>

#include <trilobite/log.h>
#include <trilobite/log_setup.h>
#include <trilobite/trace.h>
#include <trilobite/trace_export.h>
#include <trilobite/trace_setup.h>

#include "c_api_handles.h"
#include "c_api_text.h"

namespace trilobite::c_api {

namespace {

constexpr std::size_t kTargetsMax = 10'000;
constexpr std::size_t kFieldsMax = 255;  // of one line

struct Target {
  std::string name;
  std::uint32_t cached = 0;  // see log::Target
};

class Targets {
 public:
  Target& of(std::string_view name) {
    {
      const std::shared_lock lock(mutex_);
      if (const auto found = all_.find(name); found != all_.end()) return *found->second;
    }
    const std::unique_lock lock(mutex_);
    if (const auto found = all_.find(name); found != all_.end()) return *found->second;
    if (all_.size() >= kTargetsMax) return too_many_;
    auto target = std::make_unique<Target>(Target{std::string(name)});
    const std::string_view key = target->name;
    return *all_.emplace(key, std::move(target)).first->second;
  }

 private:
  std::shared_mutex mutex_;
  std::unordered_map<std::string_view, std::unique_ptr<Target>> all_;
  Target too_many_{"(too many targets)"};
};

// Never destroyed: queued lines point at the names until the last one is written.
Targets& targets() {
  static Targets* const all = std::make_unique<Targets>().release();
  return *all;
}

// As many fields as there are, written behind each other.
struct FieldList {
  const log::Field* data;
  std::size_t size;
};
std::size_t encoded_size(const FieldList& list) {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < list.size; ++i) bytes += log::detail::encoded_size(list.data[i]);
  return bytes;
}
std::byte* encode(std::byte* at, const FieldList& list) {
  for (std::size_t i = 0; i < list.size; ++i) at = log::detail::encode(at, list.data[i]);
  return at;
}

bool enabled(Target& target, int level) {
  if (level <= TRI_OFF || level > TRI_TRACE) return false;
  return log::detail::is_enabled(target.name, static_cast<log::Level>(level), target.cached);
}

log::Value to_value(const tri_field& field) {
  switch (field.type) {
    case TRI_TYPE_INT:
      return log::Value::of_int(field.integer);
    case TRI_TYPE_DOUBLE:
      return log::Value::of_double(field.real);
    case TRI_TYPE_BOOL:
      return log::Value::of_bool(field.integer != 0);
    case TRI_TYPE_DISPLAY:
      return log::Value::of_text(view(field.text), log::ValueKind::kDisplay);
    case TRI_TYPE_JSON:
      return log::Value::of_text(view(field.text), log::ValueKind::kJson);
    default:
      return log::Value::of_text(view(field.text));
  }
}

}  // namespace

std::vector<log::Field> to_fields(const tri_field* fields, std::size_t count) {
  std::vector<log::Field> all;
  for (std::size_t i = 0; fields != nullptr && i < count; ++i)
    all.push_back({view(fields[i].key), to_value(fields[i])});
  return all;
}

}  // namespace trilobite::c_api

using namespace trilobite;  // NOLINT(google-build-using-namespace): the functions below are outside any

extern "C" {

int tri_abi(void) { return TRILOBITE_ABI; }
const char* tri_version(void) { return TRILOBITE_SDK_VERSION; }

int tri_init(const char* default_level, char* error, size_t error_size) {
  try {
    const std::string failure =
        log::try_init(log::Config::from_environment(default_level != nullptr ? default_level : "info"));
    if (!failure.empty()) return c_api::tell(failure, error, error_size), 1;
    trace::init(trace::Config::from_environment());
    const trace::ExportConfig exporting = trace::ExportConfig::from_environment();
    if (!exporting.enabled) return 0;
    const std::string refused = trace::start_export(exporting);
    if (!refused.empty()) return c_api::tell(refused, error, error_size), 1;
    return 0;
  } catch (const std::exception& failure) {
    return c_api::tell(failure.what(), error, error_size), 1;
  }
}

void tri_flush(int64_t wait_ms) {
  log::flush();
  trace::flush_export(wait_ms);
}

void tri_shutdown(int64_t wait_ms) {
  trace::stop_export(wait_ms);
  log::flush();
}

int tri_set_filter(tri_text directives, char* error, size_t error_size) {
  const std::string failure = log::set_filter(c_api::view(directives));
  if (failure.empty()) return 0;
  return c_api::tell(failure, error, error_size), 1;
}

int tri_log_enabled(tri_text target, int level) {
  return c_api::enabled(c_api::targets().of(c_api::view(target)), level) ? 1 : 0;
}

void tri_log(tri_text target, int level, tri_text message, const tri_context* context, const tri_field* fields,
             size_t field_count) {
  c_api::Target& known = c_api::targets().of(c_api::view(target));
  if (!c_api::enabled(known, level)) return;
  const auto list = c_api::to_fields(fields, std::min(field_count, c_api::kFieldsMax));
  trace::Entered entered;
  if (context != nullptr) entered = context->context.attach();
  log::detail::RecordHead head{};
  constexpr std::string_view kFormat = "{}";
  head.format = kFormat.data();
  head.format_size = kFormat.size();
  head.target = known.name.data();
  head.target_size = static_cast<std::uint32_t>(known.name.size());
  head.value_count = 1;
  head.field_count = static_cast<std::uint8_t>(list.size());
  head.level = static_cast<log::Level>(level);
  log::detail::submit(head, log::Value::of_text(c_api::view(message)), c_api::FieldList{list.data(), list.size()});
}

}  // extern "C"
