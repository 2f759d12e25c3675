// logproto.PushRequest{1 streams{1 labels, 2 entries{1 timestamp{1 s, 2 ns}, 2 line, 3 metadata{1 name, 2 value}}}}.
#include <protozero/pbf_reader.hpp>

#include "ingest/loki_push.h"
#include "ingest/push_builder.h"

namespace trilobite::ingest {
namespace {

std::string_view view(protozero::data_view data) { return {data.data(), data.size()}; }

class ProtobufPush {
 public:
  explicit ProtobufPush(LabelCache& labels) : labels_(labels) {}

  Result<LogPush> decode(std::string_view message) {
    if (!builder_.fits(message.size())) return error(Code::kLimit, "request body too large: {} bytes", message.size());
    builder_.reserve(message.size());
    protozero::pbf_reader request(message.data(), message.size());
    while (request.next(1, protozero::pbf_wire_type::length_delimited)) TRY_VOID(stream(request.get_view()));
    return builder_.finish();
  }

 private:
  Result<void> stream(protozero::data_view bytes) {
    protozero::pbf_reader reader(bytes);
    std::string_view labels;
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case protozero::tag_and_type(1, protozero::pbf_wire_type::length_delimited):
          labels = view(reader.get_view());
          break;
        case protozero::tag_and_type(2, protozero::pbf_wire_type::length_delimited):
          TRY_VOID(entry(reader.get_view()));
          break;
        default:
          reader.skip();
      }
    }
    auto set = labels_.get(labels);
    if (!set.ok()) return std::move(set).error().within("couldn't parse labels");
    builder_.end_stream(std::move(*set));
    return {};
  }

  Result<void> entry(protozero::data_view bytes) {
    protozero::pbf_reader reader(bytes);
    TimeNs time = 0;
    std::string_view line;
    metadata_.clear();
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case protozero::tag_and_type(1, protozero::pbf_wire_type::length_delimited):
          time = timestamp(reader.get_view());
          break;
        case protozero::tag_and_type(2, protozero::pbf_wire_type::length_delimited):
          line = view(reader.get_view());
          break;
        case protozero::tag_and_type(3, protozero::pbf_wire_type::length_delimited):
          TRY_VOID(pair(reader.get_view()));
          break;
        default:
          reader.skip();
      }
    }
    builder_.add_row(time, line);
    if (!metadata_.empty()) builder_.set_metadata(metadata_.bytes());
    return {};
  }

  static TimeNs timestamp(protozero::data_view bytes) {
    protozero::pbf_reader reader(bytes);
    std::int64_t seconds = 0, nanos = 0;
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case protozero::tag_and_type(1, protozero::pbf_wire_type::varint):
          seconds = reader.get_int64();
          break;
        case protozero::tag_and_type(2, protozero::pbf_wire_type::varint):
          nanos = reader.get_int32();
          break;
        default:
          reader.skip();
      }
    }
    // Hostile seconds wrap instead of overflowing.
    return static_cast<TimeNs>(static_cast<std::uint64_t>(seconds) * static_cast<std::uint64_t>(kNsPerSecond) +
                               static_cast<std::uint64_t>(nanos));
  }

  Result<void> pair(protozero::data_view bytes) {
    protozero::pbf_reader reader(bytes);
    std::string_view name, value;
    while (reader.next()) {
      switch (reader.tag_and_type()) {
        case protozero::tag_and_type(1, protozero::pbf_wire_type::length_delimited):
          name = view(reader.get_view());
          break;
        case protozero::tag_and_type(2, protozero::pbf_wire_type::length_delimited):
          value = view(reader.get_view());
          break;
        default:
          reader.skip();
      }
    }
    return metadata_.add(name, value);
  }

  LabelCache& labels_;
  PushBuilder builder_;
  MetadataBuilder metadata_;
};

}  // namespace

Result<LogPush> decode_push_protobuf(std::string_view message, LabelCache& labels) {
  try {
    return ProtobufPush(labels).decode(message);
  } catch (const std::exception& failed) {  // protozero reports every broken message this way
    return error(Code::kInvalid, "cannot decode protobuf push request: {}", failed.what());
  }
}

}  // namespace trilobite::ingest
