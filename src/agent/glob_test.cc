// Which paths a pattern means, and where a walk may stop.
#include "agent/glob.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace trilobite::agent {
namespace {

using ::testing::ElementsAre;

struct Case {
  std::string_view pattern, path;
  bool want;
};

TEST(Glob, Matches) {
  const Case cases[] = {
      {"/var/log/*.log", "/var/log/a.log", true},
      {"/var/log/*.log", "/var/log/.log", true},
      {"/var/log/*.log", "/var/log/x/a.log", false},
      {"/var/log/*.log", "/var/log/a.log.1", false},
      {"/var/log/**/*.log", "/var/log/a.log", true},
      {"/var/log/**/*.log", "/var/log/x/y/a.log", true},
      {"/var/log/**/*.log", "/var/logs/a.log", false},
      {"/var/**", "/var/a/b/c", true},
      {"/**/nginx/*.log", "/var/log/nginx/a.log", true},
      {"/**/nginx/*.log", "/var/log/a.log", false},
      {"/a?c", "/abc", true},
      {"/a?c", "/ac", false},
      {"/a?c", "/a/c", false},
      {"/[a-c]x", "/bx", true},
      {"/[a-c]x", "/dx", false},
      {"/[^a-c]x", "/dx", true},
      {"/[!a-c]x", "/ax", false},
      {"/[]]x", "/]x", true},
      {"/[a\\-c]x", "/-x", true},
      {"/{a,b}.log", "/b.log", true},
      {"/{a,b}.log", "/c.log", false},
      {"/{a,b{1,2}}/x", "/b2/x", true},
      {"/{a,b{1,2}}/x", "/b/x", false},
      {"/{,x}a", "/a", true},
      {"/a\\*b", "/a*b", true},
      {"/a\\*b", "/axb", false},
      {"/a*b*c", "/aXbYbZc", true},
      {"/a*b*c", "/aXbYbZ", false},
      {"/var//log/./a", "/var/log/a", true},
      {"relative/*.log", "relative/a.log", true},
      {"/var/log/pods/*_{a,b}_*/*/*.log", "/var/log/pods/ns_b_1/c/0.log", true},
  };
  for (const Case& each : cases) {
    auto glob = Glob::parse(each.pattern);
    ASSERT_TRUE(glob.ok()) << each.pattern << ": " << glob.error().message;
    EXPECT_EQ(glob->matches(each.path), each.want) << each.pattern << " on " << each.path;
  }
}

TEST(Glob, RefusesWhatIsNotClosed) {
  for (const std::string_view pattern : {"", "/a[b", "/a{b", "/a\\", "/[a/b]", "/{a,{b}"}) {
    EXPECT_FALSE(Glob::parse(pattern).ok()) << pattern;
  }
  std::string many = "/";
  for (int i = 0; i < 12; ++i) many += "{a,b}";
  EXPECT_EQ(Glob::parse(many).error().code, Code::kLimit);
}

TEST(Glob, KnowsWhereAMatchIsPossible) {
  struct Below {
    std::string_view pattern, folder;
    bool want;
  };
  const Below cases[] = {
      {"/var/log/*.log", "/", true},
      {"/var/log/*.log", "/var", true},
      {"/var/log/*.log", "/var/log", true},
      {"/var/log/*.log", "/var/log/x", false},
      {"/var/log/**/*.log", "/var/log/x/y", true},
      {"/var/{a,b}/*", "/var/c", false},
      {"/var/{a,b}/*", "/var/b", true},
  };
  for (const Below& each : cases) {
    EXPECT_EQ(Glob::parse(each.pattern)->may_match_below(each.folder), each.want)
        << each.pattern << " in " << each.folder;
  }
}

TEST(Glob, RootsAreTheFoldersWithoutWildcards) {
  EXPECT_THAT(Glob::parse("/var/log/**/*.log")->roots(), ElementsAre("/var/log"));
  EXPECT_THAT(Glob::parse("/var/{log,tmp}/*.log")->roots(), ElementsAre("/var/log", "/var/tmp"));
  EXPECT_THAT(Glob::parse("/*.log")->roots(), ElementsAre("/"));
  EXPECT_THAT(Glob::parse("/a.log")->roots(), ElementsAre("/"));
  EXPECT_THAT(Glob::parse("*.log")->roots(), ElementsAre("."));
  EXPECT_THAT(Glob::parse("/var/log/a.log")->roots(), ElementsAre("/var/log"));
}

}  // namespace
}  // namespace trilobite::agent
