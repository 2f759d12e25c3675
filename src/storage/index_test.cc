// The small pieces: names of files, windows, series tables, label indexes and matchers, frames and records.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "storage/column_builder.h"
#include "storage/frame_log.h"
#include "storage/head_index.h"
#include "storage/label_index.h"
#include "storage/label_matcher.h"
#include "storage/layout.h"
#include "storage/manifest.h"
#include "storage/series_table.h"
#include "storage/test_rows.h"
#include "storage/wal_record.h"
#include "storage/window.h"

namespace trilobite::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;
using ::testing::UnorderedElementsAreArray;

TEST(Layout, NamesAreSafeAndDifferent) {
  EXPECT_EQ(tenant_folder("fake"), "fake");
  EXPECT_EQ(tenant_folder("Team-1_a.b"), "Team-1_a.b");
  EXPECT_EQ(tenant_folder(".."), "%2E.");
  EXPECT_EQ(tenant_folder("a/b"), "a%2Fb");
  EXPECT_EQ(tenant_folder("a%2Fb"), "a%252Fb");
  EXPECT_EQ(tenant_folder(""), "%");
  const std::string one = tenant_folder(std::string(254, '/') + "1"), two = tenant_folder(std::string(254, '/') + "2");
  EXPECT_LE(one.size(), 200u);
  EXPECT_NE(one, two);

  const Layout layout("/d");
  EXPECT_EQ(layout.segment(7), "/d/wal/0000000007.wal");
  EXPECT_EQ(layout.part("t", Signal::kLogs, window_of(Signal::kLogs, kTestTime), 42),
            "/d/parts/t/logs/2026-01-15/0000000042.part");
  EXPECT_EQ(layout.part_folder("t", Signal::kLogs, window_of(Signal::kLogs, -1)), "/d/parts/t/logs/1969-12-31");
  EXPECT_EQ(layout.part_folder("t", Signal::kMetrics, window_of(Signal::kMetrics, 951'782'400 * kNsPerSecond)),
            "/d/parts/t/metrics/2000-02-29");
  EXPECT_EQ(layout.part_folder("t", Signal::kLogs, window_of(Signal::kLogs, std::numeric_limits<TimeNs>::min())),
            "/d/parts/t/logs/1677-09-21");
  EXPECT_THAT(file_number("0000000042.part", ".part"), Optional(42u));
  for (const char* name : {"42.part", "0000000042.wal", "x000000042.part", "0000000042.part.tmp", ".part", ""})
    EXPECT_EQ(file_number(name, ".part"), std::nullopt);
}

TEST(Window, RoundsTowardsThePast) {
  const TimeNs hour = kHourNs;
  EXPECT_EQ(window_of(Signal::kLogs, 0), 0);
  EXPECT_EQ(window_of(Signal::kLogs, 2 * hour - 1), 0);
  EXPECT_EQ(window_of(Signal::kLogs, 2 * hour), 1);
  EXPECT_EQ(window_of(Signal::kLogs, -1), -1);
  EXPECT_EQ(window_of(Signal::kLogs, -2 * hour), -1);
  EXPECT_EQ(window_of(Signal::kLogs, -2 * hour - 1), -2);
  EXPECT_EQ(window_of(Signal::kMetrics, 25 * hour), 1);
}

TEST(Matcher, AlternativesOfPlainText) {
  struct Case {
    std::string regex;
    std::optional<std::vector<std::string>> want;
  };
  const Case cases[] = {
      {"", {{""}}},
      {"a", {{"a"}}},
      {"a|b", {{"a", "b"}}},
      {"(a|b)", {{"a", "b"}}},
      {"(?:a|b|)", {{"a", "b", ""}}},
      {"a\\.b", {{"a.b"}}},
      {"a-b/c", {{"a-b/c"}}},
      {"a.b", {}},
      {"a+", {}},
      {"(a)|(b)", {}},
      {"\\d", {}},
      {"a\\", {}},
      {"(?i)a", {}},
      {"^a$", {}},
      {"[a]", {}},
      {"((a))", {}},
  };
  for (const Case& c : cases) EXPECT_EQ(literal_alternatives(c.regex), c.want) << c.regex;
}

