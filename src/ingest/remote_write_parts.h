// What the decoders of both versions of remote write share.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ingest/histogram_wire.h"
#include "ingest/metric_labels.h"
#include "ingest/remote_write.h"
#include "ingest/wire_reader.h"

namespace trilobite::ingest {

Result<RemoteWrite> decode_remote_write_2(std::string_view message, MetricSeriesTable& table);

inline Error broken_message() { return error(Code::kInvalid, "proto: the message is broken or ends too early"); }

// MetricType of both versions: 0 unknown, 1 counter ...
std::string_view metadata_type(std::uint64_t code);

// Collects a request: samples first, with series that may turn out not to be valid.
struct WriteParts {
  MetricPush push;
  std::string refused;
  std::vector<bool> left_out;  // by series; empty: none

  // A message {1 value, 2 time in ms, 3 start in ms}; false: it is broken.
  bool add_sample(std::uint32_t series, std::string_view message);
  void refuse(std::string_view text);        // a line of `refused`, each text once in a row
  void leave_out(std::uint32_t series);      // its samples and exemplars go
  RemoteWrite finish();

 private:
  std::uint64_t lines_ = 0;
  std::string last_;
};

void reserve(MetricPush& push, std::size_t message_bytes);

}  // namespace trilobite::ingest
