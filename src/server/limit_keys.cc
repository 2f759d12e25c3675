// The section `limits`: what a tenant may write. `overrides` has the same keys per tenant.
#include <algorithm>

#include "ingest/timestamp.h"
#include "server/config_fields.h"
#include "server/limit_keys.h"

namespace trilobite::server {
namespace {

using ingest::LogLimits;

Field<LogLimits> moment_field(std::string name, std::string help) {
  return make_field<LogLimits>(
      std::move(name), "RFC 3339 time", std::move(help),
      [](LogLimits& limits, const std::string& value) -> Result<void> {
        limits.block_ingestion_until = 0;
        if (value.empty()) return {};
        const auto parsed = ingest::parse_rfc3339(value);
        if (!parsed) return error(Code::kInvalid, "\"{}\" is no time such as 2026-01-15T08:00:00Z", value);
        limits.block_ingestion_until = *parsed;
        return {};
      },
      [](const LogLimits& limits) {
        return limits.block_ingestion_until == 0 ? std::string() : ingest::format_rfc3339(limits.block_ingestion_until);
      });
}

template <class T>
auto at(T LogLimits::*value) {
  return member(value);
}

std::vector<Field<LogLimits>> make_fields() {
  using L = LogLimits;
  return {
      flag_field<L>("reject_old_samples", "Refuse lines older than `reject_old_samples_max_age`.",
                    at(&L::reject_old_samples)),
      duration_field<L>("reject_old_samples_max_age", "Age from which lines are refused, if they are.",
                        at(&L::reject_old_samples_max_age)),
      duration_field<L>("creation_grace_period", "How far in the future a line may be; 0 accepts any time.",
                        at(&L::creation_grace_period)),
      bytes_field<L>("max_line_size", "Longer lines are refused, or cut; 0 for no limit.", at(&L::max_line_size)),
      flag_field<L>("max_line_size_truncate", "Cut long lines instead of refusing them.",
                    at(&L::max_line_size_truncate)),
      text_field<L>("max_line_size_truncate_identifier", "Text that marks the end of a line that was cut.",
                    at(&L::max_line_size_truncate_identifier)),
      count_field<L>("max_label_names_per_series", "Labels of one stream; a discovered service_name does not count.",
                     at(&L::max_label_names_per_series)),
      bytes_field<L>("max_label_name_length", "Length of a label's name.", at(&L::max_label_name_length)),
      bytes_field<L>("max_label_value_length", "Length of a label's value.", at(&L::max_label_value_length)),
      texts_field<L>("enforced_labels", "Labels that every stream must have.", at(&L::enforced_labels)),
      flag_field<L>("allow_structured_metadata", "Accept structured metadata.", at(&L::allow_structured_metadata)),
      bytes_field<L>("max_structured_metadata_size", "Names and values of one line's metadata together.",
                     at(&L::max_structured_metadata_size)),
      count_field<L>("max_structured_metadata_entries_count", "Entries of one line's metadata.",
                     at(&L::max_structured_metadata_entries_count)),
      bytes_field<L>("ingestion_rate", "Bytes per second; 0 for no limit.", at(&L::ingestion_rate_bytes)),
      bytes_field<L>("ingestion_burst", "Bytes at once above the rate; 0 for one second of the rate.",
                     at(&L::ingestion_burst_bytes)),
      bytes_field<L>("per_stream_rate", "Bytes per second of one stream; 0 for no limit.",
                     at(&L::per_stream_rate_bytes)),
      bytes_field<L>("per_stream_burst", "Bytes at once above that rate; 0 for one second of it.",
                     at(&L::per_stream_burst_bytes)),
      count_field<L>("max_streams_per_user", "Streams with a line in the last hour; 0 for no limit.",
                     at(&L::max_streams_per_user)),
      moment_field("block_ingestion_until", "Refuse every line before this time; empty for never."),
      count_field<L>("block_ingestion_status_code", "HTTP status of that refusal.",
                     at(&L::block_ingestion_status_code)),
      texts_field<L>("discover_service_name",
                     "Labels whose value becomes service_name where there is none; an empty list turns it off.",
                     at(&L::discover_service_name)),
      flag_field<L>("discover_log_levels", "Find the level of each line and keep it as detected_level.",
                    at(&L::discover_log_levels)),
  };
}

}  // namespace

const std::vector<Field<LogLimits>>& limit_fields() {
  static const std::vector<Field<LogLimits>> fields = make_fields();
  return fields;
}

const Field<LogLimits>* find_limit(std::string_view name) {
  const auto& fields = limit_fields();
  const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.name == name; });
  return found == fields.end() ? nullptr : &*found;
}

}  // namespace trilobite::server
