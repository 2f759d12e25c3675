#include "ingest/log_writer.h"

#include <array>
#include <atomic>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>

#include "ingest/grouped_errors.h"
#include "ingest/level.h"
#include "ingest/metadata_column.h"
#include "ingest/stream_table.h"
#include "ingest/timestamp.h"

namespace trilobite::ingest {
namespace {

struct Count {
  std::uint64_t rows = 0, bytes = 0;
};
using Discards = std::map<std::string, Count, std::less<>>;

// 188B, 1.5KB, 3MB: steps of 1024, as Loki writes sizes in its texts.
std::string size_text(std::uint64_t bytes) {
  static constexpr std::array<std::string_view, 5> kUnits = {"B", "KB", "MB", "GB", "TB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 1024 && unit + 1 < kUnits.size(); ++unit) size /= 1024;
  const bool whole = size == std::floor(size);
  return fmt::format("{:.{}f}{}", size, whole ? 0 : 1, kUnits[unit]);
}

// One request on its way through limits and discovery.
class Admission {
 public:
  Admission(Batch& batch, std::string_view tenant, const LogLimits& limits, StreamTable& streams, TimeNs now,
            std::chrono::nanoseconds steady)
      : batch_(batch),
        tenant_(tenant),
        limits_(limits),
        lines_(batch.find(kLineColumn)),
        metadata_in_(batch.find(kMetadataColumn)),
        metadata_out_(batch.rows()),
        steady_(steady) {
    for (const LabelSetRef& labels : batch.label_sets) streams_.push_back(streams.get(labels, tenant, steady));
    time_min_ = limits.reject_old_samples ? now - limits.reject_old_samples_max_age.count()
                                          : std::numeric_limits<TimeNs>::min();
    time_max_ = limits.creation_grace_period.count() > 0 ? now + limits.creation_grace_period.count()
                                                         : std::numeric_limits<TimeNs>::max();
    line_max_ = limits.max_line_size > 0 ? limits.max_line_size : std::numeric_limits<std::size_t>::max();
  }

  void run() {
    for (std::size_t set = 0; set < streams_.size(); ++set) check_stream(set);
    if (limits_.per_stream_rate_bytes > 0) check_stream_rates();
    for (std::size_t row = 0; row < batch_.rows(); ++row) admit(row);
    rewrite();
  }

  const Discards& discards() const { return discards_; }
  std::uint64_t rows_rejected() const { return rows_rejected_; }
  std::uint64_t bytes_accepted() const { return bytes_accepted_; }
  std::optional<Error> partial() const {
    if (errors_.empty()) return std::nullopt;
    return Error{overload_only_ ? Code::kOverload : Code::kInvalid, errors_.text()};
  }

 private:
  struct Verdict {  // per stream
    bool refused = false;
    std::string reason;
    std::optional<std::uint32_t> level_code;  // of the metadata that rows without their own get
  };

  void check_stream(std::size_t set) {
    Verdict verdict;
    const Stream* stream = streams_[set].get();
    if (stream == nullptr) {
      verdict = {true, "stream_limit", {}};
      errors_.add(fmt::format(
          "maximum active stream limit exceeded when trying to create stream {}, reduce the number of active streams "
          "(reduce labels or reduce label values), or contact your Loki administrator to see if the limit can be "
          "increased, user: '{}'",
          batch_.label_sets[set]->to_string(), tenant_));
    } else if (stream->fault) {
      verdict = {true, stream->fault->reason, {}};
      errors_.add(stream->fault->text);
      overload_only_ = false;
    } else {
      batch_.label_sets[set] = stream->labels;
      if (stream->level && limits_.discover_log_levels) {
        verdict.level_code = metadata_out_.code_of(level_metadata(*stream->level));
      }
    }
    verdicts_.push_back(std::move(verdict));
  }

  void check_stream_rates() {
    std::vector<std::uint64_t> bytes(streams_.size());
    for (std::size_t row = 0; row < batch_.rows(); ++row) bytes[batch_.label_set_of_row[row]] += line(row).size();
    for (std::size_t set = 0; set < streams_.size(); ++set) {
      Stream* stream = streams_[set].get();
      if (verdicts_[set].refused || bytes[set] == 0) continue;
      const std::lock_guard lock(stream->mutex);
      if (stream->bucket.take(bytes[set], limits_.per_stream_rate_bytes, limits_.per_stream_burst_bytes, steady_))
        continue;
      verdicts_[set] = {true, "per_stream_rate_limit", {}};
      errors_.add(fmt::format(
          "Per stream rate limit exceeded (limit: {}/sec) while attempting to ingest for stream '{}' totaling {}, "
          "consider splitting a stream via additional labels or contact your Loki administrator to see if the limit "
          "can be increased",
          size_text(limits_.per_stream_rate_bytes), stream->labels->to_string(), size_text(bytes[set])));
    }
  }

  std::string_view line(std::size_t row) const { return lines_ == nullptr ? std::string_view() : lines_->text(row); }
  std::string stream_text(std::size_t row) const {
    return batch_.label_sets[batch_.label_set_of_row[row]]->to_string();
  }

  void admit(std::size_t row) {
    const Verdict& verdict = verdicts_[batch_.label_set_of_row[row]];
    const std::string_view text = line(row);
    if (verdict.refused) return reject(row, verdict.reason, {});
    const TimeNs time = batch_.times[row];
    if (time < time_min_ || time > time_max_) return reject_time(row, time < time_min_);
    if (text.size() > line_max_) {
      if (!limits_.max_line_size_truncate) {
        return reject(
            row, "line_too_long",
            fmt::format("max entry size '{}' bytes exceeded for stream '{}' while adding an entry with length "
                        "'{}' bytes",
                        limits_.max_line_size, stream_text(row), text.size()));
      }
      lines_cut_ = true;
    }
    const std::string_view metadata = metadata_in_ == nullptr ? std::string_view() : metadata_in_->text(row);
    if (!metadata.empty()) return admit_with_metadata(row, text, metadata);
    bytes_accepted_ += std::min(text.size(), line_max_);
    if (!limits_.discover_log_levels) return metadata_out_.push({});
    if (verdict.level_code) return metadata_out_.push_code(*verdict.level_code);
    metadata_out_.push_level(level_of_line(text));
  }

  void admit_with_metadata(std::size_t row, std::string_view text, std::string_view metadata) {
    const MetadataFacts facts = look_at_metadata(metadata);
    if (!facts.canonical) return reject(row, "invalid_metadata", "structured metadata is not canonical");
    if (!limits_.allow_structured_metadata) {
      return reject(
          row, "disallowed_structured_metadata",
          fmt::format("stream '{}' includes structured metadata, but this feature is disallowed. Please see "
                      "`limits_config.allow_structured_metadata` or contact your Loki administrator to enable "
                      "it",
                      stream_text(row)));
    }
    if (facts.bytes > limits_.max_structured_metadata_size) {
      return reject(
          row, "structured_metadata_too_large",
          fmt::format("stream '{}' has structured metadata too large: '{}' bytes, limit: '{}' bytes. Please see "
                      "`limits_config.max_structured_metadata_size` or contact your Loki administrator to "
                      "increase it",
                      stream_text(row), facts.bytes, limits_.max_structured_metadata_size));
    }
    if (facts.pairs > limits_.max_structured_metadata_entries_count) {
      return reject(
          row, "structured_metadata_too_many",
          fmt::format("stream '{}' has too many structured metadata labels: '{}', limit: '{}'. Please see "
                      "`limits_config.max_structured_metadata_entries_count` or contact your Loki administrator "
                      "to increase it",
                      stream_text(row), facts.pairs, limits_.max_structured_metadata_entries_count));
    }
    bytes_accepted_ += std::min(text.size(), line_max_) + facts.bytes;
    if (!limits_.discover_log_levels) return metadata_out_.push(metadata);
    scratch_.clear();
    append_with_level(scratch_, metadata, level_of(facts, text, streams_[batch_.label_set_of_row[row]]->level));
    metadata_out_.push(scratch_);
  }

  static std::string_view level_of(const MetadataFacts& facts, std::string_view text,
                                   const std::optional<std::string>& of_stream) {
    if (facts.detected_level) return normal_level(*facts.detected_level);
    if (of_stream) return *of_stream;
    if (facts.level) return normal_level(*facts.level);
    if (!facts.severity_number.empty()) return level_name(level_of_severity_number(facts.severity_number));
    return level_name(level_of_line(text));
  }

  void reject_time(std::size_t row, bool old) {
    const std::string time = format_rfc3339(batch_.times[row]);
    if (old) {
      return reject(row, "greater_than_max_sample_age",
                    fmt::format("entry for stream '{}' has timestamp too old: {}, oldest acceptable timestamp is: {}",
                                stream_text(row), time, format_rfc3339(time_min_)));
    }
    reject(row, "too_far_in_future",
           fmt::format("entry for stream '{}' has timestamp too new: {}", stream_text(row), time));
  }

  // An empty text: the stream has been told once already.
  void reject(std::size_t row, std::string_view reason, std::string text) {
    if (!text.empty()) {
      errors_.add(std::move(text));
      overload_only_ = false;
    }
    auto found = discards_.find(reason);
    if (found == discards_.end()) found = discards_.emplace(reason, Count{}).first;
    ++found->second.rows;
    found->second.bytes += line(row).size();
    if (rejected_.empty()) rejected_.resize(batch_.rows());
    rejected_[row] = true;
    ++rows_rejected_;
  }

  // Puts the new metadata column in, and takes out what was rejected.
  void rewrite() {
    const bool copy_lines = rows_rejected_ > 0 || lines_cut_ || lines_ == nullptr;
    StringColumn lines;
    if (copy_lines) {
      std::size_t kept = 0;
      for (std::size_t row = 0; row < batch_.rows(); ++row) {
        if (!rejected_.empty() && rejected_[row]) continue;
        push_line(lines, line(row));
        batch_.times[kept] = batch_.times[row];
        batch_.label_set_of_row[kept] = batch_.label_set_of_row[row];
        ++kept;
      }
      batch_.times.resize(kept);
      batch_.label_set_of_row.resize(kept);
    }
    Column line_column;
    for (NamedColumn& entry : batch_.columns) {
      if (entry.name == kLineColumn) line_column = std::move(entry.column);
    }
    if (copy_lines) line_column = Column(std::move(lines));
    batch_.columns.clear();
    batch_.columns.push_back({std::string(kLineColumn), std::move(line_column)});
    batch_.columns.push_back({std::string(kMetadataColumn), metadata_out_.finish()});
  }

  void push_line(StringColumn& lines, std::string_view text) const {
    if (text.size() <= line_max_) return lines.push_back(text);
    const std::string& mark = limits_.max_line_size_truncate_identifier;
    const std::size_t keep = mark.size() < line_max_ ? line_max_ - mark.size() : line_max_;
    lines.bytes.append(text.substr(0, keep));
    lines.push_back(keep < line_max_ ? std::string_view(mark) : std::string_view());
  }

  Batch& batch_;
  std::string_view tenant_;
  const LogLimits& limits_;
  const Column* lines_;
  const Column* metadata_in_;
  MetadataColumnBuilder metadata_out_;
  std::chrono::nanoseconds steady_;
  TimeNs time_min_ = 0, time_max_ = 0;
  std::size_t line_max_ = 0;

  std::vector<std::shared_ptr<Stream>> streams_;  // one per label set
  std::vector<Verdict> verdicts_;
  std::vector<bool> rejected_;  // per row; empty while none is
  bool lines_cut_ = false;
  std::uint64_t rows_rejected_ = 0, bytes_accepted_ = 0;
  bool overload_only_ = true;
  GroupedErrors errors_;
  Discards discards_;
  std::string scratch_;
};

}  // namespace

struct LogWriter::State {
  using Limits = std::shared_ptr<const LimitsByTenant>;

