// What the write path stores, what it refuses and in which words.
#include "ingest/log_writer.h"

#include <gtest/gtest.h>

#include "ingest/loki_push.h"
#include "ingest/push_bytes.h"

namespace trilobite::ingest {
namespace {

// Keeps what is appended as text; can refuse.
class RecordingStore final : public Store {
 public:
  std::string rows;
  std::vector<std::optional<Hash128>> requests;
  std::optional<Error> refusal;

  Result<void> append(std::string_view tenant, Signal, const Batch& batch, const AppendOptions& options) override {
    if (refusal) return *refusal;
    EXPECT_TRUE(batch.validate().ok());
    requests.push_back(options.request);
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      const auto metadata = LabelSet::from_bytes(std::string(batch.find(kMetadataColumn)->text(row)));
      EXPECT_TRUE(metadata.ok());
      rows += fmt::format("{}: {} {} {} {}\n", tenant, batch.label_sets[batch.label_set_of_row[row]]->to_string(),
                          batch.times[row], batch.find(kLineColumn)->text(row), metadata->to_string());
    }
    return {};
  }
  Result<std::unique_ptr<Scan>> scan(ScanRequest) override { return error(Code::kUnsupported, "no"); }
  Result<std::vector<std::string>> label_names(const IndexRequest&) override { return std::vector<std::string>{}; }
  Result<std::vector<std::string>> label_values(const IndexRequest&, std::string_view) override {
    return std::vector<std::string>{};
  }
  Result<std::vector<SeriesInfo>> series(const IndexRequest&) override { return std::vector<SeriesInfo>{}; }
  Result<void> flush() override { return {}; }
  StoreStatistics statistics() const override { return {}; }
};

constexpr TimeNs kNow = 1'768'435'200'000'000'000;

struct LogWriterTest : testing::Test {
  RecordingStore store;
  TailHub tails;
  ManualClock clock{kNow};
  LimitsByTenant limits;
  LabelCache labels;

