// Collects the entries of one push request into a Batch; shared by the decoders.
#pragma once

#include <string_view>

#include "ingest/log_writer.h"
#include "ingest/metadata.h"

namespace trilobite::ingest {

class PushBuilder {
 public:
  void reserve(std::size_t line_bytes) { lines_.bytes.reserve(line_bytes); }

  bool stream_open() const { return batch_.label_set_of_row.size() < batch_.times.size(); }
  // Rows added since the last end_stream() belong to this one.
  void end_stream(LabelSetRef labels) {
    const auto set = static_cast<std::uint32_t>(batch_.label_sets.size());
    batch_.label_sets.push_back(std::move(labels));
    batch_.label_set_of_row.resize(batch_.times.size(), set);
  }

  void add_row(TimeNs time, std::string_view line) {
    batch_.times.push_back(time);
    lines_.push_back(line);
    if (has_metadata_) metadata_.push_back({});
  }
  // Of the row just added.
  void set_metadata(std::string_view canonical) {
    if (canonical.empty()) return;
    if (!has_metadata_) {
      has_metadata_ = true;
      metadata_.ends.assign(batch_.times.size(), 0);
    }
    metadata_.bytes.append(canonical);
    metadata_.ends.back() = static_cast<std::uint32_t>(metadata_.bytes.size());
  }

  // Columns count bytes in 32 bits.
  bool fits(std::size_t more) const {
    return lines_.bytes.size() + metadata_.bytes.size() + more < (std::size_t{1} << 32) - 1;
  }

  LogPush finish() {
    LogPush push;
    push.batch = std::move(batch_);
    push.batch.columns.push_back({std::string(kLineColumn), Column(std::move(lines_))});
    if (has_metadata_) push.batch.columns.push_back({std::string(kMetadataColumn), Column(std::move(metadata_))});
    return push;
  }

 private:
  Batch batch_;
  StringColumn lines_;
  StringColumn metadata_;
  bool has_metadata_ = false;
};

}  // namespace trilobite::ingest
