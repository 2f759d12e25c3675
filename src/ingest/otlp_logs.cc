// ExportLogsServiceRequest{1 ResourceLogs{1 Resource{1 attributes}, 2 ScopeLogs{1 Scope{1 name, 2 version, 3
// attributes, 4 dropped}, 2 LogRecord{1 time, 2 severity number, 3 severity text, 5 body, 6 attributes, 7 dropped, 8
// flags, 9 trace id, 10 span id, 11 observed time, 12 event name}}}}.
#include "ingest/otlp_logs.h"

#include <protozero/pbf_reader.hpp>

#include "base/compress.h"
#include "ingest/otlp_json.h"
#include "ingest/otlp_value.h"
#include "ingest/push_builder.h"

namespace trilobite::ingest {
namespace {

using protozero::pbf_wire_type;
using protozero::tag_and_type;

std::string_view view(protozero::data_view data) { return {data.data(), data.size()}; }

struct Field {
  std::string name;  // valid
  std::string_view value;
};
using Labels = std::vector<std::pair<std::string, std::string>>;

struct Record {
  std::uint64_t time = 0, observed_time = 0;
  std::int32_t severity_number = 0;
  std::uint32_t dropped = 0, flags = 0;
  std::string_view severity_text, body, trace_id, span_id, event_name;
  std::vector<std::string_view> attributes;
};

// One request. Throws protozero's exceptions; the caller catches.
class OtlpPush {
 public:
  OtlpPush(const OtlpMapping& mapping, TimeNs now) : mapping_(mapping), now_(now) {}

  Result<LogPush> decode(std::string_view message) {
    if (!builder_.fits(message.size())) return error(Code::kLimit, "request body too large: {} bytes", message.size());
    protozero::pbf_reader request(message.data(), message.size());
    while (request.next(1, pbf_wire_type::length_delimited)) TRY_VOID(resource_logs(view(request.get_view())));
    return builder_.finish();
  }

 private:
  // The resource may stand behind its records.
  Result<void> resource_logs(std::string_view bytes) {
    protozero::pbf_reader reader(bytes.data(), bytes.size());
    std::string_view resource;
    std::vector<std::string_view> scopes;
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case tag_and_type(1, pbf_wire_type::length_delimited):
          resource = view(reader.get_view());
          break;
        case tag_and_type(2, pbf_wire_type::length_delimited):
          scopes.push_back(view(reader.get_view()));
          break;
        default:
          reader.skip();
      }
    }
    resource_arena_.reset();
    resource_fields_.clear();
    Labels labels;
    protozero::pbf_reader content(resource.data(), resource.size());
    while (content.next(1, pbf_wire_type::length_delimited)) {
      const OtlpAttribute attribute = read_otlp_attribute(view(content.get_view()));
      const OtlpAction action = mapping_.of_resource(attribute.key);
      TRY_VOID(shared_attribute(attribute, action, resource_arena_, resource_fields_, labels));
    }
    stream_ = std::make_shared<const LabelSet>(LabelSet::from_pairs(labels));
    labels_ = std::move(labels);
    for (const std::string_view scope : scopes) TRY_VOID(scope_logs(scope));
    if (builder_.stream_open()) builder_.end_stream(stream_);
    return {};
  }

