// Targets of requests: path, segments and query, decoded in the right order.
#include "server/request_target.h"

#include <gtest/gtest.h>

namespace trilobite::server {
namespace {

using Segments = std::vector<std::string>;

struct Case {
  const char* target;
  const char* path;
  Segments segments;
  http::Parameters query;
};

TEST(RequestTarget, SplitsThenDecodes) {
  const Case cases[] = {
      {"/", "/", {""}, {}},
      {"/a/b", "/a/b", {"a", "b"}, {}},
      {"/a/b/", "/a/b/", {"a", "b", ""}, {}},
      {"//a", "//a", {"", "a"}, {}},
      {"/rules/a%2Fb/c%20d", "/rules/a/b/c d", {"rules", "a/b", "c d"}, {}},
      {"/label/U__a_2e_b/values", "/label/U__a_2e_b/values", {"label", "U__a_2e_b", "values"}, {}},
      {"/a%252Fb", "/a%2Fb", {"a%2Fb"}, {}},  // decoded once
      {"/a%3Fb?x=1%2B1+2&y", "/a?b", {"a?b"}, {{"x", "1+1 2"}, {"y", ""}}},
      {"/a+b", "/a+b", {"a+b"}, {}},
      {"http://host:1/a%2fb?q=%2F", "/a/b", {"a/b"}, {{"q", "/"}}},
      {"http://host", "/", {""}, {}},
      {"/a#b/c", "/a", {"a"}, {}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.target);
    http::Request request;
    ASSERT_TRUE(parse_target(c.target, request).ok());
    EXPECT_EQ(request.path, c.path);
    EXPECT_EQ(request.segments, c.segments);
    EXPECT_EQ(request.query, c.query);
  }
}

TEST(RequestTarget, RefusesWhatIsBroken) {
  for (const char* target : {"", "a", "*", "/a%", "/a%2", "/%zz", "/a?b=%g1"}) {
    SCOPED_TRACE(target);
    http::Request request;
    EXPECT_FALSE(parse_target(target, request).ok());
  }
}

}  // namespace
}  // namespace trilobite::server
