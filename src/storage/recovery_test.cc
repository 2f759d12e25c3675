// Opening: what is torn is cut off, what is damaged is put aside or refused by name, and other people's folders are
// left alone.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "storage/frame_log.h"
#include "storage/layout.h"
#include "storage/test_rows.h"

namespace trilobite::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string kSegment = "data/wal/0000000001.wal";

void append_numbered(TestStore& test, int begin, int end) {
  for (int i = begin; i < end; ++i) ASSERT_OK(test.append({{"a=b", kTestTime + i, fmt::format("row {}", i)}}));
}

std::vector<std::string> lines(TestStore& test) {
  std::vector<std::string> out;
  for (const TestRow& row : read_rows(*test.store, make_scan())) out.push_back(row.line);
  return out;
}

TEST(Open, ASecondStoreIsRefused) {
  TestStore test;
  ASSERT_OK(test.open());
  auto second = EmbeddedStore::open({test.files, test.clock}, test.options);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::kExists);
  EXPECT_THAT(second.error().message, HasSubstr("cannot open data directory data"));
  test.store.reset();
  ASSERT_OK(test.open());
}

TEST(Open, ANewerFormatIsRefused) {
  struct Case {
    std::string text;
    Code code;
    std::string message;
  };
  const Case cases[] = {{"trilobite 2\n", Code::kUnsupported, "format version 2, this program knows up to 1"},
                        {"trilobite x\n", Code::kCorrupt, "FORMAT"},
                        {"", Code::kCorrupt, "FORMAT"},
                        {"trilobite 99999999999999\n", Code::kCorrupt, "FORMAT"}};
  for (const Case& c : cases) {
    TestStore test;
    ASSERT_OK(test.open());
    test.store.reset();
    test.files.write_durable("data/FORMAT", c.text);
    auto opened = test.open();
    ASSERT_FALSE(opened.ok()) << c.text;
    EXPECT_EQ(opened.error().code, c.code) << c.text;
    EXPECT_THAT(opened.error().message, HasSubstr(c.message));
  }
}

TEST(Open, AFolderOfSomebodyElseIsLeftAlone) {
  TestStore test;
  ASSERT_OK(test.files.make_directories("data"));
  test.files.write_durable("data/thesis.txt", "chapter one");
  auto opened = test.open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code, Code::kInvalid);
  EXPECT_THAT(opened.error().message, HasSubstr("thesis.txt"));
  EXPECT_THAT(*test.files.list("data"), SizeIs(1)) << "not even a lock file";
}

TEST(Open, ALostManifestIsMadeAnewFromTheParts) {
  TestStore test;
  ASSERT_OK(test.open());
  append_numbered(test, 0, 3);
  ASSERT_OK(test.store->flush());
  append_numbered(test, 3, 5);
  const std::vector<std::string> want = lines(test);
  test.store.reset();
  ASSERT_OK(test.files.remove("data/manifest"));
  ASSERT_OK(test.open());
  ASSERT_THAT(test.store->recovery_messages(), SizeIs(1));
  EXPECT_THAT(test.store->recovery_messages()[0], HasSubstr("data/manifest: it is missing"));
  EXPECT_EQ(lines(test), want);
  ASSERT_OK(test.open());
  EXPECT_THAT(test.store->recovery_messages(), IsEmpty());
  EXPECT_EQ(lines(test), want);
}

TEST(Open, EveryFlippedByteOfTheManifestIsNoticedAndNoRowIsLost) {
  TestStore test;
  ASSERT_OK(test.open());
  for (int i = 0; i < 3; ++i) {
    append_numbered(test, i * 3, i * 3 + 3);
    ASSERT_OK(test.store->flush());
  }
  const std::vector<std::string> want = lines(test);
  test.store.reset();
  const std::string manifest = *test.files.read_all("data/manifest");
  for (std::size_t at = 0; at < manifest.size(); ++at) {
    std::string damaged = manifest;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    test.files.write_durable("data/manifest", damaged);
    auto report = check_directory(test.files, "data");
    ASSERT_OK(report);
    EXPECT_FALSE(report->ok) << "byte " << at;
    ASSERT_OK(test.open()) << "byte " << at;
    ASSERT_FALSE(test.store->recovery_messages().empty()) << "byte " << at << " of " << manifest.size();
    EXPECT_THAT(test.store->recovery_messages()[0], HasSubstr("data/manifest"));
    EXPECT_EQ(lines(test), want) << "byte " << at;
    EXPECT_EQ(test.store->statistics().parts_damaged, 0u) << "byte " << at;
    test.store.reset();
    EXPECT_EQ(*test.files.read_all("data/manifest.damaged"), damaged);
  }
}