  Result<void> scope_logs(std::string_view bytes) {
    protozero::pbf_reader reader(bytes.data(), bytes.size());
    std::string_view scope;
    std::vector<std::string_view> records;
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case tag_and_type(1, pbf_wire_type::length_delimited):
          scope = view(reader.get_view());
          break;
        case tag_and_type(2, pbf_wire_type::length_delimited):
          records.push_back(view(reader.get_view()));
          break;
        default:
          reader.skip();
      }
    }
    TRY_VOID(read_scope(scope));
    for (const std::string_view record : records) TRY_VOID(log_record(record));
    return {};
  }

  Result<void> read_scope(std::string_view bytes) {
    scope_arena_.reset();
    scope_fields_.clear();
    protozero::pbf_reader reader(bytes.data(), bytes.size());
    std::string_view name, version;
    std::uint32_t dropped = 0;
    Labels no_labels;  // attributes of a scope never are
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case tag_and_type(1, pbf_wire_type::length_delimited):
          name = view(reader.get_view());
          break;
        case tag_and_type(2, pbf_wire_type::length_delimited):
          version = view(reader.get_view());
          break;
        case tag_and_type(3, pbf_wire_type::length_delimited): {
          const OtlpAttribute attribute = read_otlp_attribute(view(reader.get_view()));
          const OtlpAction action = mapping_.of_scope(attribute.key);
          if (action == OtlpAction::kIndexLabel) break;
          TRY_VOID(shared_attribute(attribute, action, scope_arena_, scope_fields_, no_labels));
          break;
        }
        case tag_and_type(4, pbf_wire_type::varint):
          dropped = reader.get_uint32();
          break;
        default:
          reader.skip();
      }
    }
    if (!name.empty()) scope_fields_.push_back({"scope_name", name});
    if (!version.empty()) scope_fields_.push_back({"scope_version", version});
    if (dropped != 0)
      scope_fields_.push_back({"scope_dropped_attributes_count", scope_arena_.copy(std::to_string(dropped))});
    return {};
  }

  // An attribute that every record of the resource or scope gets; names are made valid once.
  Result<void> shared_attribute(const OtlpAttribute& attribute, OtlpAction action, logql::Arena& arena,
                                std::vector<Field>& fields, Labels& labels) {
    if (action == OtlpAction::kDrop) return {};
    path_ = attribute.key;
    return flatten(read_otlp_value(attribute.value), arena, kOtlpDepthMax,
                   [&](std::string_view path, std::string_view value) -> Result<void> {
                     std::string name;
                     TRY_VOID(append_metadata_name(name, path));
                     if (action == OtlpAction::kIndexLabel) {
                       labels.insert(labels.begin(), {std::move(name), std::string(value)});  // the last one wins
                     } else {
                       fields.push_back({std::move(name), value});
                     }
                     return {};
                   });
  }

  // Calls take(path, text) for the value at path_, for a map once for each value in it: path_ + "_" + key.
  template <class Take>
  Result<void> flatten(const OtlpValue& value, logql::Arena& arena, std::size_t depth, const Take& take) {
    if (value.kind != OtlpValue::Kind::kMap) {
      TRY(text, otlp_text(value, arena));
      return take(std::string_view(path_), text);
    }
    if (depth == 0) return error(Code::kInvalid, "attribute has more than {} maps in each other", kOtlpDepthMax);
    const std::size_t length = path_.size();
    protozero::pbf_reader reader(value.bytes.data(), value.bytes.size());
    while (reader.next(1, pbf_wire_type::length_delimited)) {
      const OtlpAttribute attribute = read_otlp_attribute(view(reader.get_view()));
      path_.resize(length);
      path_ += '_';
      path_ += attribute.key;
      TRY_VOID(flatten(read_otlp_value(attribute.value), arena, depth - 1, take));
    }
    path_.resize(length);
    return {};
  }

  Record read_record(std::string_view bytes) {
    protozero::pbf_reader reader(bytes.data(), bytes.size());
    Record record;
    record.attributes.swap(attributes_);  // keeps its memory
    record.attributes.clear();
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case tag_and_type(1, pbf_wire_type::fixed64):
          record.time = reader.get_fixed64();
          break;
        case tag_and_type(2, pbf_wire_type::varint):
          record.severity_number = reader.get_int32();
          break;
        case tag_and_type(3, pbf_wire_type::length_delimited):
          record.severity_text = view(reader.get_view());
          break;
        case tag_and_type(5, pbf_wire_type::length_delimited):
          record.body = view(reader.get_view());
          break;
        case tag_and_type(6, pbf_wire_type::length_delimited):
          record.attributes.push_back(view(reader.get_view()));
          break;
        case tag_and_type(7, pbf_wire_type::varint):
          record.dropped = reader.get_uint32();
          break;
        case tag_and_type(8, pbf_wire_type::fixed32):
          record.flags = reader.get_fixed32();
          break;
        case tag_and_type(9, pbf_wire_type::length_delimited):
          record.trace_id = view(reader.get_view());
          break;
        case tag_and_type(10, pbf_wire_type::length_delimited):
          record.span_id = view(reader.get_view());
          break;
        case tag_and_type(11, pbf_wire_type::fixed64):
          record.observed_time = reader.get_fixed64();
          break;
        case tag_and_type(12, pbf_wire_type::length_delimited):
          record.event_name = view(reader.get_view());
          break;
        default:
          reader.skip();
      }
    }
    return record;
  }

  Result<void> log_record(std::string_view bytes) {
    Record record = read_record(bytes);
    record_arena_.reset();
    metadata_.clear();
    Labels extra;
    // Of equal names the first wins: scope, resource, fields of the record, its attributes, as in Loki.
    for (const Field& field : scope_fields_) metadata_.add_valid(field.name, field.value);
    for (const Field& field : resource_fields_) metadata_.add_valid(field.name, field.value);
    record_fields(record, extra);
    TRY_VOID(record_attributes(record, extra));
    TRY(line, otlp_text(read_otlp_value(record.body), record_arena_));
    if (!builder_.fits(line.size())) return error(Code::kLimit, "the lines of a request exceed 4 GiB");
    if (extra.empty()) {
      add_row(record, line);
    } else {
      // Its own stream: what came before belongs to the resource's.
      if (builder_.stream_open()) builder_.end_stream(stream_);
      extra.insert(extra.end(), labels_.begin(), labels_.end());
      add_row(record, line);
      builder_.end_stream(std::make_shared<const LabelSet>(LabelSet::from_pairs(std::move(extra))));
    }
    attributes_.swap(record.attributes);
    return {};
  }

  void add_row(const Record& record, std::string_view line) {
    const std::uint64_t time = record.time != 0 ? record.time : record.observed_time;
    builder_.add_row(time != 0 ? static_cast<TimeNs>(time) : now_, line);
    if (!metadata_.empty()) builder_.set_metadata(metadata_.bytes());
  }

  Result<void> record_attributes(const Record& record, Labels& extra) {
    for (const std::string_view bytes : record.attributes) {
      const OtlpAttribute attribute = read_otlp_attribute(bytes);
      const OtlpAction action = mapping_.of_record(attribute.key);
      if (action == OtlpAction::kDrop) continue;
      path_ = attribute.key;
      TRY_VOID(flatten(read_otlp_value(attribute.value), record_arena_, kOtlpDepthMax,
                       [&](std::string_view path, std::string_view value) -> Result<void> {
                         if (action != OtlpAction::kIndexLabel) return metadata_.add(path, value);
                         std::string name;
                         TRY_VOID(append_metadata_name(name, path));
                         extra.emplace_back(std::move(name), value);
                         return {};
                       }));
    }
    return {};
  }

  void record_fields(const Record& record, Labels& extra) {
    const auto number = [&](std::string_view name, auto value) {
      if (value != 0) metadata_.add_valid(name, record_arena_.copy(fmt::format("{}", value)));
    };
    if (record.time != 0) number("observed_timestamp", record.observed_time);
    number("severity_number", record.severity_number);
    if (mapping_.severity_text_as_label && !record.severity_text.empty()) {
      extra.emplace_back("severity_text", record.severity_text);
    } else {
      metadata_.add_valid("severity_text", record.severity_text);
    }
    number("dropped_attributes_count", record.dropped);
    number("flags", record.flags);
    metadata_.add_valid("trace_id", hex(record.trace_id));
    metadata_.add_valid("span_id", hex(record.span_id));
    metadata_.add_valid("event_name", record.event_name);
  }

  // Ids of nothing but zeros are none.
  std::string_view hex(std::string_view id) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    if (id.find_first_not_of('\0') == std::string_view::npos) return {};
    char* out = record_arena_.allocate(2 * id.size());
    for (std::size_t i = 0; i < id.size(); ++i) {
      out[2 * i] = kDigits[static_cast<std::uint8_t>(id[i]) >> 4];
      out[2 * i + 1] = kDigits[static_cast<std::uint8_t>(id[i]) & 15];
    }
    return {out, 2 * id.size()};
  }

  const OtlpMapping& mapping_;
  TimeNs now_;
  PushBuilder builder_;
  MetadataBuilder metadata_;
  std::string path_;
  logql::Arena resource_arena_, scope_arena_, record_arena_;  // values that had to be made
  Labels labels_;                                             // of the resource
  LabelSetRef stream_;                                        // the same
  std::vector<Field> resource_fields_, scope_fields_;         // structured metadata of every record below them
  std::vector<std::string_view> attributes_;
};

