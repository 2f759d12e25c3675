// Bodies of Loki's push API, decoded straight into a Batch.
#pragma once

#include <string>
#include <string_view>

#include "ingest/label_string.h"
#include "ingest/log_writer.h"

namespace trilobite::ingest {

struct PushBody {
  std::string_view bytes;             // as they came
  std::string_view content_type;      // JSON, else protobuf
  std::string_view content_encoding;  // "", snappy, gzip, deflate
};

struct PushLimits {
  std::size_t bytes_decoded_max = 512u << 20;
};

// Errors: kInvalid (400), kLimit (413: too big when unpacked), kInternal (500: metadata names that cannot be).
// A result without label sets had no stream at all (422).
Result<LogPush> decode_loki_push(const PushBody& body, const PushLimits& limits, LabelCache& labels);

// The two formats by themselves, unpacked.
Result<LogPush> decode_push_protobuf(std::string_view message, LabelCache& labels);
Result<LogPush> decode_push_json(std::string message, LabelCache& labels);

}  // namespace trilobite::ingest