std::vector<LabelSetRef> many_sets() {
  std::vector<LabelSetRef> out;
  for (int i = 0; i < 500; ++i)
    out.push_back(make_labels(fmt::format("app=a{}{},instance=i{:03}{}", i % 7, i % 11 == 0 ? ",odd=yes" : "", i,
                                          i % 2 == 0 ? ",job=even" : "")));
  std::sort(out.begin(), out.end(), [](const LabelSetRef& a, const LabelSetRef& b) { return *a < *b; });
  return out;
}

TEST(Matcher, SelectsTheSameFromHeadAndPartAsOneByOne) {
  const std::vector<LabelSetRef> sets = many_sets();
  HeadIndex head;
  for (const LabelSetRef& set : sets) head.intern(set);
  auto part = LabelIndex::decode(LabelIndex::encode(sets), static_cast<std::uint32_t>(sets.size()));
  ASSERT_OK(part);
  for (const char* name : {"app", "instance", "job", "odd", "absent"}) {
    for (const char* value : {"", "a1", "yes", "even", "i001|i499|nothing", "a1|", ".*", ".+", "i0.*", "i[0-4]..",
                              "(?i)EVEN", "a[^1]", "nothing", "i00\\d", ".{2}", "(a1|a2).*"}) {
      for (const MatchOp op : {MatchOp::kEqual, MatchOp::kNotEqual, MatchOp::kRegex, MatchOp::kNotRegex}) {
        auto matcher = LabelMatcher::compile({name, op, value});
        ASSERT_OK(matcher);
        SeriesSet want;
        for (std::uint32_t i = 0; i < sets.size(); ++i) {
          if (matcher->matches(sets[i]->get(name))) want.add(i);
        }
        EXPECT_TRUE(matcher->select(head) == want)
            << name << " " << static_cast<int>(op) << " " << value << " in the head";
        EXPECT_TRUE(matcher->select(**part) == want)
            << name << " " << static_cast<int>(op) << " " << value << " in the part";
      }
    }
  }
  const SeriesSet odd = LabelMatcher::compile({"odd", MatchOp::kEqual, "yes"})->select(head);
  for (const SeriesSet* within : {static_cast<const SeriesSet*>(nullptr), &odd}) {
    for (const Postings* index : {static_cast<const Postings*>(&head), static_cast<const Postings*>(part->get())}) {
      EXPECT_THAT(index->names(within), UnorderedElementsAreArray({"app", "instance", "job", "odd"}));
      EXPECT_EQ(index->values("instance", within).size(), within == nullptr ? 500u : 46u);
    }
  }
}

TEST(LabelIndex, DamageIsAnErrorNeverACrash) {
  const std::vector<LabelSetRef> sets = many_sets();
  const std::string bytes = LabelIndex::encode(sets);
  EXPECT_FALSE(LabelIndex::decode(bytes, 5).ok()) << "fewer series than it names";
  for (std::size_t at = 0; at < bytes.size(); at += 7) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    static_cast<void>(LabelIndex::decode(damaged, 500));
    EXPECT_FALSE(LabelIndex::decode(bytes.substr(0, at), 500).ok());
  }
}

TEST(SeriesTable, ComesBack) {
  SeriesTable table;
  for (const LabelSetRef& set : many_sets()) {
    table.label_bytes.push_back(set->bytes());
    const auto i = static_cast<std::int64_t>(table.stats.size());
    table.stats.push_back(
        {static_cast<std::uint64_t>(i + 1), static_cast<std::uint64_t>(i * 100), kTestTime - i * i, kTestTime + i});
  }
  table.stats[3].time_min = std::numeric_limits<TimeNs>::min();
  table.stats[4].time_max = std::numeric_limits<TimeNs>::max();
  const std::string bytes = table.encode();
  auto got = SeriesTable::decode(bytes);
  ASSERT_OK(got);
  EXPECT_EQ((*got)->label_bytes, table.label_bytes);
  for (std::size_t i = 0; i < table.stats.size(); ++i) {
    EXPECT_EQ((*got)->stats[i].rows, table.stats[i].rows);
    EXPECT_EQ((*got)->stats[i].bytes, table.stats[i].bytes);
    EXPECT_EQ((*got)->stats[i].time_min, table.stats[i].time_min);
    EXPECT_EQ((*got)->stats[i].time_max, table.stats[i].time_max);
  }
  for (std::size_t at = 0; at < bytes.size(); at += 5) EXPECT_FALSE(SeriesTable::decode(bytes.substr(0, at)).ok());
}