  Store& store;
  TailHub& tails;
  const Clock& clock;

  std::atomic<std::uint64_t> rows{0}, bytes{0}, requests{0};
  mutable std::mutex mutex;  // guards the rest
  Limits limits;
  std::map<std::string, std::shared_ptr<StreamTable>, std::less<>> tenants;
  Discards discards;

  // Keeps the whole snapshot alive that the limits are part of.
  static std::shared_ptr<const LogLimits> part_of(const Limits& all, std::string_view tenant) {
    return {all, &all->of(tenant)};
  }

  std::shared_ptr<StreamTable> streams_of(std::string_view tenant) {
    const std::lock_guard lock(mutex);
    const auto found = tenants.find(tenant);
    if (found != tenants.end()) return found->second;
    auto made = std::make_shared<StreamTable>(part_of(limits, tenant));
    return tenants.emplace(std::string(tenant), std::move(made)).first->second;
  }

  void discard(std::string_view reason, const Count& count) {
    const std::lock_guard lock(mutex);
    auto found = discards.find(reason);
    if (found == discards.end()) found = discards.emplace(reason, Count{}).first;
    found->second.rows += count.rows;
    found->second.bytes += count.bytes;
  }
};

LogWriter::LogWriter(Store& store, TailHub& tails, const Clock& clock, LimitsByTenant limits)
    : state_(new State{store, tails, clock}) {
  set_limits(std::move(limits));
}
LogWriter::~LogWriter() = default;

Result<PushOutcome> LogWriter::write(std::string_view tenant, LogPush push) {
  State& state = *state_;
  ++state.requests;
  const std::shared_ptr<StreamTable> table = state.streams_of(tenant);
  StreamTable& streams = *table;
  const LogLimits& limits = streams.limits();
  const TimeNs now = state.clock.now();
  PushOutcome outcome;
  if (limits.block_ingestion_until > now) {
    outcome.rows_rejected = push.batch.rows();
    outcome.status = limits.block_ingestion_status_code;
    outcome.partial = error(Code::kUnavailable, "ingestion blocked for user '{}' until '{}' with status code '{}'",
                            tenant, format_rfc3339(limits.block_ingestion_until), limits.block_ingestion_status_code);
    state.discard("blocked_ingestion", {push.batch.rows(), push.batch.bytes()});
    return outcome;
  }
  Admission admission(push.batch, tenant, limits, streams, now, state.clock.steady());
  admission.run();
  const Count accepted{push.batch.rows(), admission.bytes_accepted()};
  if (limits.ingestion_rate_bytes > 0 && !streams.take_rate(accepted.bytes, state.clock.steady())) {
    state.discard("rate_limited", accepted);
    return error(
        Code::kOverload,
        "ingestion rate limit exceeded for user {} (limit: {} bytes/sec) while attempting to ingest '{}' lines "
        "totaling '{}' bytes, reduce log volume or contact your Loki administrator to see if the limit can be "
        "increased",
        tenant, limits.ingestion_rate_bytes, accepted.rows, accepted.bytes);
  }
  if (accepted.rows > 0) {
    AppendOptions options;
    if (push.request) options.request = Hash128{push.request->low ^ hash64(tenant), push.request->high};
    TRY_VOID(state.store.append(tenant, Signal::kLogs, push.batch, options));
    state.rows += accepted.rows;
    state.bytes += accepted.bytes;
    if (state.tails.watched()) state.tails.publish(tenant, std::make_shared<const Batch>(std::move(push.batch)));
  }
  for (const auto& [reason, count] : admission.discards()) state.discard(reason, count);
  outcome.rows_accepted = accepted.rows;
  outcome.bytes_accepted = accepted.bytes;
  outcome.rows_rejected = admission.rows_rejected();
  outcome.partial = admission.partial();
  return outcome;
}

WriterStats LogWriter::stats() const {
  WriterStats stats;
  stats.rows = state_->rows;
  stats.bytes = state_->bytes;
  stats.requests = state_->requests;
  const std::lock_guard lock(state_->mutex);
  for (const auto& [reason, count] : state_->discards) stats.discarded.push_back({reason, count.rows, count.bytes});
  for (const auto& [tenant, streams] : state_->tenants) stats.streams += streams->size();
  return stats;
}

std::vector<std::pair<std::string, std::uint64_t>> LogWriter::streams_by_tenant() const {
  std::vector<std::pair<std::string, std::uint64_t>> out;
  const std::lock_guard lock(state_->mutex);
  for (const auto& [tenant, streams] : state_->tenants) out.emplace_back(tenant, streams->size());
  return out;
}

std::shared_ptr<const LogLimits> LogWriter::limits_of(std::string_view tenant) const {
  const std::lock_guard lock(state_->mutex);
  return State::part_of(state_->limits, tenant);
}

void LogWriter::set_limits(LimitsByTenant limits) {
  auto replacement = std::make_shared<const LimitsByTenant>(std::move(limits));
  const std::lock_guard lock(state_->mutex);
  state_->limits = std::move(replacement);
  state_->tenants.clear();  // requests under way end with what they began with
}

void LogWriter::count_discarded(std::string_view reason, std::uint64_t rows, std::uint64_t bytes) {
  state_->discard(reason, {rows, bytes});
}

}  // namespace trilobite::ingest