std::string only_part(TestStore& test) {
  const std::string folder = Layout("data").part_folder("t", Signal::kLogs, kTestTime / (7200 * kNsPerSecond));
  return folder + "/" + (*test.files.list(folder))[0].name;
}

TEST(Open, AMissingOrSwappedPartIsPutAsideByNameAndComesBack) {
  for (const bool swapped : {false, true}) {
    TestStore test;
    ASSERT_OK(test.open());
    append_numbered(test, 0, 3);
    ASSERT_OK(test.store->flush());
    const std::string path = only_part(test);
    append_numbered(test, 3, 5);
    ASSERT_OK(test.store->flush());
    test.store.reset();
    const std::string whole = *test.files.read_all(path);
    if (swapped) {
      TestStore other;
      ASSERT_OK(other.open());
      append_numbered(other, 5, 8);
      ASSERT_OK(other.store->flush());
      test.files.write_durable(path, *other.files.read_all(only_part(other)));
    } else {
      ASSERT_OK(test.files.remove(path));
    }
    auto report = check_directory(test.files, "data");
    ASSERT_OK(report);
    EXPECT_FALSE(report->ok);
    for (int start = 0; start < 3; ++start) {
      ASSERT_OK(test.open());
      EXPECT_THAT(lines(test), ElementsAre("row 3", "row 4"));
      EXPECT_THAT(test.store->recovery_messages(), SizeIs(start == 0 ? 1 : 0)) << "it is told once";
      if (start == 0) {
        EXPECT_THAT(test.store->recovery_messages()[0], HasSubstr(path));
      }
      EXPECT_EQ(test.store->statistics().parts_damaged, 1u);
      EXPECT_EQ(test.files.exists(path + ".damaged"), swapped);
      const auto warnings = test.store->warnings("t", Signal::kLogs, kAlways);
      ASSERT_THAT(warnings, SizeIs(1)) << "but said with every answer";
      EXPECT_THAT(warnings[0], HasSubstr(path));
      EXPECT_THAT(test.store->warnings("other", Signal::kLogs, kAlways), IsEmpty());
      EXPECT_THAT(test.store->warnings("t", Signal::kLogs, {0, kTestTime}), IsEmpty());
    }
    test.store.reset();
    test.files.write_durable(path, whole);  // from a backup
    ASSERT_OK(test.open());
    EXPECT_THAT(lines(test), SizeIs(5));
    EXPECT_EQ(test.store->statistics().parts_damaged, 0u);
  }
}

TEST(Open, ADamagedPartThatIsDeletedIsForgotten) {
  TestStore test;
  ASSERT_OK(test.open());
  append_numbered(test, 0, 3);
  ASSERT_OK(test.store->flush());
  const std::string path = only_part(test);
  test.store.reset();
  test.files.write_durable(path, "short");
  ASSERT_OK(test.open());
  EXPECT_EQ(test.store->statistics().parts_damaged, 1u);
  test.store.reset();
  ASSERT_OK(test.files.remove(path + ".damaged"));
  ASSERT_OK(test.open());
  EXPECT_EQ(test.store->statistics().parts_damaged, 0u);
}

TEST(Open, LeftOversAreRemovedAndUnknownFilesStay) {
  TestStore test;
  ASSERT_OK(test.open());
  append_numbered(test, 0, 3);
  ASSERT_OK(test.store->flush());
  const std::string path = only_part(test);
  const std::string folder = path.substr(0, path.rfind('/'));
  test.store.reset();
  test.files.write_durable(folder + "/0000000077.part", "half a part");
  test.files.write_durable(folder + "/notes.txt", "mine");
  auto report = check_directory(test.files, "data");
  ASSERT_OK(report);
  EXPECT_TRUE(report->ok);
  ASSERT_OK(test.open());
  EXPECT_FALSE(test.files.exists(folder + "/0000000077.part"));
  EXPECT_TRUE(test.files.exists(folder + "/notes.txt"));
  EXPECT_TRUE(test.files.exists(path));
}