TEST(FrameLog, TellsTornFromDamaged) {
  std::string file = frame_log_header(FrameLogKind::kSegment, 99);
  std::vector<std::size_t> ends;
  for (const char* payload : {"one", "", "three"}) {
    append_frame(file, 99, file.size(), payload);
    ends.push_back(file.size());
  }
  auto whole = read_frame_log(FrameLogKind::kSegment, file);
  ASSERT_OK(whole);
  EXPECT_THAT(whole->frames, ElementsAre("one", "", "three"));
  EXPECT_FALSE(whole->torn);
  EXPECT_EQ(whole->bytes_valid, file.size());
  EXPECT_FALSE(read_frame_log(FrameLogKind::kManifest, file).ok()) << "another kind of file";

  auto torn = read_frame_log(FrameLogKind::kSegment, std::string_view(file).substr(0, file.size() - 1));
  ASSERT_OK(torn);
  EXPECT_TRUE(torn->torn);
  EXPECT_EQ(torn->bytes_valid, ends[1]);
  EXPECT_TRUE(torn->damage.empty());

  std::string damaged = file;
  damaged[kFrameLogHeaderBytes + kFrameHeaderBytes] ^= 1;
  auto read = read_frame_log(FrameLogKind::kSegment, damaged);
  ASSERT_OK(read);
  ASSERT_EQ(read->damage.size(), 1u);
  EXPECT_EQ(read->damage[0].offset, kFrameLogHeaderBytes);
  EXPECT_EQ(read->bytes_valid, kFrameLogHeaderBytes);
  EXPECT_THAT(read->frames, ElementsAre("", "three"));

  // A valid frame in another place is not valid there.
  std::string moved =
      frame_log_header(FrameLogKind::kSegment, 99) + std::string(8, 'x') + file.substr(kFrameLogHeaderBytes);
  EXPECT_TRUE(read_frame_log(FrameLogKind::kSegment, moved)->frames.empty());
  EXPECT_TRUE(read_frame_log(FrameLogKind::kSegment, "short")->unused);
  EXPECT_TRUE(read_frame_log(FrameLogKind::kSegment, std::string(kFrameLogHeaderBytes, '\0'))->unused);
  EXPECT_EQ(read_frame_log(FrameLogKind::kSegment, std::string(100, '\0')).error().code, Code::kCorrupt)
      << "no frame is written before the header is synced";

  // Of the last frame: all of it is there and yet it is wrong, or a sector of it is missing.
  std::string long_file = file;
  append_frame(long_file, 99, long_file.size(), std::string(2000, 'y'));
  std::string flipped = long_file;
  flipped[1500] ^= 1;
  auto last = read_frame_log(FrameLogKind::kSegment, flipped);
  ASSERT_OK(last);
  EXPECT_FALSE(last->torn);
  ASSERT_EQ(last->damage.size(), 1u);
  EXPECT_FALSE(last->damage[0].repaired);
  EXPECT_EQ(last->bytes_valid, file.size());
  std::string holed = long_file;
  holed.replace(1024, 512, 512, '\0');
  last = read_frame_log(FrameLogKind::kSegment, holed);
  ASSERT_OK(last);
  EXPECT_TRUE(last->torn);
  EXPECT_TRUE(last->damage.empty());
  std::string longer = long_file;
  longer[file.size() + 6] ^= 1;  // its length
  last = read_frame_log(FrameLogKind::kSegment, longer);
  ASSERT_OK(last);
  EXPECT_EQ(last->frames.size(), 4u);
  ASSERT_EQ(last->damage.size(), 1u);
  EXPECT_TRUE(last->damage[0].repaired);
}

