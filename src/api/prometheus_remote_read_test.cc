// Remote read: both kinds of answers, choice between them, limits and bad requests.
#include "api/prometheus_remote_read.h"

#include <gtest/gtest.h>

#include "api/histogram_chunk.h"
#include "api/xor_chunk.h"
#include "base/compress.h"
#include "ingest/remote_write_bytes.h"
#include "metrics/memory_samples.h"
#include "metrics/start_time.h"

namespace trilobite::api {
namespace {

using ingest::Wire;
using ingest::wire_tag;
using ingest::WireReader;
using ingest::WireWriter;
using Rows = std::vector<std::string>;

constexpr TimeNs kMs = 1'000'000;

class RemoteReadApi : public testing::Test {
 protected:
  RemoteReadApi() {
    for (int i = 0; i < 300; ++i) {
      store_.add(LabelSet::from_pairs({{"__name__", "up"}, {"job", "b"}}), i * kMs * 1000, i);
    }
    store_.add(LabelSet::from_pairs({{"__name__", "up"}, {"job", "a"}}), 1000 * kMs, 7);
    metrics::Histogram histogram;
    histogram.count = 2, histogram.sum = 3, histogram.whole_numbers = true;
    histogram.positive_spans = {{0, 1}};
    histogram.positive = {2};
    store_.add(LabelSet::from_pairs({{"__name__", "h"}}), 1000 * kMs, histogram);
  }

  static std::string query(std::int64_t start, std::int64_t end, std::string name, std::vector<std::uint64_t> accept,
                           std::uint64_t type = 0) {
    const std::string matcher = WireWriter().integer(1, type).text(2, "__name__").text(3, name).out;
    WireWriter request;
    request.text(1, WireWriter()
                        .integer(1, static_cast<std::uint64_t>(start))
                        .integer(2, static_cast<std::uint64_t>(end))
                        .text(3, matcher)
                        .out);
    for (const std::uint64_t each : accept) request.integer(2, each);
    return request.out;
  }
  http::Response post(const std::string& message, bool packed = true) {
    http::Router router;
    RemoteRead read{store_};
    read.samples_max = samples_max_;
    read.frame_bytes_max = frame_bytes_max_;
    read.external_labels = external_labels_;
    add_remote_read_routes(router, read);
    http::Request request;
    request.method = "POST";
    request.path = "/api/v1/read";
    request.body = packed ? snappy_compress(message) : message;
    return router.handle(request);
  }

  static std::string labels_of(std::string_view label) {
    WireReader reader(label);
    std::string out;
    while (reader.next()) out += (out.empty() ? "" : "=") + std::string(reader.bytes());
    return out + " ";
  }
  // "__name__=up job=a 1000:7" for each series of an answer with samples.
  static Rows samples(const http::Response& response) {
    const std::string message = snappy_decompress(response.body, 1u << 20).value();
    Rows rows;
    for (WireReader results(message); results.next();) {
      for (WireReader result(results.bytes()); result.next();) {
        std::string row;
        for (WireReader series(result.bytes()); series.next();) {
          const std::string_view field = series.bytes();
          if (series.tag() == wire_tag(1, Wire::kBytes)) {
            row += labels_of(field);
          } else if (series.tag() == wire_tag(4, Wire::kBytes)) {
            const auto histogram = ingest::decode_wire_histogram(field).value();
            row += fmt::format("{}:h{} ", histogram.time_ms, histogram.histogram.count);
          } else {
            WireReader sample(field);
            EXPECT_TRUE(sample.next());
            const double value = sample.number();
            EXPECT_TRUE(sample.next());
            row += fmt::format("{}:{} ", sample.signed_varint(), value);
          }
        }
        rows.push_back(row);
      }
    }
    return rows;
  }
  // The same of an answer with chunks; a row per frame.
  static Rows frames(const http::Response& response) {
    std::string body;
    response.stream([&](std::string_view piece) {
      body += piece;
      return true;
    });
    Rows rows;
    ByteReader reader(body);
    while (!reader.done()) {
      const std::uint64_t length = reader.varint().value();
      EXPECT_TRUE(reader.bytes(4).ok());
      const std::string_view message = reader.bytes(length).value();
      std::string row;
      for (WireReader frame(message); frame.next();) {
        for (WireReader series(frame.bytes()); series.next();) {
          const std::string_view field = series.bytes();
          if (series.tag() == wire_tag(1, Wire::kBytes)) {
            row += labels_of(field);
            continue;
          }
          std::string_view data;
          std::uint64_t encoding = 0;
          for (WireReader chunk(field); chunk.next();) {
            if (chunk.tag() == wire_tag(4, Wire::kBytes)) {
              data = chunk.bytes();
            } else if (chunk.tag() == wire_tag(3, Wire::kVarint)) {
              encoding = chunk.varint();
            } else {
              chunk.skip();
            }
          }
          if (encoding != 1) {
            const std::vector<TimedHistogram> histograms = decode_histogram_chunk(data, encoding == 2).value();
            for (const TimedHistogram& each : histograms) {
              row += fmt::format("{}:{}h{} ", each.time_ms, encoding, each.histogram.count);
            }
            continue;
          }
          const auto decoded = decode_xor_chunk(data).value();
          row += fmt::format("{}-{}x{} ", decoded.front().first, decoded.back().first, decoded.size());
        }
      }
      rows.push_back(row);
    }
    return rows;
  }

