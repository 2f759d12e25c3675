// ReadRequest{1 queries{1 start ms, 2 end ms, 3 matchers{1 type, 2 name, 3 value}}, 2 accepted types}. ReadResponse{1
// results{1 timeseries{1 labels, 2 samples, 4 histograms}}}. ChunkedReadResponse{1 series{1 labels, 2 chunks{1 first
// ms, 2 last ms, 3 encoding, 4 data}}, 2 query}, in frames of length, CRC-32C and message.
#include "api/prometheus_remote_read.h"

#include <algorithm>
#include <boost/crc.hpp>

#include "api/histogram_chunk.h"
#include "api/tenant.h"
#include "api/xor_chunk.h"
#include "base/bytes.h"
#include "base/compress.h"
#include "ingest/histogram_wire.h"
#include "ingest/metric_labels.h"
#include "ingest/wire_reader.h"
#include "metrics/start_time.h"
#include "storage/label_matcher.h"

namespace trilobite::api {
namespace {

using ingest::Wire;
using ingest::wire_tag;
using ingest::WireReader;

constexpr std::uint64_t kSamples = 0, kChunks = 1;
constexpr std::uint64_t kXorEncoding = 1, kHistogramEncoding = 2, kFloatHistogramEncoding = 3;

struct ReadQuery {
  TimeRange range;
  std::vector<Matcher> matchers;
};
struct ReadRequest {
  std::vector<ReadQuery> queries;
  std::vector<std::uint64_t> accepted;
};

Error bad_message() { return error(Code::kInvalid, "proto: the read request is broken or ends too early"); }

Result<Matcher> read_matcher(std::string_view message) {
  Matcher out;
  std::uint64_t type = 0;
  WireReader reader(message);
  while (reader.next()) {
    switch (reader.tag()) {
      case wire_tag(1, Wire::kVarint):
        type = reader.varint();
        break;
      case wire_tag(2, Wire::kBytes):
        out.name = std::string(reader.bytes());
        break;
      case wire_tag(3, Wire::kBytes):
        out.value = std::string(reader.bytes());
        break;
      default:
        reader.skip();
    }
  }
  if (reader.broken()) return bad_message();
  if (type > 3) return error(Code::kInvalid, "invalid matcher type");
  out.op = static_cast<MatchOp>(type);
  TRY_VOID(storage::LabelMatcher::compile(out));
  return out;
}

Result<ReadQuery> read_query(std::string_view message) {
  ReadQuery out;
  std::int64_t start = 0, end = 0;
  WireReader reader(message);
  while (reader.next()) {
    switch (reader.tag()) {
      case wire_tag(1, Wire::kVarint):
        start = reader.signed_varint();
        break;
      case wire_tag(2, Wire::kVarint):
        end = reader.signed_varint();
        break;
      case wire_tag(3, Wire::kBytes): {
        TRY(matcher, read_matcher(reader.bytes()));
        out.matchers.push_back(std::move(matcher));
        break;
      }
      default:
        reader.skip();
    }
  }
  if (reader.broken()) return bad_message();
  out.range = {ingest::time_of_ms(start), ingest::time_of_ms(end) + 1};
  return out;
}

Result<ReadRequest> read_request(std::string_view message) {
  ReadRequest out;
  WireReader reader(message);
  while (reader.next()) {
    if (reader.tag() == wire_tag(1, Wire::kBytes)) {
      TRY(query, read_query(reader.bytes()));
      out.queries.push_back(std::move(query));
    } else if (reader.tag() == wire_tag(2, Wire::kVarint)) {
      out.accepted.push_back(reader.varint());
    } else if (reader.tag() == wire_tag(2, Wire::kBytes)) {
      WireReader packed(reader.bytes());
      while (!packed.done()) out.accepted.push_back(packed.varint());
      if (packed.broken()) return bad_message();
    } else {
      reader.skip();
    }
  }
  if (reader.broken()) return bad_message();
  return out;
}

void field(std::string& out, std::uint32_t number, std::string_view content) {
  ByteWriter writer(out);
  writer.varint(wire_tag(number, Wire::kBytes));
  writer.text(content);
}
void field(std::string& out, std::uint32_t number, std::uint64_t value) {
  ByteWriter writer(out);
  writer.varint(wire_tag(number, Wire::kVarint));
  writer.varint(value);
}

// One series as messages of TimeSeries or ChunkedSeries: its labels, and what comes behind them in pieces.
struct EncodedSeries {
  LabelSetRef labels;
  std::string labels_bytes;          // fields 1
  std::vector<std::string> pieces;   // fields behind them
};

bool labels_less(const LabelSet& a, const LabelSet& b) {
  auto x = a.begin(), y = b.begin();
  for (; !(x == a.end()) && !(y == b.end()); ++x, ++y) {
    if (*x != *y) return *x < *y;
  }
  return x == a.end() && !(y == b.end());
}

std::string encode_labels(const LabelSet& labels) {
  std::string out, label;
  for (const auto [name, value] : labels) {
    label.clear();
    field(label, 1, name);
    field(label, 2, value);
    field(out, 1, label);
  }
  return out;
}

bool is_histogram(const SeriesSamples& series, std::size_t row) {
  return series.histograms.size() > 0 && !metrics::split_sample_text(series.histograms[row]).histogram.empty();
}

Result<void> encode_samples(const SeriesSamples& series, EncodedSeries& out) {
  std::string& bytes = out.pieces.emplace_back();
  for (std::size_t row = 0; row < series.times.size(); ++row) {
    const std::int64_t ms = series.times[row] / 1'000'000;
    std::string sample;
    if (is_histogram(series, row)) {
      TRY(histogram, metrics::decode_histogram(metrics::split_sample_text(series.histograms[row]).histogram));
      ingest::append_wire_histogram(sample, histogram, ms);
      field(bytes, 4, sample);
      continue;
    }
    ByteWriter writer(sample);
    writer.varint(wire_tag(1, Wire::kFixed64));
    writer.fixed(std::bit_cast<std::uint64_t>(series.values[row]));
    field(sample, 2, static_cast<std::uint64_t>(ms));
    field(bytes, 2, sample);
  }
  return {};
}

void add_chunk(EncodedSeries& out, std::int64_t first, std::int64_t last, std::uint64_t encoding,
               std::string_view bytes) {
  std::string chunk;
  field(chunk, 1, static_cast<std::uint64_t>(first));
  field(chunk, 2, static_cast<std::uint64_t>(last));
  field(chunk, 3, encoding);
  field(chunk, 4, bytes);
  field(out.pieces.emplace_back(), 2, chunk);
}

void add_float_chunks(const SeriesSamples& series, std::size_t begin, std::size_t end, EncodedSeries& out) {
  std::vector<std::int64_t> times;
  for (std::size_t row = begin; row < end; ++row) times.push_back(series.times[row] / 1'000'000);
  const std::span<const double> values = std::span(series.values).subspan(begin, end - begin);
  for (std::size_t at = 0; at < times.size(); at += kXorChunkSamples) {
    const std::size_t count = std::min(kXorChunkSamples, times.size() - at);
    add_chunk(out, times[at], times[at + count - 1], kXorEncoding,
              encode_xor_chunk(std::span(times).subspan(at, count), values.subspan(at, count)));
  }
}

Result<void> add_histogram_chunks(const SeriesSamples& series, std::size_t begin, std::size_t end,
                                  EncodedSeries& out) {
  std::vector<TimedHistogram> all;
  for (std::size_t row = begin; row < end; ++row) {
    TRY(histogram, metrics::decode_histogram(metrics::split_sample_text(series.histograms[row]).histogram));
    all.push_back({series.times[row] / 1'000'000, std::move(histogram)});
  }
  for (std::span<const TimedHistogram> left = all; !left.empty();) {
    const std::size_t count = histograms_of_chunk(left);
    const HistogramChunk chunk = encode_histogram_chunk(left.first(count));
    add_chunk(out, chunk.first_ms, chunk.last_ms, chunk.whole_numbers ? kHistogramEncoding : kFloatHistogramEncoding,
              chunk.bytes);
    left = left.subspan(count);
  }
  return {};
}

// A series may go from floats to histograms and back.
Result<void> encode_chunks(const SeriesSamples& series, EncodedSeries& out) {
  for (std::size_t begin = 0; begin < series.times.size();) {
    const bool histograms = is_histogram(series, begin);
    std::size_t end = begin + 1;
    while (end < series.times.size() && is_histogram(series, end) == histograms) ++end;
    if (histograms) {
      TRY_VOID(add_histogram_chunks(series, begin, end, out));
    } else {
      add_float_chunks(series, begin, end, out);
    }
    begin = end;
  }
  return {};
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

// What asks for an external label as it is asks for series that do not have one of their own.
void without_external(std::vector<Matcher>& matchers, const Pairs& external) {
  for (Matcher& matcher : matchers) {
    const bool found = std::any_of(external.begin(), external.end(), [&](const auto& label) {
      return matcher.op == MatchOp::kEqual && label.first == matcher.name && label.second == matcher.value;
    });
    if (found) matcher.value.clear();
  }
}

LabelSetRef with_external(const LabelSetRef& labels, const Pairs& external) {
  if (external.empty()) return labels;
  Pairs pairs;
  for (const auto [name, value] : *labels) pairs.emplace_back(name, value);
  for (const auto& [name, value] : external) {
    if (labels->get(name).empty()) pairs.emplace_back(name, value);
  }
  return std::make_shared<const LabelSet>(LabelSet::from_pairs(std::move(pairs)));
}

// What all queries of a request read together.
struct ReadState {
  const RemoteRead& self;
  const std::string& tenant;
  const http::Request& request;
  std::uint64_t samples = 0;
  const Pairs external = labels_of(self.external_labels);
};

Result<std::vector<EncodedSeries>> run(ReadState& state, const ReadQuery& query, bool chunks) {
  ScanRequest scan;
  scan.tenant = state.tenant;
  scan.signal = Signal::kMetrics;
  scan.range = query.range;
  scan.matchers = query.matchers;
  without_external(scan.matchers, state.external);
  scan.columns = {std::string(kValueColumn), std::string(kHistogramColumn)};
  scan.cancel = state.request.cancel;
  TRY(series, state.self.store.scan_series(std::move(scan)));
  std::vector<EncodedSeries> out;
  SeriesSamples samples;
  while (true) {
    TRY(more, series->next(samples));
    if (!more) break;
    if (samples.times.empty()) continue;
    state.samples += samples.times.size();
    if (state.self.samples_max > 0 && state.samples > state.self.samples_max) {
      return error(Code::kInvalid, "exceeded sample limit ({})", state.self.samples_max);
    }
    const LabelSetRef labels = with_external(samples.labels, state.external);
    EncodedSeries encoded{labels, encode_labels(*labels), {}};
    TRY_VOID(chunks ? encode_chunks(samples, encoded) : encode_samples(samples, encoded));
    out.push_back(std::move(encoded));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return labels_less(*a.labels, *b.labels); });
  return out;
}

Result<http::Response> answer_samples(ReadState& state, const ReadRequest& request) {
  std::string message;
  for (const ReadQuery& query : request.queries) {
    TRY(series, run(state, query, false));
    std::string result;
    for (const EncodedSeries& each : series) {
      std::string one = each.labels_bytes;
      for (const std::string& piece : each.pieces) one += piece;
      field(result, 1, one);
    }
    field(message, 1, result);
  }
  http::Response response;
  response.content_type = "application/x-protobuf";
  response.headers.emplace_back("Content-Encoding", "snappy");
  response.body = snappy_compress(message);
  return response;
}

std::string frame(std::string_view message) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> checksum;
  checksum.process_bytes(message.data(), message.size());
  std::string out;
  ByteWriter(out).varint(message.size());
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(checksum.checksum() >> shift));
  out.append(message);
  return out;
}