TEST(WalRecord, ComesBack) {
  const std::vector<TestRow> rows{{"a=b", 1, "x", "m"}, {"c=d", -5, std::string(1000, 'y'), ""}, {"a=b", 3, "", "m2"}};
  for (const auto& request : {std::optional<Hash128>(), std::optional<Hash128>({1, 2})}) {
    auto record = encode_record("tenant", Signal::kLogs, 77, request, make_batch(rows));
    ASSERT_OK(record);
    std::string frame;
    append_record(frame, *record);
    append_record(frame, *record);
    WalSeriesNames names;
    auto decoded = decode_frame(frame, names);
    ASSERT_OK(decoded);
    ASSERT_EQ(decoded->size(), 2u);
    for (const WalRecord& got : *decoded) {
      EXPECT_EQ(got.tenant, "tenant");
      EXPECT_EQ(got.accepted, 77);
      EXPECT_EQ(got.request, request);
      std::vector<TestRow> back;
      add_rows(got.batch, back);
      EXPECT_EQ(back, rows);
    }
    for (std::size_t at = 1; at < record->size(); ++at) EXPECT_FALSE(decode_frame(frame.substr(0, at), names).ok());
  }
}

TEST(Manifest, EditsComeBackAndMustFit) {
  ManifestEdit edit;
  PartMeta part;
  part.id = 3;
  part.order = 2;
  part.tenant = "t";
  part.window = -7;
  part.info.rows = 10;
  part.info.time_min = -5;
  part.info.footer_hash = 0xDEADBEEF;
  edit.add = {part};
  edit.part_next = 9;
  edit.wal_floor = 4;
  edit.requests = {{{{1, 2}, 3}}};
  const std::string bytes = encode_edit(edit);
  auto got = decode_edit(bytes);
  ASSERT_OK(got);
  EXPECT_EQ(encode_edit(*got), bytes);
  EXPECT_EQ(got->add[0].window, -7);
  EXPECT_EQ(got->requests->at(0).hash, (Hash128{1, 2}));
  for (std::size_t at = 0; at < bytes.size(); ++at) EXPECT_FALSE(decode_edit(bytes.substr(0, at)).ok());

  std::string file = frame_log_header(FrameLogKind::kManifest, 1);
  append_frame(file, 1, file.size(), bytes);
  EXPECT_EQ(read_manifest(file)->state.parts.size(), 1u);
  append_frame(file, 1, file.size(), bytes);
  EXPECT_EQ(read_manifest(file).error().code, Code::kCorrupt) << "the part is added twice";
}

TEST(ColumnBuilder, JoinsTextAndCodes) {
  const ColumnSchema schema{"metadata", ColumnKind::kTextCoded};
  DictionaryColumn coded;
  coded.dictionary.push_back("a");
  coded.dictionary.push_back("b");
  coded.codes = {1, 0, 1};
  StringColumn text;
  for (const char* value : {"b", "c"}) text.push_back(value);
  ColumnBuilder builder(schema);
  builder.append(Column(coded), 1, 0, 3);
  builder.append(Column(), 2, 0, 2);
  builder.append(Column(text), 3, 0, 2);
  Column out = builder.finish();
  std::vector<std::string> values;
  for (std::size_t i = 0; i < out.size(); ++i) values.emplace_back(out.text(i));
  EXPECT_THAT(values, ElementsAre("b", "a", "b", "", "", "b", "c"));
  EXPECT_EQ(std::get<DictionaryColumn>(out.values()).dictionary.size(), 4u);
  // Too many different texts: plain text it is.
  StringColumn many;
  for (int i = 0; i < 10'000; ++i) many.push_back(std::to_string(i));
  builder.append(Column(many), 4, 0, many.size());
  out = builder.finish();
  EXPECT_EQ(std::get<StringColumn>(out.values()), many);
}

}  // namespace
}  // namespace trilobite::storage