  metrics::MemorySamples store_;
  std::uint64_t samples_max_ = 1000;
  std::size_t frame_bytes_max_ = 1u << 20;
  ExternalLabels external_labels_;
};

TEST_F(RemoteReadApi, Samples) {
  const http::Response response = post(query(1000, 2000, "up", {}));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.content_type, "application/x-protobuf");
  EXPECT_EQ(samples(response), (Rows{"__name__=up job=a 1000:7 ", "__name__=up job=b 1000:1 2000:2 "}));
  EXPECT_EQ(samples(post(query(0, 5000, "h", {0}))), (Rows{"__name__=h 1000:h2 "}));
  EXPECT_EQ(samples(post(query(0, 5000, "absent", {0}))), Rows{});
}

TEST_F(RemoteReadApi, Chunks) {
  const std::string request = query(0, 1'000'000, "up", {1, 0});
  const http::Response response = post(request);
  EXPECT_EQ(response.content_type, "application/x-streamed-protobuf; proto=prometheus.ChunkedReadResponse");
  EXPECT_EQ(frames(response), (Rows{"__name__=up job=a 1000-1000x1 ",
                                    "__name__=up job=b 0-119000x120 120000-239000x120 240000-299000x60 "}));
  frame_bytes_max_ = 10;
  EXPECT_EQ(frames(post(request)).size(), 4u) << "a chunk per frame";
}

// Floats and both kinds of histograms in one series, each in chunks of their own.
TEST_F(RemoteReadApi, HistogramsComeInChunks) {
  metrics::Histogram histogram;
  histogram.count = 3, histogram.sum = 3, histogram.whole_numbers = true;
  histogram.reset = metrics::CounterReset::kNotReset;
  histogram.positive_spans = {{0, 1}};
  histogram.positive = {3};
  const LabelSet labels = LabelSet::from_pairs({{"__name__", "h"}});
  store_.add(labels, 2000 * kMs, histogram);
  store_.add(labels, 3000 * kMs, 5);
  histogram.count = 4.5, histogram.whole_numbers = false, histogram.positive = {4.5};
  store_.add(labels, 4000 * kMs, histogram);
  EXPECT_EQ(frames(post(query(0, 5000, "h", {1}))), (Rows{"__name__=h 1000:2h2 2000:2h3 3000-3000x1 4000:3h4.5 "}));
  EXPECT_EQ(frames(post(query(0, 5000, "up|h", {1, 0}, 2))).size(), 3u);
}

TEST_F(RemoteReadApi, ExternalLabelsAreAddedAndAskedFor) {
  store_.add(LabelSet::from_pairs({{"__name__", "up"}, {"job", "c"}, {"site", "other"}}), 1000 * kMs, 9);
  external_labels_ = [] { return std::vector<std::pair<std::string, std::string>>{{"site", "paris"}, {"a", "z"}}; };
  const auto asked = [&](std::uint64_t type, std::string value, std::vector<std::uint64_t> accept) {
    WireWriter query;
    query.integer(1, 1000).integer(2, 1500);
    query.text(3, WireWriter().integer(1, 0).text(2, "__name__").text(3, "up").out);
    query.text(3, WireWriter().integer(1, type).text(2, "site").text(3, value).out);
    WireWriter request;
    request.text(1, query.out);
    for (const std::uint64_t each : accept) request.integer(2, each);
    return post(request.out);
  };
  EXPECT_EQ(samples(asked(0, "paris", {})), (Rows{"__name__=up a=z job=a site=paris 1000:7 ",
                                                  "__name__=up a=z job=b site=paris 1000:1 "}))
      << "series without the label";
  EXPECT_EQ(samples(asked(0, "other", {})), (Rows{"__name__=up a=z job=c site=other 1000:9 "}));
  EXPECT_EQ(samples(asked(0, "rome", {})), Rows{});
  EXPECT_EQ(samples(asked(3, "paris", {})).size(), 3u) << "only equality is rewritten";
  EXPECT_EQ(frames(asked(0, "paris", {1})).size(), 2u);
}

TEST_F(RemoteReadApi, StartTimesDoNotShow) {
  Batch batch;
  batch.label_sets = {std::make_shared<const LabelSet>(LabelSet::from_pairs({{"__name__", "started"}}))};
  batch.label_set_of_row = {0};
  batch.times = {1000 * kMs};
  StringColumn texts;
  texts.push_back(metrics::with_start(500 * kMs, ""));
  batch.columns.push_back({std::string(kValueColumn), Column(std::vector<double>{4})});
  batch.columns.push_back({std::string(kHistogramColumn), Column(std::move(texts))});
  ASSERT_TRUE(store_.append("t", Signal::kMetrics, batch, {}).ok());
  EXPECT_EQ(samples(post(query(0, 5000, "started", {0}))), (Rows{"__name__=started 1000:4 "}));
  EXPECT_EQ(post(query(0, 5000, "started", {1})).status, 200) << "a float, so chunks will do";
}

TEST_F(RemoteReadApi, Refusals) {
  EXPECT_EQ(post("garbage", false).status, 400);
  EXPECT_EQ(post("garbage").status, 400);
  EXPECT_EQ(post(query(0, 1, "up", {5})).status, 400);
  EXPECT_EQ(post(query(0, 1, "u(p", {}, 2)).status, 400) << "no expression";
  EXPECT_EQ(post(query(0, 1, "up", {}, 9)).status, 400) << "no such kind of matcher";
  samples_max_ = 10;
  const http::Response many = post(query(0, 1'000'000, "up", {0}));
  EXPECT_EQ(many.status, 400);
  EXPECT_EQ(many.body, "exceeded sample limit (10)\n");
  EXPECT_EQ(post(query(0, 1'000'000, "up", {1})).status, 400);
}

}  // namespace
}  // namespace trilobite::api
