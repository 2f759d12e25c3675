// Remote read: both kinds of answers, choice between them, limits and bad requests.
#include "api/prometheus_remote_read.h"

#include <gtest/gtest.h>

#include "api/xor_chunk.h"
#include "base/compress.h"
#include "ingest/remote_write_bytes.h"
#include "metrics/memory_samples.h"

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
          for (WireReader chunk(field); chunk.next();) {
            if (chunk.tag() == wire_tag(4, Wire::kBytes)) {
              data = chunk.bytes();
            } else {
              chunk.skip();
            }
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

TEST_F(RemoteReadApi, HistogramsComeAsSamples) {
  EXPECT_EQ(samples(post(query(0, 5000, "up|h", {1, 0}, 2))).size(), 3u);
  EXPECT_EQ(post(query(0, 5000, "h", {1})).status, 400);
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
