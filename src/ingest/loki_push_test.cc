// Push bodies in every form Loki's clients use become the same batch; broken ones become the error that clients know.
#include "ingest/loki_push.h"

#include <gtest/gtest.h>

#include "base/compress.h"
#include "ingest/push_bytes.h"
#include "ingest/timestamp.h"

namespace trilobite::ingest {
namespace {

// "labels time line metadata" per row.
std::string text_of(const Result<LogPush>& push) {
  if (!push.ok()) return std::string(code_name(push.error().code)) + ": " + push.error().message;
  const Batch& batch = push->batch;
  EXPECT_TRUE(batch.validate().ok());
  const Column* lines = batch.find(kLineColumn);
  const Column* metadata = batch.find(kMetadataColumn);
  std::string out;
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    std::string extra;
    if (metadata != nullptr) extra = " " + LabelSet::from_bytes(std::string(metadata->text(row)))->to_string();
    out += fmt::format("{} {} {}{}\n", batch.label_sets[batch.label_set_of_row[row]]->to_string(), batch.times[row],
                       lines->text(row), extra);
  }
  return out;
}

constexpr std::string_view kJson =
    R"({"streams":[{"stream":{"app":"x","n":5},"values":[["1768435200000000001","one"],["2","two",{"k.8":"v","e":""}]]},)"
    R"({"stream":{"app":"y"},"values":[["3","th\"ree\u00e9"]]}]})";
constexpr std::string_view kWant =
    "{app=\"x\", n=\"5\"} 1768435200000000001 one {}\n{app=\"x\", n=\"5\"} 2 two {k_8=\"v\"}\n"
    "{app=\"y\"} 3 th\"ree\xC3\xA9 {}\n";

std::string protobuf() {
  return push_stream(R"({app="x",n="5"})", {{1768435200000000001, "one", {}}, {2, "two", {{"k.8", "v"}, {"e", ""}}}}) +
         push_stream(R"({app="y"})", {{3, "th\"ree\xC3\xA9", {}}});
}

TEST(LokiPush, EveryFormIsTheSameBatch) {
  LabelCache labels;
  const std::string json(kJson), packed = snappy_compress(protobuf()), gzipped = gzip_compress(json);
  const std::string twice = gzip_compress(packed);
  const PushBody bodies[] = {
      {json, "application/json", ""},
      {json, "application/json; charset=utf-8", ""},
      {gzipped, "application/json", "gzip"},
      {packed, "application/x-protobuf", ""},
      {packed, "", "snappy"},
      {twice, "application/x-protobuf", "gzip"},
  };
  for (const PushBody& body : bodies) {
    EXPECT_EQ(text_of(decode_loki_push(body, {}, labels)), kWant) << body.content_type << "/" << body.content_encoding;
  }
}

TEST(LokiPush, JsonEdges) {
  struct Case {
    std::string_view json, want;
  };
  const Case cases[] = {
      {R"({})", ""},
      {R"({"streams":[]})", ""},
      {R"({"streams":null})", ""},
      {R"({"streams":[{"stream":{"app":"x"},"values":[]}]})", ""},
      {R"({"other":[1,{"a":2}],"streams":[{"values":[["1","x"]],"stream":{"app":"x"}}]})", "{app=\"x\"} 1 x\n"},
      {R"({"streams":[{"stream":{"app":"x","z":""},"values":[["1"]]}]})", "{app=\"x\"} 1 \n"},
      {R"({"streams":[{"stream":{"a":true,"b":1.50},"values":[["-1","x",{}]]}]})", "{a=\"true\", b=\"1.50\"} -1 x\n"},
      {"{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[[\"1\",\"bad \xff byte\"]]}]}",
       "{a=\"b\"} 1 bad \xEF\xBF\xBD byte\n"},
  };
  LabelCache labels;
  for (const Case& c : cases) EXPECT_EQ(text_of(decode_push_json(std::string(c.json), labels)), c.want) << c.json;
}

TEST(LokiPush, BrokenJsonIsRefused) {
  const std::string_view cases[] = {
      "",
      "x",
      "[]",
      R"({"streams":[)",
      R"({"streams":{}})",
      R"({"streams":[1]})",
      R"({"streams":[{"stream":"{app=\"x\"}","values":[["1","x"]]}]})",
      R"({"streams":[{"stream":{"app":{}},"values":[["1","x"]]}]})",
      R"({"streams":[{"stream":{"app":"x"},"values":[[1768435260000000000,"x"]]}]})",
      R"({"streams":[{"stream":{"app":"x"},"values":[["1","x",{"a":1}]]}]})",
      R"({"streams":[{"stream":{"app":"x"},"values":[["1","x",[]]]}]})",
      R"({"streams":[{"stream":{"app":"x"},"values":[["1",5]]}]})",
      R"({"streams":[{"stream":{"app":"x"},"values":[["1.5","x"]]}]})",
      R"({"streams":[{"stream":{"app":"x"},"values":[["","x"]]}]})",
      R"({"streams":[{"stream":{"app":"x"},"values":[[]]}]})",
      R"({"streams":[{"stream":{"app":"x"},"values":[["99999999999999999999","x"]]}]})",
      R"({"streams":[]} trailing)",
  };
  LabelCache labels;
  for (const std::string_view json : cases) {
    const auto push = decode_push_json(std::string(json), labels);
    ASSERT_FALSE(push.ok()) << json;
    EXPECT_EQ(push.error().code, Code::kInvalid) << json;
  }
}

