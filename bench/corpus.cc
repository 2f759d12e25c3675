#include "corpus.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "base/bytes.h"
#include "base/compress.h"

namespace trilobite::bench {
namespace {

struct Entry {
  TimeNs time = 0;
  std::string line;
};
constexpr std::size_t kBlockBytes = 8u << 20;  // as the storage room cuts blocks

using Streams = std::map<std::string, std::vector<Entry>>;

template <class T>
T need(Result<T> result) {
  if (result.ok()) return std::move(result).value();
  std::fprintf(stderr, "cannot read corpus: %s\n", result.error().message.c_str());
  std::exit(1);
}

// Calls back with (field, number, bytes) for each field of a protobuf message; numbers have no bytes.
template <class Callback>
void for_fields(std::string_view message, Callback callback) {
  ByteReader in(message);
  while (!in.done()) {
    const std::uint64_t key = need(in.varint());
    if ((key & 7) == 0) {
      callback(key >> 3, need(in.varint()), std::string_view());
    } else {
      callback(key >> 3, std::uint64_t{0}, need(in.text()));
    }
  }
}

Entry parse_entry(std::string_view message) {
  Entry entry;
  for_fields(message, [&](std::uint64_t field, std::uint64_t, std::string_view bytes) {
    if (field == 2) entry.line = bytes;
    if (field != 1) return;
    for_fields(bytes, [&](std::uint64_t part, std::uint64_t number, std::string_view) {
      entry.time += static_cast<TimeNs>(number) * (part == 1 ? kNsPerSecond : 1);
    });
  });
  return entry;
}

void parse_push(std::string_view request, Streams& streams) {
  for_fields(request, [&](std::uint64_t, std::uint64_t, std::string_view stream) {
    std::vector<Entry>* entries = nullptr;
    for_fields(stream, [&](std::uint64_t field, std::uint64_t, std::string_view bytes) {
      if (field == 1) entries = &streams[std::string(bytes)];
      if (field == 2) entries->push_back(parse_entry(bytes));
    });
  });
}

void add_rows(Streams& streams, Corpus& corpus) {
  Block block;
  StringColumn lines;
  DictionaryColumn metadata;
  metadata.dictionary.push_back("");
  const auto close = [&] {
    if (block.rows() == 0) return;
    metadata.codes.assign(block.rows(), 0);
    block.columns.push_back({"line", Column(std::move(lines))});
    block.columns.push_back({"metadata", Column(metadata)});
    corpus.blocks.push_back(std::move(block));
    block = {};
    lines = {};
  };
  std::uint32_t series = 0;
  for (auto& [labels, entries] : streams) {
    std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.time < b.time; });
    for (const Entry& entry : entries) {
      block.series.push_back(series);
      block.times.push_back(entry.time);
      lines.push_back(entry.line);
      ++corpus.rows;
      if (block.rows() == kBlockRowsMax || lines.bytes.size() >= kBlockBytes) close();
    }
    ++series;
  }
  close();
}

}  // namespace

Corpus read_corpus(const std::string& folder) {
  const auto files = make_real_file_system();
  Corpus corpus;
  corpus.raw = need(files->read_all(folder + "/raw.log"));
  const std::string push = need(files->read_all(folder + "/push.bin"));
  Streams streams;
  ByteReader in(push);
  while (!in.done()) {
    const auto length = need(in.fixed<std::uint32_t>());
    parse_push(need(snappy_decompress(need(in.bytes(length)), 256 << 20)), streams);
  }
  add_rows(streams, corpus);
  return corpus;
}

}  // namespace trilobite::bench
