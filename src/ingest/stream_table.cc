#include "ingest/stream_table.h"

#include <fmt/core.h>

#include <algorithm>

#include "ingest/level.h"

namespace trilobite::ingest {
namespace {

constexpr std::string_view kServiceName = "service_name";
constexpr std::string_view kUnknownService = "unknown_service";
constexpr auto kIdle = std::chrono::hours(1);  // after it a stream counts no longer
constexpr auto kSweepEvery = std::chrono::minutes(1);

std::optional<StreamFault> fault_of(const LabelSet& original, const LabelSet& labels, std::string_view tenant,
                                    const LogLimits& limits) {
  for (const std::string& name : limits.enforced_labels) {
    if (!labels.get(name).empty()) continue;
    return StreamFault{"missing_labels", fmt::format("missing required labels '{}' for user '{}' for stream '{}'", name,
                                                     tenant, labels.to_string())};
  }
  if (original.size() > limits.max_label_names_per_series) {
    return StreamFault{"max_label_names_per_series",
                       fmt::format("entry for stream '{}' has {} label names; limit {}", labels.to_string(),
                                   original.size(), limits.max_label_names_per_series)};
  }
  for (const auto& [name, value] : original) {
    if (name.size() > limits.max_label_name_length) {
      return StreamFault{"label_name_too_long",
                         fmt::format("stream '{}' has label name too long: '{}'", labels.to_string(), name)};
    }
    if (value.size() > limits.max_label_value_length) {
      return StreamFault{"label_value_too_long",
                         fmt::format("stream '{}' has label value too long: '{}'", labels.to_string(), value)};
    }
  }
  return std::nullopt;
}

}  // namespace

bool TokenBucket::take(std::uint64_t amount, std::uint64_t rate, std::uint64_t burst, std::chrono::nanoseconds now) {
  const double size = static_cast<double>(burst == 0 ? rate : burst);
  if (tokens_ < 0) {
    tokens_ = size;
  } else {
    const double seconds = std::chrono::duration<double>(now - last_).count();
    tokens_ = std::min(size, tokens_ + std::max(0.0, seconds) * static_cast<double>(rate));
  }
  last_ = now;
  if (tokens_ < static_cast<double>(amount)) return false;
  tokens_ -= static_cast<double>(amount);
  return true;
}

LabelSetRef with_service_name(const LabelSetRef& labels, const LogLimits& limits) {
  if (limits.discover_service_name.empty() || !labels->get(kServiceName).empty()) return labels;
  std::string_view service = kUnknownService;
  for (const std::string& name : limits.discover_service_name) {
    if (const std::string_view value = labels->get(name); !value.empty()) {
      service = value;
      break;
    }
  }
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& [name, value] : *labels) pairs.emplace_back(name, value);
  pairs.emplace_back(kServiceName, service);
  return std::make_shared<const LabelSet>(LabelSet::from_pairs(std::move(pairs)));
}

std::shared_ptr<Stream> StreamTable::get(const LabelSetRef& labels, std::string_view tenant,
                                         std::chrono::nanoseconds now) {
  const std::lock_guard lock(mutex_);
  if (const auto found = streams_.find(labels->bytes()); found != streams_.end()) {
    found->second->used_ns.store(now.count(), std::memory_order_relaxed);
    return found->second;
  }
  if (now - swept_ >= kSweepEvery ||
      (limits_.max_streams_per_user > 0 && streams_.size() >= limits_.max_streams_per_user)) {
    forget_idle(now);
  }
  if (limits_.max_streams_per_user > 0 && streams_.size() >= limits_.max_streams_per_user) return nullptr;
  auto stream = std::make_shared<Stream>();
  stream->labels = with_service_name(labels, limits_);
  stream->fault = fault_of(*labels, *stream->labels, tenant, limits_);
  if (const auto level = level_label(*stream->labels)) stream->level = std::string(normal_level(*level));
  stream->used_ns = now.count();
  streams_.emplace(labels->bytes(), stream);
  return stream;
}

void StreamTable::forget_idle(std::chrono::nanoseconds now) {
  // At the limit every new stream would sweep again; once a second is enough.
  if (swept_.count() != 0 && now - swept_ < std::chrono::seconds(1)) return;
  swept_ = now;
  boost::unordered::erase_if(streams_, [&](const auto& entry) {
    return now.count() - entry.second->used_ns.load(std::memory_order_relaxed) >
           std::chrono::nanoseconds(kIdle).count();
  });
}

std::size_t StreamTable::size() const {
  const std::lock_guard lock(mutex_);
  return streams_.size();
}

bool StreamTable::take_rate(std::uint64_t bytes, std::chrono::nanoseconds now) {
  const std::lock_guard lock(mutex_);
  return bucket_.take(bytes, limits_.ingestion_rate_bytes, limits_.ingestion_burst_bytes, now);
}

}  // namespace trilobite::ingest
