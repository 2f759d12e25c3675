// Metadata survives a restart, and a damaged file costs nothing but itself.
#include "ingest/metric_metadata.h"

#include <gtest/gtest.h>

#include "base/simulated_file_system.h"

namespace trilobite::ingest {
namespace {

TEST(MetadataTable, ComesBackAfterARestart) {
  SimulatedFileSystem files;
  {
    auto table = MetadataTable::open(files, "/data/metadata").value();
    table->add("fake", {{"up", "gauge", "Whether it is up.", ""}, {"b_total", "counter", "", "b"}}, 10);
    ASSERT_TRUE(table->save().ok());
    table->add("fake", {{"lost", "gauge", "", ""}}, 10);
  }
  auto table = MetadataTable::open(files, "/data/metadata").value();
  EXPECT_EQ(table->list("fake"), (std::vector<MetricMetadata>{{"b_total", "counter", "", "b"},
                                                              {"up", "gauge", "Whether it is up.", ""}}));
}

TEST(MetadataTable, LongTextsAreCutBetweenCodePoints) {
  MetadataTable table;
  std::string help(1023, 'x');
  help += "\xC3\xA9";
  table.add("t", {{"a", "gauge", help, ""}, {"", "gauge", "", ""}}, 10);
  EXPECT_EQ(table.find("t", "a").help, std::string(1023, 'x'));
  EXPECT_EQ(table.list("t").size(), 1u);
}

TEST(MetadataTable, DamagedFilesArePutAside) {
  for (const std::string content : {"", "TRLBMD01", "TRLBMD01aaaaaaaaaaaa", "something else that is long enough"}) {
    SimulatedFileSystem files;
    ASSERT_TRUE(files.make_directories("/m").ok());
    ASSERT_TRUE(write_file_atomically(files, "/m/fake.metadata", content).ok());
    auto table = MetadataTable::open(files, "/m");
    ASSERT_TRUE(table.ok()) << content;
    EXPECT_TRUE((*table)->list("fake").empty());
    EXPECT_TRUE(files.exists("/m/fake.metadata.damaged"));
  }
}

}  // namespace
}  // namespace trilobite::ingest