TEST(Wal, ATornTailIsCutOffAtEveryByte) {
  std::size_t bytes_whole = 0;
  for (std::size_t cut = 0;; ++cut) {
    TestStore test;
    ASSERT_OK(test.open());
    append_numbered(test, 0, 2);
    const std::size_t bytes_before = test.files.read_all(kSegment)->size();
    append_numbered(test, 2, 3);
    const std::string whole = *test.files.read_all(kSegment);
    bytes_whole = whole.size();
    if (bytes_before + cut >= bytes_whole) break;
    test.store.reset();
    test.files.write_durable(kSegment, whole.substr(0, bytes_before + cut));
    ASSERT_OK(test.open());
    EXPECT_THAT(lines(test), ElementsAre("row 0", "row 1"));
    EXPECT_THAT(test.store->recovery_messages(), SizeIs(cut == 0 ? 0 : 1));
    if (cut > 0) {
      EXPECT_THAT(test.store->recovery_messages()[0], HasSubstr("unfinished write"));
    }
    ASSERT_OK(test.open());
    EXPECT_THAT(test.store->recovery_messages(), IsEmpty()) << "it was cut off";
    EXPECT_THAT(lines(test), ElementsAre("row 0", "row 1"));
  }
}

TEST(Wal, EveryFlippedByteOfTheLastRecordIsToldFromATornOne) {
  TestStore test;
  ASSERT_OK(test.open());
  append_numbered(test, 0, 2);
  const std::size_t last = test.files.read_all(kSegment)->size();
  append_numbered(test, 2, 3);
  test.store.reset();
  const std::string whole = *test.files.read_all(kSegment);
  for (std::size_t at = last; at < whole.size(); ++at) {
    TestStore copy;
    ASSERT_OK(copy.open());
    copy.store.reset();
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    copy.files.write_durable(kSegment, damaged);
    ASSERT_OK(copy.open());
    ASSERT_THAT(copy.store->recovery_messages(), SizeIs(1)) << "byte " << at - last;
    EXPECT_THAT(copy.store->recovery_messages()[0], HasSubstr("damaged bytes at")) << "byte " << at - last;
    EXPECT_TRUE(copy.files.exists(kSegment + ".damaged"));
    const bool in_marker_or_length = at - last < 8;
    EXPECT_THAT(lines(copy), SizeIs(in_marker_or_length ? 3 : 2)) << "byte " << at - last;
  }
}

TEST(Wal, WholeRecordsMissingAtTheEndOfAnOlderSegmentAreNoticed) {
  TestStore test;
  ASSERT_OK(test.open());
  append_numbered(test, 0, 2);
  const std::size_t cut = test.files.read_all(kSegment)->size();
  append_numbered(test, 2, 3);
  for (const bool missing : {false, true}) {
    TestStore copy;
    ASSERT_OK(copy.open());
    append_numbered(copy, 0, 3);
    ASSERT_OK(copy.open());  // goes on in a new segment
    append_numbered(copy, 3, 4);
    copy.store.reset();
    ASSERT_OK(missing ? copy.files.remove(kSegment) : copy.files.truncate(kSegment, cut));
    ASSERT_OK(copy.open());
    ASSERT_THAT(copy.store->recovery_messages(), SizeIs(1));
    EXPECT_THAT(copy.store->recovery_messages()[0], HasSubstr(kSegment));
    EXPECT_THAT(lines(copy), SizeIs(missing ? 1 : 3));
    ASSERT_OK(copy.open());
    EXPECT_THAT(copy.store->recovery_messages(), IsEmpty());
  }
}

