// OTLP logs become what Loki makes of them; JSON and protobuf are the same; broken requests become errors.
#include "ingest/otlp_logs.h"

#include <gtest/gtest.h>

#include "base/compress.h"
#include "ingest/otlp_json.h"

namespace trilobite::ingest {
namespace {

constexpr TimeNs kNow = 77;

// "labels time line metadata" per row.
std::string text_of(const Result<LogPush>& push) {
  if (!push.ok()) return std::string(code_name(push.error().code)) + ": " + push.error().message;
  const Batch& batch = push->batch;
  EXPECT_TRUE(batch.validate().ok());
  const Column* lines = batch.find(kLineColumn);
  const Column* metadata = batch.find(kMetadataColumn);
  std::string out;
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    std::string extra = "{}";
    if (metadata != nullptr) extra = LabelSet::from_bytes(std::string(metadata->text(row))).value().to_string();
    out += fmt::format("{} {} [{}] {}\n", batch.label_sets[batch.label_set_of_row[row]]->to_string(), batch.times[row],
                       lines->text(row), extra);
  }
  return out;
}

Result<LogPush> decode(std::string_view json, const OtlpMapping& mapping = {}) {
  return decode_otlp_logs({json, "application/json", ""}, {}, mapping, kNow);
}

// A request of one record with the given fields, below a resource with the given attributes.
std::string request(std::string_view record, std::string_view resource = "", std::string_view scope = "") {
  return fmt::format(R"({{"resourceLogs":[{{"scopeLogs":[{{"logRecords":[{{{}}}],"scope":{{{}}}}}],)"
                     R"("resource":{{"attributes":[{}]}}}}]}})",
                     record, scope, resource);
}
std::string attribute(std::string_view key, std::string_view value) {
  return fmt::format(R"({{"key":"{}","value":{}}})", key, value);
}
std::string text_attribute(std::string_view key, std::string_view text) {
  return attribute(key, fmt::format(R"({{"stringValue":"{}"}})", text));
}

TEST(OtlpLogs, BodyBecomesTheLine) {
  struct Case {
    std::string_view body, line;
  };
  const Case cases[] = {
      {R"({"stringValue":"a \"b\" \n"})", "a \"b\" \n"},
      {R"({"intValue":"-9223372036854775808"})", "-9223372036854775808"},
      {R"({"intValue":42})", "42"},
      {R"({"boolValue":true})", "true"},
      {R"({"doubleValue":0.25})", "0.25"},
      {R"({"doubleValue":3})", "3"},
      {R"({"doubleValue":1e-7})", "1e-7"},
      {R"({"doubleValue":1.5e-12})", "1.5e-12"},
      {R"({"doubleValue":0.000001})", "0.000001"},
      {R"({"doubleValue":1e21})", "1e+21"},
      {R"({"doubleValue":123456789012345680000})", "123456789012345680000"},
      {R"({"doubleValue":"NaN"})", "NaN"},
      {R"({"bytesValue":"AP8="})", "AP8="},
      {R"({"bytesValue":"YQ"})", "YQ=="},
      {R"({})", ""},
      {R"(null)", ""},
      {R"({"arrayValue":{"values":[{"stringValue":"a"},{"intValue":1},{},{"doubleValue":"Infinity"},)"
       R"({"bytesValue":"AA=="}]}})",
       R"(["a",1,null,"+Inf","AA=="])"},
      {R"({"kvlistValue":{"values":[{"key":"z","value":{"boolValue":false}},{"key":"a","value":{"kvlistValue":{}}}]}})",
       R"({"a":{},"z":false})"},
      {R"({"kvlist_value":{"values":[{"key":"a","value":{"int_value":"1"}}]}})", R"({"a":1})"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(text_of(decode(request(fmt::format(R"("timeUnixNano":"5","body":{})", c.body)))),
              fmt::format("{{}} 5 [{}] {{}}\n", c.line))
        << c.body;
  }
}

TEST(OtlpLogs, TimesAndFieldsOfARecord) {
  struct Case {
    std::string_view record, want;
  };
  const Case cases[] = {
      {R"("timeUnixNano":"5","observedTimeUnixNano":"6")", R"({} 5 [] {observed_timestamp="6"})"},
      {R"("time_unix_nano":0,"observed_time_unix_nano":6)", "{} 6 [] {}"},
      {R"()", "{} 77 [] {}"},
      {R"("severityNumber":9,"severityText":"INFO")", R"({} 77 [] {severity_number="9", severity_text="INFO"})"},
      {R"("severityNumber":"SEVERITY_NUMBER_WARN3")", R"({} 77 [] {severity_number="15"})"},
      {R"("severityNumber":"SEVERITY_NUMBER_UNSPECIFIED")", "{} 77 [] {}"},
      {R"("flags":1,"droppedAttributesCount":3)", R"({} 77 [] {dropped_attributes_count="3", flags="1"})"},
      {R"("traceId":"0AF7651916cd43dd8448eb211c80319c","spanId":"0000000000000000")",
       R"({} 77 [] {trace_id="0af7651916cd43dd8448eb211c80319c"})"},
      {R"("eventName":"device.started","unknown":[{"a":1}])", R"({} 77 [] {event_name="device.started"})"},
  };
  for (const Case& c : cases) EXPECT_EQ(text_of(decode(request(c.record))), std::string(c.want) + "\n") << c.record;
}

