// Builds the body of a Loki push (protobuf PushRequest, before snappy) from entries, one stream per label set.
//
//   PushRequest { 1: Stream { 1: labels as text, 2: Entry { 1: Timestamp { 1: s, 2: ns }, 2: line,
//                                                           3: LabelPair { 1: name, 2: value } * } * } * }
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "agent/entry.h"
#include "base/hash.h"

namespace trilobite::agent {

class PushEncoder {
 public:
  void add(const Entry& entry);

  bool empty() const { return entries_ == 0; }
  std::size_t entries() const { return entries_; }
  std::size_t bytes() const { return bytes_; }  // of the body so far, nearly

  // The body; the encoder is empty afterwards.
  std::string take();

 private:
  struct Stream {
    Labels labels;
    std::string entries;
  };
  Stream& stream_of(const Labels& labels);

  std::vector<Stream> streams_;
  std::unordered_map<std::string, std::size_t, TextHash, std::equal_to<>> index_;  // key of the labels -> streams_
  std::size_t last_ = 0;  // most entries belong to the stream of the one before
  std::size_t entries_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace trilobite::agent
