// A data directory read without a server: the same rows as the engine serves, and not a byte changed.
#include "storage/read_only_store.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "storage/test_rows.h"

namespace trilobite::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kSegment = "data/wal/0000000001.wal";

TEST(ReadOnlyStore, ShowsPartsAndWhatIsInTheWalOnly) {
  TestStore test;
  ASSERT_OK(test.open());
  ASSERT_OK(test.append({{"a=b", kTestTime, "in a part"}, {"a=c", kTestTime + 1, "too"}}));
  ASSERT_OK(test.store->flush());
  ASSERT_OK(test.append({{"a=b", kTestTime + 2, "in the WAL"}}, Hash128{1, 2}));
  ASSERT_OK(test.append({{"a=b", kTestTime + 2, "in the WAL"}}, Hash128{1, 2}));  // a repeat
  const std::vector<TestRow> want = read_rows(*test.store, make_scan());
  ASSERT_EQ(want.size(), 3u);
  test.store.reset();  // as after kill -9: nothing is flushed

  const std::uint64_t operations = test.files.operations();
  auto store = ReadOnlyStore::open(test.files, "data");
  ASSERT_OK(store);
  EXPECT_EQ(read_rows(**store, make_scan()), want);
  EXPECT_THAT((*store)->messages(), IsEmpty());
  EXPECT_EQ((*store)->statistics().rows_stored, 3u);
  const auto values = (*store)->label_values({"t", Signal::kLogs, kAlways, {}}, "a");
  ASSERT_OK(values);
  EXPECT_THAT(*values, ElementsAre("b", "c"));
  EXPECT_LE(test.files.operations(), operations + 1);  // the lock file at most
}

TEST(ReadOnlyStore, RefusesToWrite) {
  TestStore test;
  ASSERT_OK(test.open());
  test.store.reset();
  auto store = ReadOnlyStore::open(test.files, "data");
  ASSERT_OK(store);
  EXPECT_EQ((*store)->append("t", Signal::kLogs, make_batch({{"a=b", 1, "x"}}), {}).error().code, Code::kUnavailable);
  EXPECT_EQ((*store)->flush().error().code, Code::kUnavailable);
}

TEST(ReadOnlyStore, TheLockIsHeldEitherWay) {
  TestStore test;
  ASSERT_OK(test.open());
  const auto refused = ReadOnlyStore::open(test.files, "data");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::kExists);
  test.store.reset();
  auto store = ReadOnlyStore::open(test.files, "data");
  ASSERT_OK(store);
  EXPECT_EQ(test.open().error().code, Code::kExists);
  store->reset();
  ASSERT_OK(test.open());
}

TEST(ReadOnlyStore, SaysWhatIsWrongWithAFolder) {
  TestStore test;
  EXPECT_EQ(ReadOnlyStore::open(test.files, "nowhere").error().code, Code::kNotFound);
  ASSERT_OK(test.open());
  ASSERT_OK(test.append({{"a=b", kTestTime, "x"}}));
  test.store.reset();
  test.files.write_durable("data/FORMAT", "trilobite 2\n");
  EXPECT_EQ(ReadOnlyStore::open(test.files, "data").error().code, Code::kUnsupported);
  test.files.write_durable("data/FORMAT", "trilobite 1\n");
  ASSERT_OK(test.files.remove("data/manifest"));
  const auto missing = ReadOnlyStore::open(test.files, "data");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, Code::kCorrupt);
  EXPECT_THAT(missing.error().message, HasSubstr("manifest is missing"));
}

TEST(ReadOnlyStore, ADamagedSegmentIsNamedAndTheRestServed) {
  TestStore test;
  ASSERT_OK(test.open());
  for (int i = 0; i < 3; ++i) ASSERT_OK(test.append({{"a=b", kTestTime + i, fmt::format("row {}", i)}}));
  test.store.reset();
  test.files.corrupt(kSegment, 60, 0x10);  // in the first frame
  auto store = ReadOnlyStore::open(test.files, "data");
  ASSERT_OK(store);
  EXPECT_EQ(read_rows(**store, make_scan()).size(), 2u);
  ASSERT_EQ((*store)->messages().size(), 1u);
  EXPECT_THAT((*store)->messages()[0], HasSubstr(kSegment));
}

}  // namespace
}  // namespace trilobite::storage