// The frames of one series: as many chunks in each as fit.
bool send_series(const EncodedSeries& series, std::uint64_t query, std::size_t bytes_max, const http::Write& write) {
  std::string content = series.labels_bytes;
  for (std::size_t i = 0; i < series.pieces.size(); ++i) {
    content += series.pieces[i];
    const bool last = i + 1 == series.pieces.size();
    if (!last && content.size() + series.pieces[i + 1].size() <= bytes_max) continue;
    std::string message;
    field(message, 1, content);
    if (query > 0) field(message, 2, query);
    if (!write(frame(message))) return false;
    content = series.labels_bytes;
  }
  return true;
}

Result<http::Response> answer_chunks(ReadState& state, const ReadRequest& request) {
  auto results = std::make_shared<std::vector<std::vector<EncodedSeries>>>();
  for (const ReadQuery& query : request.queries) {
    TRY(series, run(state, query, true));
    results->push_back(std::move(series));
  }
  http::Response response;
  response.content_type = "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse";
  response.stream = [results, bytes_max = state.self.frame_bytes_max](const http::Write& write) {
    for (std::size_t query = 0; query < results->size(); ++query) {
      for (const EncodedSeries& series : (*results)[query]) {
        if (!send_series(series, query, bytes_max, write)) return;
      }
    }
  };
  return response;
}

