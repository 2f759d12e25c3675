// The "stats" part of Loki's answers. Names are Loki's; a part or head of ours plays a chunk or an ingester's head.
// What has no counterpart here is zero.
#include "api/loki_answer.h"

namespace trilobite::api {
namespace {

void write_numbers(JsonWriter& json, std::initializer_list<std::pair<std::string_view, std::uint64_t>> numbers) {
  for (const auto& [name, value] : numbers) json.key(name).number(value);
}

void write_store(JsonWriter& json, const ScanStats& scan, std::uint64_t rows_passed) {
  json.key("store").begin_object();
  write_numbers(json, {{"totalChunksRef", scan.blocks + scan.blocks_skipped},
                       {"totalChunksDownloaded", scan.blocks},
                       {"chunksDownloadTime", 0}});
  json.key("queryReferencedStructuredMetadata").boolean(false);
  json.key("chunk").begin_object();
  write_numbers(json, {{"headChunkBytes", scan.head_bytes},
                       {"headChunkLines", scan.head_rows},
                       {"decompressedBytes", scan.bytes},
                       {"decompressedLines", scan.rows},
                       {"compressedBytes", scan.bytes_compressed},
                       {"totalDuplicates", 0},
                       {"postFilterLines", rows_passed},
                       {"headChunkStructuredMetadataBytes", 0},
                       {"decompressedStructuredMetadataBytes", 0}});
  json.end_object();
  write_numbers(json,
                {{"chunkRefsFetchTime", 0}, {"congestionControlLatency", 0}, {"pipelineWrapperFilteredLines", 0}});
  json.end_object();
}

void write_cache(JsonWriter& json, const query::CacheStatistics& result) {
  json.key("cache").begin_object();
  for (const std::string_view name : {"chunk", "index", "result", "statsResult", "volumeResult", "seriesResult",
                                      "labelResult", "instantMetricResult"}) {
    const query::CacheStatistics used = name == "result" ? result : query::CacheStatistics();
    json.key(name).begin_object();
    write_numbers(json, {{"entriesFound", used.slices_found},
                         {"entriesRequested", used.slices_asked},
                         {"entriesStored", used.slices_kept},
                         {"bytesReceived", used.bytes_found},
                         {"bytesSent", used.bytes_kept},
                         {"requests", used.slices_asked > 0 ? 1u : 0u},
                         {"downloadTime", 0},
                         {"queryLengthServed", static_cast<std::uint64_t>(used.time_found)}});
    json.end_object();
  }
  json.end_object();
}

void write_summary(JsonWriter& json, const query::QueryStatistics& statistics) {
  const auto per_second = [&](std::uint64_t count) {
    return statistics.seconds > 0 ? static_cast<std::uint64_t>(static_cast<double>(count) / statistics.seconds) : 0;
  };
  json.key("summary").begin_object();
  write_numbers(json, {{"bytesProcessedPerSecond", per_second(statistics.scan.bytes)},
                       {"linesProcessedPerSecond", per_second(statistics.scan.rows)},
                       {"totalBytesProcessed", statistics.scan.bytes},
                       {"totalLinesProcessed", statistics.scan.rows}});
  json.key("execTime").number(statistics.seconds).key("queueTime").number(std::uint64_t{0});
  write_numbers(json, {{"subqueries", 0},
                       {"totalEntriesReturned", statistics.rows_returned},
                       {"splits", statistics.scans},
                       {"shards", 0},
                       {"totalPostFilterLines", statistics.rows_passed},
                       {"totalStructuredMetadataBytesProcessed", 0}});
  json.end_object();
}

}  // namespace

void write_statistics(JsonWriter& json, const query::QueryStatistics& statistics) {
  json.begin_object();
  write_summary(json, statistics);
  json.key("querier").begin_object();
  write_store(json, statistics.scan, statistics.rows_passed);
  json.end_object();
  json.key("ingester").begin_object();
  write_numbers(json, {{"totalReached", 0}, {"totalChunksMatched", 0}, {"totalBatches", 0}, {"totalLinesSent", 0}});
  write_store(json, ScanStats(), 0);
  json.end_object();
  write_cache(json, statistics.cache);
  json.key("index").begin_object();
  write_numbers(json, {{"totalChunks", statistics.scan.blocks + statistics.scan.blocks_skipped},
                       {"postFilterChunks", statistics.scan.blocks},
                       {"shardsDuration", 0}});
  json.key("usedBloomFilters").boolean(false);
  json.end_object().end_object();
}

}  // namespace trilobite::api