  Result<PushOutcome> write(LogWriter& writer, const std::string& message, std::string_view tenant = "t") {
    auto push = decode_push_protobuf(message, labels);
    EXPECT_TRUE(push.ok());
    return writer.write(tenant, std::move(*push));
  }
};

TEST_F(LogWriterTest, DiscoversServiceNameAndLevel) {
  LogWriter writer(store, tails, clock, limits);
  const auto outcome = write(writer, push_stream(R"({job="j",app="a"})", {{1, "level=warn x", {}}, {2, "plain", {}}}) +
                                         push_stream(R"({level="Notice"})", {{3, "error", {}}}) +
                                         push_stream(R"({service_name="s",level="ERR"})", {{4, "info", {}}}));
  ASSERT_TRUE(outcome.ok());
  EXPECT_FALSE(outcome->partial);
  EXPECT_EQ(outcome->rows_accepted, 4u);
  EXPECT_EQ(store.rows,
            "t: {app=\"a\", job=\"j\", service_name=\"a\"} 1 level=warn x {detected_level=\"warn\"}\n"
            "t: {app=\"a\", job=\"j\", service_name=\"a\"} 2 plain {detected_level=\"unknown\"}\n"
            "t: {level=\"Notice\", service_name=\"unknown_service\"} 3 error {detected_level=\"Notice\"}\n"
            "t: {level=\"ERR\", service_name=\"s\"} 4 info {detected_level=\"error\"}\n");
}

TEST_F(LogWriterTest, LevelFromMetadata) {
  LogWriter writer(store, tails, clock, limits);
  const auto outcome =
      write(writer, push_stream(R"({app="a"})", {{1, "info", {{"severity_text", "WARN"}, {"trace_id", "7"}}},
                                                 {2, "info", {{"severity_number", "17"}}},
                                                 {3, "info", {{"detected_level", "DBG"}}},
                                                 {4, "info", {{"a", "1"}, {"z", "2"}}}}));
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(
      store.rows,
      "t: {app=\"a\", service_name=\"a\"} 1 info {detected_level=\"warn\", severity_text=\"WARN\", trace_id=\"7\"}\n"
      "t: {app=\"a\", service_name=\"a\"} 2 info {detected_level=\"error\", severity_number=\"17\"}\n"
      "t: {app=\"a\", service_name=\"a\"} 3 info {detected_level=\"debug\"}\n"
      "t: {app=\"a\", service_name=\"a\"} 4 info {a=\"1\", detected_level=\"info\", z=\"2\"}\n");
}

TEST_F(LogWriterTest, DiscoveryCanBeTurnedOff) {
  limits.defaults.discover_log_levels = false;
  limits.defaults.discover_service_name.clear();
  LogWriter writer(store, tails, clock, limits);
  ASSERT_TRUE(write(writer, push_stream(R"({app="a"})", {{1, "error", {{"k", "v"}}}, {2, "error", {}}})).ok());
  EXPECT_EQ(store.rows, "t: {app=\"a\"} 1 error {k=\"v\"}\nt: {app=\"a\"} 2 error {}\n");
}

TEST_F(LogWriterTest, RefusalsInLokisWords) {
  LogLimits& l = limits.defaults;
  l.reject_old_samples = true;
  l.creation_grace_period = std::chrono::minutes(10);
  l.max_line_size = 10;
  l.max_label_names_per_series = 2;
  l.max_label_name_length = 5;
  l.max_label_value_length = 6;
  l.max_structured_metadata_size = 20;
  l.max_structured_metadata_entries_count = 2;
  l.enforced_labels = {"a"};
  struct Case {
    std::string labels;
    TestEntry entry;
    std::string reason, want;
  };
  const TimeNs hour = 3600 * kNsPerSecond;
  const Case cases[] = {
      {R"({a="1"})",
       {kNow - 200 * hour, "x", {}},
       "greater_than_max_sample_age",
       "entry for stream '{a=\"1\", service_name=\"unknown_service\"}' has timestamp too old: 2026-01-06T16:00:00Z, "
       "oldest "
       "acceptable timestamp is: 2026-01-08T00:00:00Z"},
      {R"({a="1"})",
       {kNow + hour, "x", {}},
       "too_far_in_future",
       "entry for stream '{a=\"1\", service_name=\"unknown_service\"}' has timestamp too new: 2026-01-15T01:00:00Z"},
      {R"({a="1"})",
       {kNow, "12345678901", {}},
       "line_too_long",
       "max entry size '10' bytes exceeded for stream '{a=\"1\", service_name=\"unknown_service\"}' while adding an "
       "entry with "
       "length '11' bytes"},
      {R"({a="1",b="2",c="3"})",
       {kNow, "x", {}},
       "max_label_names_per_series",
       "entry for stream '{a=\"1\", b=\"2\", c=\"3\", service_name=\"unknown_service\"}' has 3 label names; limit 2"},
      {R"({a="1",bcdefg="2"})",
       {kNow, "x", {}},
       "label_name_too_long",
       "stream '{a=\"1\", bcdefg=\"2\", service_name=\"unknown_service\"}' has label name too long: 'bcdefg'"},
      {R"({a="1234567"})",
       {kNow, "x", {}},
       "label_value_too_long",
       "stream '{a=\"1234567\", service_name=\"unknown_service\"}' has label value too long: '1234567'"},
      {R"({b="1"})",
       {kNow, "x", {}},
       "missing_labels",
       "missing required labels 'a' for user 't' for stream '{b=\"1\", service_name=\"unknown_service\"}'"},
      {R"({a="1"})",
       {kNow, "x", {{"k", "123456789012345678901"}}},
       "structured_metadata_too_large",
       "stream '{a=\"1\", service_name=\"unknown_service\"}' has structured metadata too large: '22' bytes, limit: "
       "'20' bytes. "
       "Please see `limits_config.max_structured_metadata_size` or contact your Loki administrator to increase it"},
      {R"({a="1"})",
       {kNow, "x", {{"k", "1"}, {"l", "2"}, {"m", "3"}}},
       "structured_metadata_too_many",
       "stream '{a=\"1\", service_name=\"unknown_service\"}' has too many structured metadata labels: '3', limit: '2'. "
       "Please "
       "see `limits_config.max_structured_metadata_entries_count` or contact your Loki administrator to increase it"},
  };
  for (const Case& c : cases) {
    store.rows.clear();
    LogWriter writer(store, tails, clock, limits);
    // The good row beside it is stored.
    const auto outcome =
        write(writer, push_stream(c.labels, {c.entry}) + push_stream(R"({a="ok"})", {{kNow, "good", {}}}));
    ASSERT_TRUE(outcome.ok());
    ASSERT_TRUE(outcome->partial) << c.reason;
    EXPECT_EQ(outcome->partial->code, Code::kInvalid);
    EXPECT_EQ(outcome->partial->message, c.want);
    EXPECT_EQ(outcome->rows_rejected, 1u);
    EXPECT_EQ(store.rows,
              fmt::format("t: {{a=\"ok\", service_name=\"unknown_service\"}} {} good {{detected_level=\"unknown\"}}\n",
                          kNow));
    const WriterStats stats = writer.stats();
    ASSERT_EQ(stats.discarded.size(), 1u);
    EXPECT_EQ(stats.discarded[0].reason, c.reason);
    EXPECT_EQ(stats.discarded[0].rows, 1u);
  }
}

TEST_F(LogWriterTest, EqualErrorsAreToldOnce) {
  limits.defaults.max_line_size = 3;
  LogWriter writer(store, tails, clock, limits);
  const auto outcome =
      write(writer, push_stream(R"({app="a"})", {{1, "1234", {}}, {2, "1234", {}}, {3, "12345", {}}, {4, "ok", {}}}));
  ASSERT_TRUE(outcome.ok());
  ASSERT_TRUE(outcome->partial);
  EXPECT_TRUE(outcome->partial->message.starts_with("2 errors like: max entry size '3' bytes exceeded"))
      << outcome->partial->message;
  EXPECT_NE(outcome->partial->message.find("; 1 errors like: max entry size"), std::string::npos);
  EXPECT_EQ(outcome->rows_accepted, 1u);
}

TEST_F(LogWriterTest, LongLinesCanBeCut) {
  limits.defaults.max_line_size = 8;
  limits.defaults.max_line_size_truncate = true;
  limits.defaults.max_line_size_truncate_identifier = "...";
  LogWriter writer(store, tails, clock, limits);
  const auto outcome = write(writer, push_stream(R"({app="a"})", {{1, "1234567890", {}}, {2, "12345678", {}}}));
  ASSERT_TRUE(outcome.ok());
  EXPECT_FALSE(outcome->partial);
  EXPECT_NE(store.rows.find(" 1 12345... {"), std::string::npos) << store.rows;
  EXPECT_NE(store.rows.find(" 2 12345678 {"), std::string::npos) << store.rows;
}

TEST_F(LogWriterTest, RatesAndStreamsAreLimited) {
  limits.defaults.ingestion_rate_bytes = 10;
  limits.overrides["many"] = {};
  limits.overrides["many"].max_streams_per_user = 1;
  limits.overrides["slow"] = {};
  limits.overrides["slow"].per_stream_rate_bytes = 4;
  LogWriter writer(store, tails, clock, limits);
  const std::string message = push_stream(R"({app="a"})", {{1, "12345678", {}}});
  EXPECT_TRUE(write(writer, message).ok());
  const auto refused = write(writer, message);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kOverload);
  EXPECT_EQ(
      refused.error().message.find("ingestion rate limit exceeded for user t (limit: 10 bytes/sec) while attempting to "
                                   "ingest '1' lines totaling '8' bytes"),
      0u);
  clock.advance(std::chrono::seconds(1));
  EXPECT_TRUE(write(writer, message).ok());