bool starts_with_type(std::string_view content_type, std::string_view type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (!content_type.empty() && content_type.back() == ' ') content_type.remove_suffix(1);
  return content_type == type;
}

Result<std::string> unpack(const PushBody& body, std::size_t bytes_max) {
  if (body.content_encoding == "gzip") return gzip_decompress(body.bytes, bytes_max);
  if (body.content_encoding == "zstd") return zstd_stream_decompress(body.bytes, bytes_max);
  if (body.content_encoding == "lz4") return lz4_frame_decompress(body.bytes, bytes_max);
  return error(Code::kInvalid, "unsupported content encoding {}: only gzip, lz4 and zstd are supported",
               body.content_encoding);
}

}  // namespace

Result<LogPush> decode_otlp_logs_protobuf(std::string_view message, const OtlpMapping& mapping, TimeNs now) {
  try {
    return OtlpPush(mapping, now).decode(message);
  } catch (const protozero::exception& failed) {
    return error(Code::kInvalid, "cannot decode OTLP protobuf: {}", failed.what());
  }
}

Result<LogPush> decode_otlp_logs(const PushBody& body, const PushLimits& limits, const OtlpMapping& mapping,
                                 TimeNs now) {
  const bool json = starts_with_type(body.content_type, "application/json");
  if (!json && !starts_with_type(body.content_type, "application/x-protobuf")) {
    return error(Code::kInvalid, "content type: {} is not supported", body.content_type);
  }
  std::string unpacked;
  std::string_view bytes = body.bytes;
  if (!body.content_encoding.empty() && body.content_encoding != "identity") {
    TRY(raw, unpack(body, limits.bytes_decoded_max));
    unpacked = std::move(raw);
    bytes = unpacked;
  }
  if (!json) return decode_otlp_logs_protobuf(bytes, mapping, now);
  if (unpacked.empty()) unpacked = std::string(bytes);
  TRY(message, otlp_logs_json_to_protobuf(std::move(unpacked)));
  return decode_otlp_logs_protobuf(message, mapping, now);
}

}  // namespace trilobite::ingest
