// Answers as Loki and Trilobite give them are read; anything else is an error that says what is wrong.
#include "cli/log_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trilobite::cli {
namespace {

using ::testing::HasSubstr;

std::string query_answer(std::string_view type, std::string_view result) {
  return fmt::format(R"({{"status":"success","data":{{"resultType":"{}","result":{},"stats":{{"summary":{{)"
                     R"("totalBytesProcessed":10,"totalLinesProcessed":2,"execTime":0.5}}}}}}}})",
                     type, result);
}

TEST(QueryAnswer, ReadsStreamsWithAndWithoutCategories) {
  const auto answer = parse_query_answer(query_answer("streams", R"([
      {"stream":{"b":"2","a":"1"},"values":[["17","x"],["18","y",{"structuredMetadata":{"t":"1"}}]]},
      {"stream":{},"values":[]}])"));
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  ASSERT_EQ(answer->entries.size(), 2u);
  EXPECT_EQ(answer->entries[1].time, 18);
  EXPECT_EQ(answer->entries[1].line, "y");
  EXPECT_EQ(to_string(*answer->entries[0].labels), R"({a="1", b="2"})");
  EXPECT_EQ(answer->bytes, 10u);
  EXPECT_EQ(answer->lines, 2u);
  EXPECT_DOUBLE_EQ(answer->seconds, 0.5);
  EXPECT_EQ(answer->cursor, "");
  EXPECT_FALSE(answer->truncated);
  EXPECT_FALSE(answer->lines_more);
}

TEST(QueryAnswer, ReadsWhatTrilobiteSaysBesides) {
  const auto answer = parse_query_answer(
      R"({"data":{"resultType":"streams","result":[],"truncated":true,"rowsMore":7,"cursor":"b1.1.0","ordered":true}})");
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_TRUE(answer->truncated);
  EXPECT_EQ(answer->lines_more, 7u);
  EXPECT_EQ(answer->cursor, "b1.1.0");
  EXPECT_TRUE(answer->ordered);
}

TEST(QueryAnswer, ReadsNumbers) {
  const auto matrix = parse_query_answer(
      query_answer("matrix", R"([{"metric":{"a":"1"},"values":[[1768435200,"1"],[1768435200.5,"NaN"]]}])"));
  ASSERT_TRUE(matrix.ok()) << matrix.error().message;
  EXPECT_EQ(matrix->series[0].samples[1].time, 1'768'435'200'500'000'000);
  EXPECT_EQ(matrix->series[0].samples[1].value, "NaN");
  const auto scalar = parse_query_answer(query_answer("scalar", R"([1768435200,"2"])"));
  ASSERT_TRUE(scalar.ok()) << scalar.error().message;
  EXPECT_EQ(scalar->series[0].samples[0].value, "2");
  const auto none = parse_query_answer(query_answer("vector", "null"));
  ASSERT_TRUE(none.ok()) << none.error().message;
  EXPECT_TRUE(none->series.empty());
}

TEST(QueryAnswer, ReadsNativeHistogramsAndRemarks) {
  const auto matrix = parse_query_answer(
      R"({"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"1"},)"
      R"("values":[[2,"7"]],"histograms":[[1,{"count":"3","sum":"4.5",)"
      R"("buckets":[[0,"0.5","1","2"],[3,"-1","1","1"]]}],)"
      R"([3,{"count":"0","sum":"0"}]]}]},"warnings":["w"],"infos":["i","j"]})");
  ASSERT_TRUE(matrix.ok()) << matrix.error().message;
  ASSERT_EQ(matrix->series[0].samples.size(), 3u);
  EXPECT_EQ(matrix->series[0].samples[0].value, "{count:3, sum:4.5, (0.5,1]:2, [-1,1]:1}");
  EXPECT_EQ(matrix->series[0].samples[1].value, "7");
  EXPECT_EQ(matrix->series[0].samples[2].value, "{count:0, sum:0}");
  EXPECT_EQ(matrix->warnings, std::vector<std::string>{"w"});
  EXPECT_EQ(matrix->infos.size(), 2u);
  const auto vector = parse_query_answer(
      R"({"data":{"resultType":"vector","result":[{"metric":{},"histogram":[1,{"count":"1","sum":"2"}]}]}})");
  ASSERT_TRUE(vector.ok()) << vector.error().message;
  EXPECT_EQ(vector->series[0].samples[0].value, "{count:1, sum:2}");
  const auto text = parse_query_answer(R"({"data":{"resultType":"string","result":[1,"hello"]}})");
  ASSERT_TRUE(text.ok()) << text.error().message;
  EXPECT_EQ(text->series[0].samples[0].value, "hello");
  for (const char* wrong : {R"([1,{"sum":"2"}])", R"([1,5])", R"(["x",{"count":"1","sum":"2"}])",
                            R"([1,{"count":"1","sum":"2","buckets":[[9,"a","b","c"]]}])"}) {
    EXPECT_FALSE(
        parse_query_answer(
            fmt::format(R"({{"data":{{"resultType":"vector","result":[{{"metric":{{}},"histogram":{}}}]}}}})", wrong))
            .ok())
        << wrong;
  }
}