  EXPECT_FALSE(write(writer, message, "many")->partial);
  const auto second = write(writer, push_stream(R"({app="b"})", {{1, "x", {}}}), "many");
  ASSERT_TRUE(second->partial);
  EXPECT_EQ(second->partial->code, Code::kOverload);
  EXPECT_EQ(
      second->partial->message.find("maximum active stream limit exceeded when trying to create stream {app=\"b\"}"),
      0u);
  // A stream that nobody used for an hour makes room.
  clock.advance(std::chrono::hours(2));
  EXPECT_FALSE(write(writer, push_stream(R"({app="b"})", {{1, "x", {}}}), "many")->partial);

  const auto slow = write(writer, push_stream(R"({app="b"})", {{1, "12345", {}}}), "slow");
  ASSERT_TRUE(slow->partial);
  EXPECT_EQ(slow->partial->code, Code::kOverload);
}

TEST_F(LogWriterTest, IngestionCanBeBlocked) {
  limits.defaults.block_ingestion_until = kNow + 1;
  LogWriter writer(store, tails, clock, limits);
  const auto outcome = write(writer, push_stream(R"({app="a"})", {{1, "x", {}}}));
  ASSERT_TRUE(outcome->partial);
  EXPECT_EQ(outcome->status, 260);
  EXPECT_EQ(store.rows, "");
}

