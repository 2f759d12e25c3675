// What the WAL remembers of one append: who, when, which request, and the batch. Bytes: format.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/store.h"

namespace trilobite::storage {

struct WalRecord {
  std::string tenant;
  Signal signal = Signal::kLogs;
  TimeNs accepted = 0;  // wall clock
  std::optional<Hash128> request;
  Batch batch;
};

// Compressed where that helps. Fails with kLimit when the batch is larger than a record may be.
Result<std::string> encode_record(std::string_view tenant, Signal signal, TimeNs accepted,
                                  const std::optional<Hash128>& request, const Batch& batch);
// A frame holds the records of one group commit, each with its length in front.
void append_record(std::string& frame, std::string_view record);
// The batch has passed Batch::validate().
Result<std::vector<WalRecord>> decode_frame(std::string_view frame);

}  // namespace trilobite::storage