TEST(Wal, ADamagedRecordLosesOnlyItself) {
  TestStore test;
  ASSERT_OK(test.open());
  append_numbered(test, 0, 1);
  const std::size_t second = test.files.read_all(kSegment)->size();
  append_numbered(test, 1, 3);
  test.store.reset();
  test.files.corrupt(kSegment, second + kFrameHeaderBytes + 3, 0x40);
  auto report = check_directory(test.files, "data");
  ASSERT_OK(report);
  EXPECT_FALSE(report->ok);

  ASSERT_OK(test.open());
  EXPECT_THAT(lines(test), ElementsAre("row 0", "row 2"));
  ASSERT_THAT(test.store->recovery_messages(), SizeIs(1));
  EXPECT_THAT(test.store->recovery_messages()[0], HasSubstr("damaged bytes at"));
  EXPECT_TRUE(test.files.exists(kSegment + ".damaged")) << "for whoever wants to look";
  EXPECT_FALSE(test.files.exists(kSegment));
  append_numbered(test, 5, 6);
  ASSERT_OK(test.open());
  EXPECT_THAT(test.store->recovery_messages(), IsEmpty());
  EXPECT_THAT(lines(test), ElementsAre("row 0", "row 2", "row 5"));
}

TEST(Wal, AnOlderSegmentThatEndsEarlyIsDamage) {
  TestStore test;
  ASSERT_OK(test.open());
  append_numbered(test, 0, 3);
  ASSERT_OK(test.open());  // goes on in a new segment
  append_numbered(test, 3, 4);
  test.store.reset();
  const std::string whole = *test.files.read_all(kSegment);
  test.files.write_durable(kSegment, whole.substr(0, whole.size() - 2));
  ASSERT_OK(test.open());
  EXPECT_THAT(lines(test), ElementsAre("row 0", "row 1", "row 3"));
  ASSERT_FALSE(test.store->recovery_messages().empty());
  EXPECT_TRUE(test.files.exists(kSegment + ".damaged"));
}

TEST(Wal, ABadHeaderPutsTheSegmentAside) {
  TestStore test;
  ASSERT_OK(test.open());
  append_numbered(test, 0, 3);
  test.store.reset();
  test.files.corrupt(kSegment, 17, 1);  // the salt
  ASSERT_OK(test.open());
  EXPECT_THAT(lines(test), IsEmpty());
  ASSERT_THAT(test.store->recovery_messages(), SizeIs(1));
  EXPECT_THAT(test.store->recovery_messages()[0], HasSubstr("checksum of the header"));
  append_numbered(test, 5, 6);
  ASSERT_OK(test.open());
  EXPECT_THAT(lines(test), ElementsAre("row 5"));
}

TEST(Check, ReportsEveryFile) {
  TestStore test;
  EXPECT_EQ(check_directory(test.files, "data").error().code, Code::kNotFound);
  ASSERT_OK(test.open());
  append_numbered(test, 0, 3);
  ASSERT_OK(test.store->flush());
  append_numbered(test, 3, 5);
  const std::string part = only_part(test);
  auto report = check_directory(test.files, "data");
  ASSERT_OK(report);
  EXPECT_TRUE(report->ok);
  std::map<std::string, std::string> messages;
  for (const CheckReport::Entry& entry : report->files) messages[entry.file] = entry.message;
  EXPECT_EQ(messages["data/FORMAT"], "ok");
  EXPECT_EQ(messages["data/LOCK"], "ok");
  EXPECT_EQ(messages["data/manifest"], "ok, 1 parts");
  EXPECT_EQ(messages[part], "ok, 3 rows");
  EXPECT_EQ(messages["data/wal/0000000002.wal"], "ok, 2 rows");
  EXPECT_EQ(messages.size(), 5u);

  const std::uint64_t size = test.files.read_all(part)->size();
  for (std::uint64_t at = 0; at < size; ++at) {
    test.files.corrupt(part, at, 0x20);
    auto damaged = check_directory(test.files, "data");
    ASSERT_OK(damaged);
    EXPECT_FALSE(damaged->ok) << "byte " << at << " of " << size << " is not looked at";
    test.files.corrupt(part, at, 0x20);
  }
}

}  // namespace
}  // namespace trilobite::storage