TEST_F(LogWriterTest, RequestsOfTwoTenantsAreKeptApart) {
  LogWriter writer(store, tails, clock, limits);
  for (const std::string_view tenant : {"a", "b", "a"}) {
    auto push = decode_push_protobuf(push_stream(R"({app="a"})", {{1, "x", {}}}), labels);
    push->request = Hash128{1, 2};
    ASSERT_TRUE(writer.write(tenant, std::move(*push)).ok());
  }
  EXPECT_EQ(store.requests[0], store.requests[2]);
  EXPECT_NE(store.requests[0], store.requests[1]);
}

TEST_F(LogWriterTest, ErrorsOfTheStoreComeThrough) {
  store.refusal = error(Code::kNoSpace, "disk is full");
  LogWriter writer(store, tails, clock, limits);
  const auto outcome = write(writer, push_stream(R"({app="a"})", {{1, "x", {}}}));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().code, Code::kNoSpace);
  EXPECT_EQ(writer.stats().rows, 0u);
}

TEST_F(LogWriterTest, TailsSeeWhatIsStored) {
  LogWriter writer(store, tails, clock, limits);
  auto watching = tails.subscribe("t", [](const LabelSet& set) { return set.get("app") == "a"; });
  EXPECT_EQ(tails.watchers("t"), 1u);
  ASSERT_TRUE(
      write(writer, push_stream(R"({app="a"})", {{1, "x", {}}}) + push_stream(R"({app="b"})", {{2, "y", {}}})).ok());
  ASSERT_TRUE(write(writer, push_stream(R"({app="b"})", {{3, "z", {}}})).ok());
  ASSERT_TRUE(write(writer, push_stream(R"({app="a"})", {{4, "other tenant", {}}}), "u").ok());
  const TailUpdate update = watching->wait(std::chrono::seconds(5));
  ASSERT_EQ(update.items.size(), 1u);
  EXPECT_EQ(update.items[0].batch->rows(), 2u);
  EXPECT_EQ(update.items[0].selected, (std::vector<bool>{true, false}));
  EXPECT_TRUE(watching->wait(std::chrono::milliseconds(0)).items.empty());
  watching.reset();
  EXPECT_EQ(tails.watchers("t"), 0u);
}

TEST_F(LogWriterTest, ASlowTailLosesRowsAndIsTold) {
  LogWriter writer(store, tails, clock, limits);
  auto watching = tails.subscribe("t", [](const LabelSet&) { return true; });
  const std::string big(200'000, 'x');
  const int pushes = static_cast<int>(TailHub::kQueueBytesMax / big.size()) + 10;
  for (int i = 0; i < pushes; ++i) ASSERT_TRUE(write(writer, push_stream(R"({app="a"})", {{i, big, {}}})).ok());
  const TailUpdate update = watching->wait(std::chrono::milliseconds(0));
  EXPECT_GT(update.rows_dropped, 0u);
  EXPECT_EQ(update.items.size() + update.rows_dropped, static_cast<std::size_t>(pushes));
  ASSERT_FALSE(update.dropped.empty());
  EXPECT_EQ(update.dropped.back().time, pushes - 1);
  tails.close();
  EXPECT_TRUE(watching->wait(std::chrono::hours(1)).items.empty());
}

}  // namespace
}  // namespace trilobite::ingest
