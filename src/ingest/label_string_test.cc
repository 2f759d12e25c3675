// The text form of label sets: what is accepted, and the words of refusals.
#include "ingest/label_string.h"

#include <gtest/gtest.h>

namespace trilobite::ingest {
namespace {

TEST(LabelString, Accepted) {
  struct Case {
    std::string_view text, want;
  };
  const Case cases[] = {
      {R"({})", R"({})"},
      {R"( { } )", R"({})"},
      {R"({a="b"})", R"({a="b"})"},
      {R"({b="2",a="1",})", R"({a="1", b="2"})"},
      {R"({ a = 'x"y' , _b1=`raw\n` })", R"({_b1="raw\\n", a="x\"y"})"},
      {R"({a="\n\t\x41\101é\U0001F600\\\""})", "{a=\"\\n\\tAA\xC3\xA9\xF0\x9F\x98\x80\\\\\\\"\"}"},
      {R"({a="",b="c"})", R"({b="c"})"},
      {R"(up{a="b"})", R"({__name__="up", a="b"})"},
  };
  for (const Case& c : cases) {
    const auto set = parse_label_string(c.text);
    ASSERT_TRUE(set.ok()) << c.text << ": " << set.error().message;
    EXPECT_EQ(set->to_string(), c.want) << c.text;
  }
}

TEST(LabelString, Refused) {
  struct Case {
    std::string_view text, want;
  };
  const Case cases[] = {
      {R"({a-b="x"})", "1:3: parse error: unexpected character inside braces: '-'"},
      {R"({9="x"})", "1:2: parse error: unexpected character inside braces: '9'"},
      {R"({a="x")", "1:7: parse error: unexpected end of input inside braces"},
      {R"({a="x)", "1:6: parse error: unterminated quoted string"},
      {R"({a="x" b="y"})", "1:8: parse error: unexpected character inside braces: 'b'"},
      {R"({a=x})", "1:4: parse error: unexpected character inside braces: 'x'"},
      {R"({a="\q"})", "1:7: parse error: unknown escape sequence 'q'"},
      {R"({a="\ud800"})", "1:11: parse error: escape is no Unicode code point"},
      {R"({a="b"}x)", "1:8: parse error: unexpected character: 'x'"},
      {R"({,})", "1:2: parse error: unexpected character inside braces: ','"},
      {"", "1:1: parse error: unexpected end of input"},
      {R"({a="1",a="2"})", R"(stream '{a="1",a="2"}' has duplicate label name: 'a')"},
  };
  for (const Case& c : cases) {
    const auto set = parse_label_string(c.text);
    ASSERT_FALSE(set.ok()) << c.text;
    EXPECT_EQ(set.error().message, c.want) << c.text;
  }
}

TEST(LabelCache, GivesTheSameSetAndStaysBounded) {
  LabelCache cache(2000);
  const auto first = cache.get(R"({a="1"})");
  EXPECT_EQ(first->get(), cache.get(R"({a="1"})")->get());
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(cache.get(fmt::format("{{a=\"{}\"}}", i)).ok());
  EXPECT_EQ(**first, **cache.get(R"({a="1"})"));
  EXPECT_FALSE(cache.get("{").ok());
}

}  // namespace
}  // namespace trilobite::ingest