TEST(OtlpLogs, NamesAndMapsOfAttributes) {
  const std::string map = R"({"kvlistValue":{"values":[{"key":"b.c","value":{"intValue":1}},{"key":"d","value":)"
                          R"({"kvlistValue":{"values":[{"key":"e","value":{"stringValue":"deep"}}]}}}]}})";
  const std::string attributes = attribute("a", map) + "," + text_attribute("9digit", "nine") + "," +
                                 text_attribute("A__b", "x") + "," + text_attribute("empty", "") + "," +
                                 text_attribute("dash-and/slash", "y");
  EXPECT_EQ(text_of(decode(request(fmt::format(R"("attributes":[{}])", attributes)))),
            R"({} 77 [] {A_b="x", a_b_c="1", a_d_e="deep", dash_and_slash="y", key_9digit="nine"})"
            "\n");
  EXPECT_TRUE(
      text_of(decode(request(fmt::format(R"("attributes":[{}])", text_attribute("-", "x"))))).starts_with("internal"));
}

TEST(OtlpLogs, ResourceAndScope) {
  const std::string resource = text_attribute("service.name", "shop") + "," + text_attribute("host.name", "h1") + "," +
                               text_attribute("k8s.pod.name", "p");
  const std::string scope =
      R"("name":"lib","version":"1","droppedAttributesCount":2,"attributes":[)" + text_attribute("n", "scope") + "]";
  const std::string record = R"("attributes":[)" + text_attribute("host.name", "h2") + "," +
                             text_attribute("n", "record") + "," + text_attribute("service.name", "spoof") + "]";
  EXPECT_EQ(text_of(decode(request(record, resource, scope))),
            R"({k8s_pod_name="p", service_name="shop"} 77 [] {host_name="h1", n="scope", )"
            R"(scope_dropped_attributes_count="2", scope_name="lib", scope_version="1", service_name="spoof"})"
            "\n");
}

TEST(OtlpLogs, MappingDecidesPlaces) {
  OtlpMapping mapping;
  mapping.ignore_defaults = true;
  mapping.severity_text_as_label = true;
  mapping.resource.push_back(make_otlp_rule(OtlpAction::kIndexLabel, {"team"}, "").value());
  mapping.resource.push_back(make_otlp_rule(OtlpAction::kDrop, {}, "process\\..+").value());
  mapping.scope.push_back(make_otlp_rule(OtlpAction::kDrop, {"n"}, "").value());
  mapping.record.push_back(make_otlp_rule(OtlpAction::kIndexLabel, {"user"}, "").value());
  mapping.record.push_back(make_otlp_rule(OtlpAction::kDrop, {"secret"}, "").value());
  const std::string resource = text_attribute("service.name", "shop") + "," + text_attribute("team", "core") + "," +
                               text_attribute("process.pid", "1");
  const std::string record = R"("severityText":"WARN","attributes":[)" + text_attribute("user", "u1") + "," +
                             text_attribute("secret", "x") + "]";
  EXPECT_EQ(text_of(decode(request(record, resource, R"("attributes":[)" + text_attribute("n", "1") + "]"), mapping)),
            R"({severity_text="WARN", team="core", user="u1"} 77 [] {service_name="shop"})"
            "\n");
}

TEST(OtlpLogs, MappingRules) {
  EXPECT_FALSE(make_otlp_rule(OtlpAction::kDrop, {}, "").ok());
  EXPECT_FALSE(make_otlp_rule(OtlpAction::kDrop, {"a"}, "b").ok());
  EXPECT_FALSE(make_otlp_rule(OtlpAction::kDrop, {}, "(").ok());
  EXPECT_EQ(parse_otlp_action("index_label"), OtlpAction::kIndexLabel);
  EXPECT_EQ(parse_otlp_action("label"), std::nullopt);
  OtlpMapping mapping;
  mapping.resource.push_back(make_otlp_rule(OtlpAction::kDrop, {}, "ab").value());
  EXPECT_EQ(mapping.of_resource("ab"), OtlpAction::kDrop);
  EXPECT_EQ(mapping.of_resource("xaby"), OtlpAction::kStructuredMetadata);  // the whole name must match
  EXPECT_EQ(mapping.of_resource("service.name"), OtlpAction::kIndexLabel);
}

