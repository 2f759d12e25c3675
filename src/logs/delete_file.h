// The file that keeps delete requests: a few hundred bytes each, written anew and atomically with every change.
//
//   file    := "TRILODEL" u64  version u32 = 1  varint n  request * n  hash64(everything in front) u64
//   request := text id  varint number  text tenant  text query  i64 start  i64 end  i64 created  state u8
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace trilobite::logql {

struct DeleteRequest {
  enum class State : std::uint8_t { kReceived, kUnderWay, kProcessed };
  std::string id;            // what clients call it
  std::uint64_t number = 0;  // grows
  std::string tenant;
  std::string query;
  TimeNs start = 0, end = 0;  // both included
  TimeNs created = 0;
  State state = State::kReceived;
};

std::string encode_deletes(const std::vector<DeleteRequest>& requests);
// kCorrupt when a byte of it is not as it was written, kUnsupported for a newer version.
Result<std::vector<DeleteRequest>> decode_deletes(std::string_view bytes);

}  // namespace trilobite::logql
