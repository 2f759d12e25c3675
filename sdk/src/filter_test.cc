#include "filter.h"

#include <gtest/gtest.h>

namespace trilobite::log {
namespace {

TEST(FilterTest, DirectivesMeanWhatTheSpecificationSays) {
  struct Case {
    std::string_view piece;
    std::string_view want;  // as printed; "!" and a part of the reason for invalid ones
  };
  const Case cases[] = {
      {"debug", "debug"},
      {"DEBUG", "debug"},
      {"Off", "off"},
      {"0", "off"},
      {"1", "error"},
      {"5", "trace"},
      {"my_mod", "my_mod=trace"},
      {"warning", "warning=trace"},  // no level, so a target
      {"6", "6=trace"},
      {"my_mod=warn", "my_mod=warn"},
      {"my_mod=WARN", "my_mod=warn"},
      {"my_mod=4", "my_mod=debug"},
      {"my_mod=", "my_mod=trace"},
      {"dynamo_runtime::x:trace", "dynamo_runtime::x:trace=trace"},  // the colon form is a target
      {"-x", "-x=trace"},
      {"::x=info", "::x=info"},
      {"_x=info", "_x=info"},
      {"[span]=debug", "[span]=debug"},
      {"[span]", "[span]=trace"},
      {"[span]=", "[span]=trace"},
      {"my_mod[span{id}]=trace", "my_mod[span{id}]=trace"},
      {"[{id=\"7\"}]=info", "[{id=\"7\"}]=info"},
      {"[{id=7,user}]=info", "[{id=\"7\",user}]=info"},
      {" my_mod = warn ", "my_mod=warn"},
      {"my_mod=loud", "!no such level `loud`"},
      {"my_mod=warning", "!no such level `warning`"},
      {"my_mod=6", "!no such level `6`"},
      {"a=b=info", "!no such level `b=info`"},
      {"=info", "!starts with"},
      {"*=info", "!starts with"},
      {"", "!nothing"},
      {"[span=debug", "!closing `]`"},
      {"[span{id=debug", "!closing `}`"},
      {"[span{id}=debug", "!closing `]`"},
      {"[span{}]=debug", "!without a name"},
      {"[span]debug", "!unexpected `debug`"},
      {"a,b", "!unexpected `,b`"},
  };
  for (const Case& c : cases) {
    auto directive = parse_directive(c.piece);
    if (c.want.starts_with('!')) {
      ASSERT_FALSE(directive.ok()) << c.piece;
      EXPECT_NE(directive.error().find(c.want.substr(1)), std::string::npos) << c.piece << ": " << directive.error();
    } else {
      ASSERT_TRUE(directive.ok()) << c.piece << ": " << directive.error();
      EXPECT_EQ(to_text(*directive), c.want) << c.piece;
    }
  }
}

TEST(FilterTest, TheMostSpecificDirectiveDecides) {
  struct Case {
    std::string_view directives;
    std::string_view target;
    Level want;
  };
  const Case cases[] = {
      {"info", "anything", Level::kInfo},
      {"", "anything", Level::kOff},
      {"my_mod=debug", "other", Level::kOff},
      {"my_mod=debug", "my_mod", Level::kDebug},
      {"h2=error", "h2x", Level::kError},  // a plain prefix
      {"h2=error", "h", Level::kOff},
      {"info,shop=warn,shop::pay=trace", "shop::pay::card", Level::kTrace},
      {"shop::pay=trace,info,shop=warn", "shop::pay", Level::kTrace},  // in any order
      {"info,shop=warn,shop::pay=trace", "shop::cart", Level::kWarn},
      {"info,shop=off", "shop", Level::kOff},
      {"shop=warn,shop=debug", "shop", Level::kDebug},  // the later of equals
      {"info, shop = debug ,, ", "shop", Level::kDebug},
      {"info,shop[pay]=trace,[{id}]=trace", "shop", Level::kInfo},          // needs a span
      {"warn,[pay{id=\"1\",user}]=trace,shop=info", "shop", Level::kInfo},  // the comma in braces separates fields
  };
  for (const Case& c : cases) {
    Filter filter;
    EXPECT_EQ(filter.add_all(c.directives), std::vector<std::string>{}) << c.directives;
    EXPECT_EQ(filter.level_for(c.target), c.want) << c.directives << " for " << c.target;
    Filter again;  // what a filter prints means the same
    EXPECT_TRUE(again.add_all(filter.text()).empty());
    EXPECT_EQ(again.text(), filter.text());
    EXPECT_EQ(again.level_for(c.target), c.want);
  }
}

TEST(FilterTest, InvalidPiecesAreNamedAndTheOthersKept) {
  Filter filter;
  const auto complaints = filter.add_all("info,shop=loud,*,pay=debug");
  ASSERT_EQ(complaints.size(), 2u);
  EXPECT_EQ(complaints[0],
            "ignoring `shop=loud`: no such level `loud`: expected off, error, warn, info, debug, trace or 0 to 5");
  EXPECT_TRUE(complaints[1].starts_with("ignoring `*`: ")) << complaints[1];
  EXPECT_EQ(filter.text(), "pay=debug,info");
}

}  // namespace
}  // namespace trilobite::log
