// WriteRequest{1 timeseries{1 labels{1 name, 2 value}, 2 samples{1 value, 2 ms}, 3 exemplars{1 labels, 2 value, 3 ms},
// 4 histograms}, 3 metadata{1 type, 2 name, 4 help, 5 unit}}.
#include "ingest/remote_write.h"

#include "ingest/remote_write_parts.h"
#include "ingest/wire_pairs.h"

namespace trilobite::ingest {
namespace {

constexpr std::string_view kProtobuf = "application/x-protobuf";
constexpr std::string_view kMessage1 = "prometheus.WriteRequest";
constexpr std::string_view kMessage2 = "io.prometheus.write.v2.Request";

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

class WriteRequest {
 public:
  explicit WriteRequest(MetricSeriesTable& table) : table_(table) {}

  Result<RemoteWrite> decode(std::string_view message) {
    reserve(parts_.push, message.size());
    keys_.reserve(parts_.push.times.capacity());
    labels_.reserve(parts_.push.times.capacity());
    WireReader reader(message);
    while (reader.next()) {
      if (reader.tag() == wire_tag(1, Wire::kBytes)) {
        TRY_VOID(time_series(reader.bytes()));
      } else if (reader.tag() == wire_tag(3, Wire::kBytes)) {
        TRY_VOID(metadata(reader.bytes()));
      } else {
        reader.skip();
      }
    }
    if (reader.broken()) return broken_message();
    TRY_VOID(resolve());
    return parts_.finish();
  }

 private:
  Result<void> time_series(std::string_view message) {
    const auto series = static_cast<std::uint32_t>(keys_.size());
    WireReader reader(message);
    // Labels come first and together: their bytes as they are stand for the series.
    const char* start = nullptr;
    const char* end = nullptr;
    bool scattered = false;
    const char* before = reader.position();
    while (reader.next()) {
      switch (reader.tag()) {
        case wire_tag(1, Wire::kBytes):
          reader.bytes();
          scattered = scattered || (start != nullptr && end != before);
          if (start == nullptr) start = before;
          end = reader.position();
          break;
        case wire_tag(2, Wire::kBytes):
          if (!parts_.add_sample(series, reader.bytes())) return broken_message();
          break;
        case wire_tag(3, Wire::kBytes):
          exemplars_.push_back({series, reader.bytes()});
          break;
        case wire_tag(4, Wire::kBytes): {
          auto decoded = decode_wire_histogram(reader.bytes());
          if (!decoded.ok()) return Error{Code::kInvalid, std::move(decoded).error().message};
          parts_.push.add(series, time_of_ms(decoded->time_ms), std::move(decoded->histogram));
          break;
        }
        default:
          reader.skip();
      }
      before = reader.position();
    }
    if (reader.broken()) return broken_message();
    std::string_view labels = scattered ? message : std::string_view(start, static_cast<std::size_t>(end - start));
    keys_.push_back(hash128(labels));
    labels_.push_back(labels);
    return {};
  }

  Result<void> metadata(std::string_view message) {
    WireReader reader(message);
    MetricMetadata entry;
    entry.type = metadata_type(0);
    while (reader.next()) {
      switch (reader.tag()) {
        case wire_tag(1, Wire::kVarint):
          entry.type = metadata_type(reader.varint());
          break;
        case wire_tag(2, Wire::kBytes):
          entry.name = std::string(reader.bytes());
          break;
        case wire_tag(4, Wire::kBytes):
          entry.help = std::string(reader.bytes());
          break;
        case wire_tag(5, Wire::kBytes):
          entry.unit = std::string(reader.bytes());
          break;
        default:
          reader.skip();
      }
    }
    if (reader.broken()) return broken_message();
    parts_.push.metadata.push_back(std::move(entry));
    return {};
  }

  Result<void> resolve() {
    table_.find(keys_, parts_.push.series);
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      MetricSeriesRef& series = parts_.push.series[i];
      if (series != nullptr) continue;
      if (!read_wire_pairs(labels_[i], pairs_)) return broken_message();
      auto labels = make_series_labels(pairs_);
      if (!labels.ok()) {
        parts_.leave_out(static_cast<std::uint32_t>(i));
        continue;
      }
      auto made = table_.get(std::move(*labels));
      if (!made.ok()) {
        parts_.refuse(made.error().message);
        parts_.leave_out(static_cast<std::uint32_t>(i));
        continue;
      }
      series = std::move(*made);
      table_.learn(keys_[i], series);
    }
    for (const auto& [series, message] : exemplars_) TRY_VOID(exemplar(series, message));
    return {};
  }

  // Faults of exemplars never fail a request.
  Result<void> exemplar(std::uint32_t series, std::string_view message) {
    MetricPush::Exemplar out;
    out.series = series;
    WireReader reader(message);
    while (reader.next()) {
      if (reader.tag() == wire_tag(2, Wire::kFixed64)) {
        out.value = reader.number();
      } else if (reader.tag() == wire_tag(3, Wire::kVarint)) {
        out.time = time_of_ms(reader.signed_varint());
      } else {
        reader.skip();
      }
    }
    if (reader.broken()) return broken_message();
    if (!read_wire_pairs(message, pairs_)) return broken_message();
    auto labels = make_labels(pairs_);
    if (!labels.ok()) return {};
    out.labels = std::move(*labels);
    parts_.push.exemplars.push_back(std::move(out));
    return {};
  }

  MetricSeriesTable& table_;
  WriteParts parts_;
  std::vector<Hash128> keys_;
  std::vector<std::string_view> labels_;  // messages with the labels of each series in field 1
  std::vector<std::pair<std::uint32_t, std::string_view>> exemplars_;
  std::vector<LabelSet::Pair> pairs_;
};

}  // namespace

Result<RemoteWriteVersion> remote_write_version(std::string_view content_type) {
  const std::string_view whole = trimmed(content_type);
  if (whole.empty()) return RemoteWriteVersion::kV1;
  const auto refuse = [](std::string text) { return Error{Code::kUnsupported, std::move(text)}; };
  std::size_t semicolon = whole.find(';');
  if (trimmed(whole.substr(0, semicolon)) != kProtobuf) {
    return refuse(fmt::format("expected {} as the first (media) part, got {} content-type", kProtobuf, whole));
  }
  while (semicolon != std::string_view::npos) {
    const std::size_t next = whole.find(';', semicolon + 1);
    const std::string_view parameter = trimmed(whole.substr(semicolon + 1, next - semicolon - 1));
    semicolon = next;
    const std::size_t equals = parameter.find('=');
    if (equals == std::string_view::npos || parameter.find('=', equals + 1) != std::string_view::npos) {
      return refuse(fmt::format("as per https://www.rfc-editor.org/rfc/rfc9110#parameter expected parameters to be "
                                "key-values, got {} in {} content-type",
                                parameter, whole));
    }
    if (parameter.substr(0, equals) != "proto") continue;
    const std::string_view message = parameter.substr(equals + 1);
    if (message == kMessage1) return RemoteWriteVersion::kV1;
    if (message == kMessage2) return RemoteWriteVersion::kV2;
    return refuse(fmt::format("got {} content type; unknown type for remote write protobuf message {}, supported: {}, {}",
                              whole, message, kMessage1, kMessage2));
  }
  return RemoteWriteVersion::kV1;
}

Result<RemoteWrite> decode_remote_write(std::string_view message, RemoteWriteVersion version,
                                        MetricSeriesTable& table) {
  if (version == RemoteWriteVersion::kV2) return decode_remote_write_2(message, table);
  return WriteRequest(table).decode(message);
}

}  // namespace trilobite::ingest