// The first type that we have; samples if none is asked for.
Result<std::uint64_t> choose_type(const std::vector<std::uint64_t>& accepted) {
  if (accepted.empty()) return kSamples;
  for (const std::uint64_t type : accepted) {
    if (type == kSamples || type == kChunks) return type;
  }
  return error(Code::kInvalid, "server does not support any of the requested response types");
}

Result<http::Response> read(const RemoteRead& self, const http::Request& request, const std::string& tenant) {
  auto raw = snappy_decompress(request.body, self.request_bytes_max);
  if (!raw.ok()) return error(Code::kInvalid, "snappy: corrupt input");
  TRY(parsed, read_request(*raw));
  TRY(type, choose_type(parsed.accepted));
  ReadState state{self, tenant, request};
  return type == kChunks ? answer_chunks(state, parsed) : answer_samples(state, parsed);
}

}  // namespace

void add_remote_read_routes(http::Router& router, const RemoteRead& self) {
  for (const char* path : {"/api/v1/read", "/prometheus/api/v1/read"}) {
    router.add({"POST"}, path, [self](const http::Request& request) {
      const auto [tenant, refusal] = tenant_of(request, self.multi_tenant);
      if (refusal) return *refusal;
      auto response = read(self, request, tenant);
      return response.ok() ? std::move(*response) : http::plain_failure(response.error());
    });
  }
}

}  // namespace trilobite::api
