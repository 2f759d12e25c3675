// The store as its users see it: rows come back as they went in, at once, after a flush, after a merge, after a restart.
#include <gmock/gmock.h>

#include "storage/test_rows.h"

namespace trilobite::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::vector<TestRow> kRows{
    {"app=db", kTestTime + 5, "start", ""},
    {"app=web,host=a", kTestTime + 1, "GET /", "metadata"},
    {"app=web,host=a", kTestTime + 2, "GET /x", ""},
    {"app=web,host=b", kTestTime + 2, "GET /", "metadata"},
};

TEST(Store, RowsAreVisibleAtOnceAfterAFlushAndAfterARestart) {
  TestStore test;
  ASSERT_OK(test.open());
  ASSERT_OK(test.append(kRows));
  EXPECT_THAT(read_rows(*test.store, make_scan()), ElementsAreArray(kRows));
  ASSERT_OK(test.open());
  EXPECT_THAT(read_rows(*test.store, make_scan()), ElementsAreArray(kRows)) << "from the WAL";
  ASSERT_OK(test.store->flush());
  EXPECT_THAT(read_rows(*test.store, make_scan()), ElementsAreArray(kRows)) << "from a part";
  EXPECT_EQ(test.store->statistics().parts, 1u);
  ASSERT_OK(test.open());
  EXPECT_THAT(read_rows(*test.store, make_scan()), ElementsAreArray(kRows)) << "from a part after a restart";
  EXPECT_EQ(test.store->statistics().rows_stored, kRows.size());
  EXPECT_THAT(test.store->recovery_messages(), IsEmpty());
}

}  // namespace
}  // namespace trilobite::storage
