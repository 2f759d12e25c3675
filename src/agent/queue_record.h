// What the queue's segment files hold; format.md shows the bytes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace trilobite::agent {

// How far each source has been read; keys and values are the sources' own business (file_position.h, journal_source.h).
using Positions = std::map<std::string, std::string, std::less<>>;

struct Push {
  std::string tenant;
  std::string body;  // protobuf PushRequest, not compressed
};

struct PositionChange {
  std::string key;
  std::optional<std::string> value;  // nothing: the source is gone
};

// Batches, and what they mean for the positions: both are on disk, or neither.
struct Commit {
  std::vector<Push> pushes;  // at most one per tenant; none when all lines were dropped
  std::vector<PositionChange> positions;
};

enum class RecordKind : std::uint8_t {
  kSnapshot = 1,  // the first of a segment: every position there is, so that older segments may go
  kCommit = 2,
};

struct RecordView {
  RecordKind kind = RecordKind::kCommit;
  std::uint64_t sequence = 0;  // commits count from 1 without gaps; a snapshot has that of the commit which follows
  std::string_view payload;
};

std::string encode_commit(const Commit& commit);
Result<Commit> decode_commit(std::string_view payload);
std::string encode_snapshot(const Positions& positions);
Result<Positions> decode_snapshot(std::string_view payload);
void apply_commit(const Commit& commit, Positions& positions);

// The frame around a payload: length, checksum, sequence, kind.
std::string frame_record(RecordKind kind, std::uint64_t sequence, std::string_view payload);
// Takes one record off the front of `bytes`; kCorrupt when it is torn or damaged, and then `bytes` is as before.
Result<RecordView> take_record(std::string_view& bytes);

}  // namespace trilobite::agent
