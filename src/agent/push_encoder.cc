#include "agent/push_encoder.h"

#include "base/bytes.h"
#include "columnar/label_set.h"

namespace trilobite::agent {
namespace {

constexpr std::uint64_t kVarint = 0, kLength = 2;

void put_tag(ByteWriter& out, std::uint64_t field, std::uint64_t type) { out.varint(field << 3 | type); }

void put_text(ByteWriter& out, std::uint64_t field, std::string_view text) {
  put_tag(out, field, kLength);
  out.text(text);
}

std::string encode_time(TimeNs time) {
  std::int64_t seconds = time / kNsPerSecond;
  std::int64_t nanoseconds = time % kNsPerSecond;
  if (nanoseconds < 0) {
    nanoseconds += kNsPerSecond;
    --seconds;
  }
  std::string out;
  ByteWriter writer(out);
  put_tag(writer, 1, kVarint);
  writer.varint(static_cast<std::uint64_t>(seconds));
  put_tag(writer, 2, kVarint);
  writer.varint(static_cast<std::uint64_t>(nanoseconds));
  return out;
}

std::string encode_entry(const Entry& entry) {
  std::string out;
  out.reserve(entry.line.size() + 32);
  ByteWriter writer(out);
  put_text(writer, 1, encode_time(entry.time));
  put_text(writer, 2, entry.line);
  for (const auto& [name, value] : entry.metadata) {
    std::string pair;
    ByteWriter pair_writer(pair);
    put_text(pair_writer, 1, name);
    put_text(pair_writer, 2, value);
    put_text(writer, 3, pair);
  }
  return out;
}

std::string key_of(const Labels& labels) {
  std::string out;
  ByteWriter writer(out);
  for (const auto& [name, value] : labels) {
    if (name == kTenantLabel) continue;
    writer.text(name);
    writer.text(value);
  }
  return out;
}

std::string text_of(const Labels& labels) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const auto& pair : labels) {
    if (pair.first != kTenantLabel) pairs.push_back(pair);
  }
  return LabelSet::from_pairs(std::move(pairs)).to_string();
}

}  // namespace

PushEncoder::Stream& PushEncoder::stream_of(const Labels& labels) {
  if (last_ < streams_.size() && streams_[last_].labels == labels) return streams_[last_];
  const auto [at, added] = index_.try_emplace(key_of(labels), streams_.size());
  if (added) {
    streams_.push_back({labels, {}});
    bytes_ += at->first.size() + 16;
  }
  last_ = at->second;
  return streams_[last_];
}

void PushEncoder::add(const Entry& entry) {
  Stream& stream = stream_of(entry.labels);
  const std::size_t before = stream.entries.size();
  ByteWriter writer(stream.entries);
  put_text(writer, 2, encode_entry(entry));
  bytes_ += stream.entries.size() - before;
  ++entries_;
}

std::string PushEncoder::take() {
  std::string out;
  out.reserve(bytes_ + 64 * streams_.size());
  ByteWriter writer(out);
  for (const Stream& stream : streams_) {
    std::string head;
    ByteWriter head_writer(head);
    put_text(head_writer, 1, text_of(stream.labels));
    put_tag(writer, 1, kLength);
    writer.varint(head.size() + stream.entries.size());
    writer.bytes(head);
    writer.bytes(stream.entries);
  }
  *this = PushEncoder();
  return out;
}

}  // namespace trilobite::agent
