#include "base/json_writer.h"

#include <gtest/gtest.h>

#include <limits>

namespace trilobite {
namespace {

TEST(JsonWriter, PutsCommasAndNests) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("a").begin_array().number(std::int64_t{-1}).string("x").null().end_array();
  json.key("b").begin_object().end_object().key("c").boolean(true).key("d").raw("[1]").end_object();
  EXPECT_EQ(out, R"({"a":[-1,"x",null],"b":{},"c":true,"d":[1]})");
}

TEST(JsonWriter, NumbersThatJsonDoesNotHaveBecomeNull) {
  std::string out;
  JsonWriter json(out);
  json.begin_array().number(std::numeric_limits<double>::quiet_NaN()).number(std::numeric_limits<double>::infinity());
  json.number(0.1).number(std::numeric_limits<std::uint64_t>::max()).end_array();
  EXPECT_EQ(out, "[null,null,0.1,18446744073709551615]");
}

struct Case {
  const char* name;
  std::string in, want;
};

TEST(JsonWriter, StringsAreAlwaysValidJson) {
  const Case cases[] = {
      {"plain", "abc", "\"abc\""},
      {"quotes", "a\"b\\c", "\"a\\\"b\\\\c\""},
      {"control", std::string("\0\n\t\x1f", 4), "\"\\u0000\\n\\t\\u001f\""},
      {"two bytes", "\xC3\xA4", "\"\xC3\xA4\""},
      {"three bytes", "\xE6\x97\xA5", "\"\xE6\x97\xA5\""},
      {"four bytes", "\xF0\x9F\xA6\x90", "\"\xF0\x9F\xA6\x90\""},
      {"cut", "\xE6\x97", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"overlong", "\xC0\xAF", "\"\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"surrogate", "\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
      {"beyond", "\xF4\x90\x80\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""},
  };
  for (const Case& c : cases) {
    std::string out;
    append_json_string(out, c.in);
    EXPECT_EQ(out, c.want) << c.name;
  }
}

}  // namespace
}  // namespace trilobite
