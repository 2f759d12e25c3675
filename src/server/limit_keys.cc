// The section `limits`: what a tenant may write and ask. `overrides` has the same keys per tenant.
#include <algorithm>

#include "ingest/timestamp.h"
#include "logs/regex.h"
#include "server/config_fields.h"
#include "server/limit_keys.h"
#include "server/otlp_config.h"

namespace trilobite::server {
namespace {

using Limits = TenantLimits;

Field<Limits> moment_field(std::string name, std::string help) {
  return make_field<Limits>(
      std::move(name), "RFC 3339 time", std::move(help),
      [](Limits& limits, const std::string& value) -> Result<void> {
        limits.write.block_ingestion_until = 0;
        if (value.empty()) return {};
        const auto parsed = ingest::parse_rfc3339(value);
        if (!parsed) return error(Code::kInvalid, "\"{}\" is no time such as 2026-01-15T08:00:00Z", value);
        limits.write.block_ingestion_until = *parsed;
        return {};
      },
      [](const Limits& limits) {
        const TimeNs until = limits.write.block_ingestion_until;
        return until == 0 ? std::string() : ingest::format_rfc3339(until);
      });
}

Field<Limits> otlp_field() {
  auto field = make_field<Limits>(
      "otlp_config", "mapping",
      "Which attributes of OTLP logs become labels, structured metadata, or nothing; see send-logs.md.",
      [](Limits& limits, const std::string& value) -> Result<void> {
        TRY(mapping, parse_otlp_config(value));
        limits.write.otlp = std::move(mapping);
        return {};
      },
      [](const Limits& limits) { return format_otlp_config(limits.write.otlp); });
  field.tree = true;
  return field;
}

// Each is an expression; a bad one is found when the configuration is read.
Field<Limits> blocked_field() {
  Field<Limits> field{"blocked_queries",
                      "list of texts",
                      "Expressions (RE2); a query whose whole text matches one is refused.",
                      true,
                      false,
                      {},
                      {}};
  field.set = [](Limits& limits, const std::vector<std::string>& values) -> Result<void> {
    for (const std::string& value : values) TRY_VOID(logql::Regex::compile(value, {.anchored = true}));
    limits.read.blocked = values;
    return {};
  };
  field.get = [](const Limits& limits) { return limits.read.blocked; };
  return field;
}

template <class T>
auto write(T ingest::LogLimits::*value) {
  return member(&Limits::write, value);
}
template <class T>
auto metrics(T ingest::MetricLimits::*value) {
  return member(&Limits::metrics, value);
}
template <class T>
auto read(T query::QueryLimits::*value) {
  return member(&Limits::read, value);
}

std::vector<Field<Limits>> write_fields() {
  using L = Limits;
  using W = ingest::LogLimits;
  return {
      flag_field<L>("reject_old_samples", "Refuse lines older than `reject_old_samples_max_age`.",
                    write(&W::reject_old_samples)),
      duration_field<L>("reject_old_samples_max_age", "Age from which lines are refused, if they are.",
                        write(&W::reject_old_samples_max_age)),
      duration_field<L>("creation_grace_period", "How far in the future a line may be; 0 accepts any time.",
                        write(&W::creation_grace_period)),
      bytes_field<L>("max_line_size", "Longer lines are refused, or cut; 0 for no limit.", write(&W::max_line_size)),
      flag_field<L>("max_line_size_truncate", "Cut long lines instead of refusing them.",
                    write(&W::max_line_size_truncate)),
      text_field<L>("max_line_size_truncate_identifier", "Text that marks the end of a line that was cut.",
                    write(&W::max_line_size_truncate_identifier)),
      count_field<L>("max_label_names_per_series", "Labels of one stream; a discovered service_name does not count.",
                     write(&W::max_label_names_per_series)),
      bytes_field<L>("max_label_name_length", "Length of a label's name.", write(&W::max_label_name_length)),
      bytes_field<L>("max_label_value_length", "Length of a label's value.", write(&W::max_label_value_length)),
      texts_field<L>("enforced_labels", "Labels that every stream must have.", write(&W::enforced_labels)),
      flag_field<L>("allow_structured_metadata", "Accept structured metadata.", write(&W::allow_structured_metadata)),
      bytes_field<L>("max_structured_metadata_size", "Names and values of one line's metadata together.",
                     write(&W::max_structured_metadata_size)),
      count_field<L>("max_structured_metadata_entries_count", "Entries of one line's metadata.",
                     write(&W::max_structured_metadata_entries_count)),
      bytes_field<L>("ingestion_rate", "Bytes per second; 0 for no limit.", write(&W::ingestion_rate_bytes)),
      bytes_field<L>("ingestion_burst", "Bytes at once above the rate; 0 for one second of the rate.",
                     write(&W::ingestion_burst_bytes)),
      bytes_field<L>("per_stream_rate", "Bytes per second of one stream; 0 for no limit.",
                     write(&W::per_stream_rate_bytes)),
      bytes_field<L>("per_stream_burst", "Bytes at once above that rate; 0 for one second of it.",
                     write(&W::per_stream_burst_bytes)),
      count_field<L>("max_streams_per_user", "Streams with a line in the last hour; 0 for no limit.",
                     write(&W::max_streams_per_user)),
      moment_field("block_ingestion_until", "Refuse every line before this time; empty for never."),
      count_field<L>("block_ingestion_status_code", "HTTP status of that refusal.",
                     write(&W::block_ingestion_status_code)),
      texts_field<L>("discover_service_name",
                     "Labels whose value becomes service_name where there is none; an empty list turns it off.",
                     write(&W::discover_service_name)),
      flag_field<L>("discover_log_levels", "Find the level of each line and keep it as detected_level.",
                    write(&W::discover_log_levels)),
      otlp_field(),
  };
}

std::vector<Field<Limits>> metric_fields() {
  using L = Limits;
  using M = ingest::MetricLimits;
  return {
      duration_field<L>("metrics_out_of_order_window",
                        "A sample older than the newest of its series by no more than this is stored; 0: time only "
                        "goes forward, as in Prometheus.",
                        metrics(&M::out_of_order_window)),
      duration_field<L>("metrics_future_max", "How far in the future a sample may be; 0 for no limit.",
                        metrics(&M::future_max)),
      duration_field<L>("metrics_past_max", "How old a sample may be; 0 for no limit.", metrics(&M::past_max)),
      count_field<L>("metrics_max_series", "Series with a sample in the last hour; 0 for no limit.",
                     metrics(&M::series_max)),
      count_field<L>("metrics_max_label_names", "Labels of one series; 0 for no limit.", metrics(&M::label_names_max)),
      bytes_field<L>("metrics_max_label_name_length", "Length of a label's name; 0 for no limit.",
                     metrics(&M::label_name_bytes_max)),
      bytes_field<L>("metrics_max_label_value_length", "Length of a label's value; 0 for no limit.",
                     metrics(&M::label_value_bytes_max)),
      flag_field<L>("metrics_start_timestamps",
                    "Store since when counters count, where OpenMetrics (`_created`, which is no series then), protobuf, "
                    "remote write 2.0 or OTLP say it.",
                    metrics(&M::start_times)),
      flag_field<L>("metrics_exemplars", "Store exemplars.", metrics(&M::exemplars)),
      count_field<L>("metrics_max_metadata", "Metric families whose type, help and unit are kept.",
                     metrics(&M::metadata_max)),
  };
}

std::vector<Field<Limits>> read_fields() {
  using L = Limits;
  using R = query::QueryLimits;
  return {
      duration_field<L>("query_timeout", "A query that takes longer is stopped.", read(&R::timeout)),
      duration_field<L>("max_query_length", "Longest time range of a query; 0 for no limit.", read(&R::length_max)),
      duration_field<L>("max_query_range", "Longest range in brackets, as in `[5m]`; 0 for no limit.",
                        read(&R::interval_max)),
      duration_field<L>("max_query_lookback", "Queries see nothing older than this; 0 for all.",
                        read(&R::lookback_max)),
      bytes_field<L>("max_query_bytes_read", "Data that one query may read; 0 for no limit.", read(&R::bytes_read_max)),
      bytes_field<L>("max_query_memory", "Memory of one query.", read(&R::memory_max)),
      count_field<L>("max_query_series", "Series of an answer.", read(&R::series_max)),
      count_field<L>("max_query_points", "Points per series of an answer.", read(&R::points_max)),
      count_field<L>("max_entries_limit_per_query", "Log lines of an answer.", read(&R::entries_max)),
      count_field<L>("max_streams_matchers_per_query", "Label matchers of a query; 0 for no limit.",
                     read(&R::matchers_max)),
      texts_field<L>("required_labels", "Labels that every selector must have a matcher for.",
                     read(&R::required_labels)),
      count_field<L>("minimum_labels_number", "Matchers that every selector must have.", read(&R::matchers_min)),
      blocked_field(),
      count_field<L>("max_patterns", "Patterns of an answer, the most frequent ones.", read(&R::patterns_max)),
      count_field<L>("volume_max_series", "Volumes of an answer of index/volume.", read(&R::volumes_max)),
      count_field<L>("max_concurrent_tail_requests", "Live tails at once.", read(&R::tails_max)),
  };
}

std::vector<Field<Limits>> make_fields() {
  std::vector<Field<Limits>> fields = write_fields();
  for (Field<Limits>& field : metric_fields()) fields.push_back(std::move(field));
  for (Field<Limits>& field : read_fields()) fields.push_back(std::move(field));
  return fields;
}

}  // namespace

const std::vector<Field<TenantLimits>>& limit_fields() {
  static const std::vector<Field<TenantLimits>> fields = make_fields();
  return fields;
}

const Field<TenantLimits>* find_limit(std::string_view name) {
  const auto& fields = limit_fields();
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

}  // namespace trilobite::server
