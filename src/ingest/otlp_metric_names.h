// How names of OpenTelemetry's metrics and attributes become names of Prometheus: the four translation strategies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace trilobite::ingest {

enum class OtlpTranslation : std::uint8_t {
  kUnderscoreEscapingWithSuffixes,
  kUnderscoreEscapingWithoutSuffixes,
  kNoUtf8EscapingWithSuffixes,
  kNoTranslation,
};
std::string_view otlp_translation_name(OtlpTranslation translation);  // as in Prometheus' configuration
std::optional<OtlpTranslation> parse_otlp_translation(std::string_view name);

enum class OtlpMetricKind : std::uint8_t { kGauge, kCounter, kUpDownCounter, kHistogram, kExponential, kSummary };

// http.server.duration with unit ms: http_server_duration_milliseconds.
std::string otlp_metric_name(std::string_view name, std::string_view unit, OtlpMetricKind kind,
                             OtlpTranslation translation);
// The unit as metadata shows it: By/s is bytes_per_second.
std::string otlp_unit(std::string_view unit);

struct OtlpLabelNames {
  bool underscore_prefix = true;         // _a becomes key_a
  bool several_underscores = true;       // a__b stays
};
std::string otlp_label_name(std::string_view name, OtlpTranslation translation, OtlpLabelNames options = {});

}  // namespace trilobite::ingest