TEST(OtlpLogs, EveryEncodingIsTheSame) {
  const std::string json =
      request(R"("timeUnixNano":"5","body":{"stringValue":"hello"})", text_attribute("service.name", "s"));
  const std::string message = otlp_logs_json_to_protobuf(json).value();
  const std::string_view want = "{service_name=\"s\"} 5 [hello] {}\n";
  for (const auto& [type, raw] :
       {std::pair{"application/json; charset=utf-8", json}, std::pair{"application/x-protobuf", message}}) {
    for (const auto& [encoding, bytes] :
         {std::pair{"", raw}, std::pair{"gzip", gzip_compress(raw)}, std::pair{"zstd", zstd_compress(raw)},
          std::pair{"lz4", lz4_frame_compress(raw)}}) {
      EXPECT_EQ(text_of(decode_otlp_logs({bytes, type, encoding}, {}, {}, kNow)), want) << type << "/" << encoding;
      if (*encoding == '\0') continue;
      EXPECT_EQ(decode_otlp_logs({bytes, type, encoding}, {.bytes_decoded_max = 3}, {}, kNow).error().code,
                Code::kLimit);
      EXPECT_EQ(decode_otlp_logs({raw, type, encoding}, {}, {}, kNow).error().code, Code::kInvalid) << encoding;
    }
  }
}

TEST(OtlpLogs, NothingInIt) {
  for (const std::string_view json : {"{}", R"({"resourceLogs":[]})", R"({"resourceLogs":null})",
                                      R"({"resourceLogs":[{"resource":{"attributes":[]},"scopeLogs":[{}]}]})"}) {
    const auto push = decode(json);
    ASSERT_TRUE(push.ok()) << json;
    EXPECT_EQ(push->batch.rows(), 0u);
    EXPECT_TRUE(push->batch.label_sets.empty());
  }
}

TEST(OtlpLogs, BrokenRequests) {
  std::string deep = R"({"stringValue":"x"})";
  for (int i = 0; i < 100; ++i) deep = R"({"arrayValue":{"values":[)" + deep + "]}}";
  const std::string cases[] = {
      "",
      "not json",
      "[]",
      "{",
      "{} {}",
      R"({"resourceLogs":7})",
      R"({"resourceLogs":["x"]})",
      request(R"("timeUnixNano":"x")"),
      request(R"("timeUnixNano":"-1")"),
      request(R"("timeUnixNano":"18446744073709551616")"),
      request(R"("severityNumber":"SEVERITY_NUMBER_LOUD")"),
      request(R"("traceId":"abc")"),
      request(R"("traceId":"zz")"),
      request(R"("body":{"bytesValue":"*"})"),
      request(R"("body":{"bytesValue":"A"})"),
      request(R"("body":{"boolValue":"true"})"),
      request(R"("body":{"stringValue":1})"),
      request(R"("body":{"intValue":1.5})"),
      request(R"("body":{"stringValue":{}})"),
      request("\"body\":{\"stringValue\":\"\xff\"}"),
      request(R"("body":)" + deep),
  };
  for (const std::string& json : cases) {
    const auto push = decode(json);
    ASSERT_FALSE(push.ok()) << json;
    EXPECT_EQ(push.error().code, Code::kInvalid) << json;
  }
  EXPECT_EQ(text_of(decode_otlp_logs({"x", "text/plain", ""}, {}, {}, kNow)),
            "invalid: content type: text/plain is not supported");
  EXPECT_EQ(text_of(decode_otlp_logs({"x", "application/json", "br"}, {}, {}, kNow)),
            "invalid: unsupported content encoding br: only gzip, lz4 and zstd are supported");
}

TEST(OtlpLogs, EveryCutOfAMessageIsAnErrorOrABatch) {
  const std::string json =
      request(R"("timeUnixNano":"5","body":{"arrayValue":{"values":[{"stringValue":"a"},{"doubleValue":1.5}]}},)"
              R"("attributes":[)" +
                  text_attribute("a.b", "c") + R"(],"traceId":"0af7651916cd43dd8448eb211c80319c")",
              text_attribute("service.name", "s"), R"("name":"lib")");
  const std::string message = otlp_logs_json_to_protobuf(json).value();
  for (std::size_t size = 0; size < message.size(); ++size) {
    text_of(decode_otlp_logs_protobuf(std::string_view(message).substr(0, size), {}, kNow));
    std::string changed = message;
    for (const char bit : {1, 8, 127}) {
      changed[size] = static_cast<char>(message[size] ^ bit);
      text_of(decode_otlp_logs_protobuf(changed, {}, kNow));
    }
  }
}

}  // namespace
}  // namespace trilobite::ingest