TEST(LokiPush, BadLabelNamesTellThePlace) {
  LabelCache labels;
  const std::string_view want =
      "invalid: couldn't parse labels: 1:3: parse error: unexpected character inside braces: '-'";
  EXPECT_EQ(text_of(decode_push_json(R"({"streams":[{"stream":{"a-b":"x"},"values":[["1","x"]]}]})", labels)), want);
  EXPECT_EQ(text_of(decode_push_protobuf(push_stream(R"({a-b="x"})", {{1, "x", {}}}), labels)), want);
}

TEST(LokiPush, MetadataNamesAreMadeValid) {
  struct Case {
    std::string name, want;
  };
  const Case cases[] = {{"k8s.pod.name", "k8s_pod_name"}, {"a--b__c", "a_b_c"}, {"9x", "key_9x"}, {"ok_1", "ok_1"}};
  LabelCache labels;
  for (const Case& c : cases) {
    const std::string message = push_stream(R"({a="b"})", {{1, "x", {{c.name, "v"}}}});
    EXPECT_EQ(text_of(decode_push_protobuf(message, labels)), fmt::format("{{a=\"b\"}} 1 x {{{}=\"v\"}}\n", c.want));
  }
  for (const std::string name : {"", "--", "\xC3\xA9"}) {
    const auto push = decode_push_protobuf(push_stream(R"({a="b"})", {{1, "x", {{name, "v"}}}}), labels);
    ASSERT_FALSE(push.ok());
    EXPECT_EQ(push.error().code, Code::kInternal);
  }
}

TEST(LokiPush, EncodingsAndBrokenFrames) {
  LabelCache labels;
  const auto decode = [&](std::string_view body, std::string_view type, std::string_view encoding) {
    return text_of(decode_loki_push({body, type, encoding}, {}, labels));
  };
  EXPECT_EQ(decode("{}", "application/json", "br"), "invalid: Content-Encoding \"br\" not supported");
  EXPECT_EQ(decode("{}", "application/json", "gzip"), "invalid: gzip: invalid header");
  EXPECT_EQ(decode("{}", "application/x-protobuf", ""), "invalid: snappy: corrupt input");
  EXPECT_EQ(decode("{}", "text/plain", "deflate"), "invalid: flate: corrupt input");
}

TEST(LokiPush, BombsAreRefusedBeforeTheyFillTheMemory) {
  LabelCache labels;
  const std::string bomb = gzip_compress(std::string(4 << 20, ' '));
  const auto push = decode_loki_push({bomb, "application/json", "gzip"}, {.bytes_decoded_max = 1 << 20}, labels);
  ASSERT_FALSE(push.ok());
  EXPECT_EQ(push.error().code, Code::kLimit);
  const std::string packed = snappy_compress(std::string(4 << 20, ' '));
  const auto second = decode_loki_push({packed, "", ""}, {.bytes_decoded_max = 1 << 20}, labels);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::kLimit);
}

// Any prefix and any flipped byte gives rows or an error, nothing else.
TEST(LokiPush, DamagedProtobufNeverCrashes) {
  LabelCache labels;
  const std::string good = protobuf();
  for (std::size_t cut = 0; cut < good.size(); ++cut)
    static_cast<void>(decode_push_protobuf(good.substr(0, cut), labels).ok());
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const char flip : {'\x01', '\x80', '\xff'}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ flip);
      const auto push = decode_push_protobuf(bad, labels);
      EXPECT_TRUE(!push.ok() || push->batch.validate().ok());
    }
  }
}

TEST(LokiPush, LegacyJson) {
  LabelCache labels;
  const auto decode = [&](std::string_view json) { return text_of(decode_push_json(std::string(json), labels)); };
  EXPECT_EQ(
      decode(R"({"streams":[{"labels":"{a=\"b\"}","entries":[{"ts":"2026-01-15T00:00:00.5+01:00","line":"x"}]}]})"),
      "{a=\"b\"} 1768431600500000000 x\n");
  EXPECT_FALSE(
      decode_push_json(R"({"streams":[{"labels":"{a=\"b\"}","entries":[{"ts":"now","line":"x"}]}]})", labels).ok());
  EXPECT_FALSE(decode_push_json(R"({"streams":[{"labels":"a","entries":[]}]})", labels).ok() &&
               decode_push_json(R"({"streams":[{"labels":"{","entries":[]}]})", labels).ok());
}

TEST(Timestamp, Rfc3339) {
  EXPECT_EQ(parse_rfc3339("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_rfc3339("2026-01-15T00:00:00.123456789Z"), 1768435200123456789);
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59Z"), -1'000'000'000);
  for (const std::string_view bad :
       {"", "2026-01-15", "2026-13-15T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-15T24:00:00Z", "2026-01-15T00:00:00",
        "2026-01-15T00:00:00.Z", "2026-01-15T00:00:00Zx", "9999-01-01T00:00:00Z"}) {
    EXPECT_FALSE(parse_rfc3339(bad).has_value()) << bad;
  }
  EXPECT_EQ(format_rfc3339(1768435200123456789), "2026-01-15T00:00:00Z");
  EXPECT_EQ(format_rfc3339(-1), "1969-12-31T23:59:59Z");
}

}  // namespace
}  // namespace trilobite::ingest