TEST(QueryAnswer, RefusesWhatIsNotAsExpected) {
  const std::string cases[] = {
      "",
      "[]",
      "{}",
      "<html>",
      R"({"data":{"resultType":"streams"}})",
      query_answer("histogram", "[]"),
      query_answer("streams", "{}"),
      query_answer("streams", R"([{"stream":{"a":1},"values":[]}])"),
      query_answer("streams", R"([{"stream":{},"values":[["x","y"]]}])"),
      query_answer("streams", R"([{"stream":{},"values":[["1"]]}])"),
      query_answer("streams", R"([{"stream":{},"values":[[1,"y"]]}])"),
      query_answer("matrix", R"([{"metric":{},"values":[[1e300,"1"]]}])"),
      query_answer("vector", R"([{"metric":{},"value":[1]}])"),
      query_answer("vector", R"([{"metric":{},"value":[1,2]}])"),
  };
  for (const std::string& json : cases) {
    const auto answer = parse_query_answer(json);
    ASSERT_FALSE(answer.ok()) << json;
    EXPECT_THAT(answer.error().message, HasSubstr("the answer cannot be read")) << json;
  }
}

TEST(TailFrame, ReadsLinesAndWhatWasLeftOut) {
  const auto frame = parse_tail_frame(
      R"({"streams":[{"stream":{"a":"1"},"values":[["5","x"]]}],"dropped_entries":[{"labels":{},"timestamp":"1"}]})");
  ASSERT_TRUE(frame.ok()) << frame.error().message;
  EXPECT_EQ(frame->entries.size(), 1u);
  EXPECT_EQ(frame->dropped, 1u);
  EXPECT_FALSE(parse_tail_frame("{\"streams\":[{}]}").ok());
}

TEST(IndexAnswers, ReadListsSeriesAndStatistics) {
  EXPECT_EQ(*parse_list_answer(R"({"status":"success"})"), std::vector<std::string>());
  EXPECT_EQ(*parse_list_answer(R"({"data":["b","a"]})"), (std::vector<std::string>{"b", "a"}));
  EXPECT_FALSE(parse_list_answer(R"({"data":[1]})").ok());
  EXPECT_EQ(to_string(parse_series_answer(R"({"data":[{"b":"x","a":"\"q\""}]})")->at(0)), R"({a="\"q\"", b="x"})");
  EXPECT_EQ(parse_statistics_answer(R"({"streams":1,"chunks":2,"bytes":3,"entries":4})")->entries, 4u);
  EXPECT_FALSE(parse_statistics_answer("[]").ok());
  EXPECT_EQ(*parse_estimate_answer(R"({"data":{"streams":1,"rows":2,"bytes":3}})"), 3u);
  EXPECT_FALSE(parse_estimate_answer(R"({"data":{"bytes":"3"}})").ok());
  EXPECT_FALSE(parse_estimate_answer("404 page not found").ok());
}

}  // namespace
}  // namespace trilobite::cli
