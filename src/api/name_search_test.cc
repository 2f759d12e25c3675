// Which names a search finds and in which order: the scores of both ways to be alike.
#include "api/name_search.h"

#include <gtest/gtest.h>

namespace trilobite::api {
namespace {

TEST(NameSearch, SubsequencesScoreByRunsAndGaps) {
  const struct {
    std::u32string_view term, name;
    double want;
  } kCases[] = {
      {U"", U"anything", 1},
      {U"up", U"up", 1},
      {U"abc", U"", 0},
      {U"abc", U"ab", 0},
      {U"abc", U"acb", 0},
      {U"ab", U"xab", (4 - 1.0 / 3) / 4},                         // a gap before
      {U"ab", U"abxx", (4 - 2.0 / 4 / 2) / 4},                    // half as much behind
      {U"ab", U"axb", (1 + 1 - 1.0 / 3) / 4},                     // two runs of one
      {U"ab", U"axab", (4 - 2.0 / 4) / 4},                        // the second begin is the better one
      {U"éa", U"xéa", (4 - 1.0 / 3) / 4},
  };
  for (const auto& [term, name, want] : kCases) EXPECT_DOUBLE_EQ(subsequence_score(term, name), want) << want;
}

TEST(NameSearch, JaroAndWinkler) {
  EXPECT_NEAR(jaro_winkler_score(U"martha", U"marhta"), 0.9611, 1e-4);
  EXPECT_NEAR(jaro_winkler_score(U"dixon", U"dicksonx"), 0.8133, 1e-4);
  EXPECT_NEAR(jaro_winkler_score(U"dwayne", U"duane"), 0.84, 1e-4);
  EXPECT_EQ(jaro_winkler_score(U"abc", U"xyz"), 0);
  EXPECT_EQ(jaro_winkler_score(U"", U"x"), 0);
  EXPECT_EQ(jaro_winkler_score(U"", U""), 1);
  EXPECT_EQ(jaro_winkler_score(U"a", U"a"), 1);
}

TEST(NameSearch, FindsNames) {
  const struct {
    std::vector<std::string_view> terms;
    NameSearchOptions options;
    std::string_view name;
    std::optional<double> want;
  } kCases[] = {
      {{}, {}, "up", 1},
      {{""}, {}, "up", 1},
      {{"http"}, {}, "http_requests_total", 1},
      {{"HTTP"}, {}, "http_requests_total", std::nullopt},
      {{"HTTP"}, {.case_sensitive = false}, "http_Requests_total", 1},
      {{"none", "up"}, {}, "up", 1},
      {{"xab"}, {}, "ab", std::nullopt},
      {{"ab"}, {.threshold = 0.95}, "xab", std::nullopt},
      {{"requests"}, {.match = FuzzyMatch::kJaroWinkler}, "http_requests", 0.9},
      {{"rquests"}, {.match = FuzzyMatch::kJaroWinkler}, "requests", std::nullopt},
      {{"martha"}, {.match = FuzzyMatch::kJaroWinkler, .threshold = 0.97}, "marhta", std::nullopt},
      {{"\xff"}, {}, "\xff", 1},
  };
  for (const auto& [terms, options, name, want] : kCases) {
    SCOPED_TRACE(std::string(name));
    EXPECT_EQ(NameSearch(terms, options).score(name), want);
  }
  NameSearch alike({"rquests"}, {.match = FuzzyMatch::kJaroWinkler, .threshold = 0.9});
  EXPECT_GT(alike.score("requests").value_or(0), 0.9);
  EXPECT_EQ(alike.score("up"), std::nullopt);
}

}  // namespace
}  // namespace trilobite::api
