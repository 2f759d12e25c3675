// Labels left out, kept and set; samples of series by their labels.
#include "metrics/label_algebra.h"

#include <gtest/gtest.h>

#include "metrics/ratio_sampler.h"

namespace trilobite::metrics {
namespace {

LabelSet labels(std::vector<std::pair<std::string, std::string>> pairs) {
  return LabelSet::from_pairs(std::move(pairs));
}

TEST(LabelAlgebra, NamesAndMetadataGo) {
  const LabelSet full = labels({{"__name__", "m"}, {"__type__", "gauge"}, {"__unit__", "s"}, {"a", "1"}});
  EXPECT_EQ(without_name(full), labels({{"a", "1"}}));
  EXPECT_EQ(without_name(LabelSet()), LabelSet());
}

TEST(LabelAlgebra, ChoicesKeepOrLeaveOut) {
  const LabelSet full = labels({{"__name__", "m"}, {"a", "1"}, {"b", "2"}, {"c", std::string(300, 'x')}});
  EXPECT_EQ(LabelChoice({"c", "a", "a", "z"}, false).kept(full), labels({{"a", "1"}, {"c", std::string(300, 'x')}}));
  EXPECT_EQ(LabelChoice({"b"}, true).kept(full), labels({{"a", "1"}, {"c", std::string(300, 'x')}}));
  EXPECT_EQ(LabelChoice({}, false).kept(full), LabelSet());
  EXPECT_EQ(LabelChoice({"__name__"}, false).kept(full), labels({{"__name__", "m"}}));
  EXPECT_TRUE(LabelChoice({"b"}, true).keeps("a"));
  EXPECT_FALSE(LabelChoice({"b"}, true).keeps("__name__"));
}

TEST(LabelAlgebra, BuildersSetAndRemove) {
  LabelBuilder builder(labels({{"a", "1"}, {"b", "2"}}));
  builder.set("a", "3");
  builder.set("c", "4");
  builder.remove("b");
  EXPECT_EQ(builder.get("a"), "3");
  EXPECT_EQ(builder.build(), labels({{"a", "3"}, {"c", "4"}}));
}

TEST(LabelAlgebra, LabelNamesAreText) {
  for (const std::string_view good : {"a", "http.status", "\xC3\xA4", "\xF0\x9F\x90\x9A"})
    EXPECT_TRUE(is_label_name(good)) << good;
  for (const std::string_view bad : {"", "a\xC5z", "\xC0\x80", "\xED\xA0\x80", "\xF5\x80\x80\x80", "\xE2\x82"}) {
    EXPECT_FALSE(is_label_name(bad));
  }
}

TEST(RatioSampler, SharesAreSpreadAndFixed) {
  double sum = 0;
  for (int i = 0; i < 1000; ++i) {
    const double share = ratio_share(labels({{"__name__", "m"}, {"i", std::to_string(i)}}));
    ASSERT_GE(share, 0);
    ASSERT_LT(share, 1);
    sum += share;
  }
  EXPECT_NEAR(sum / 1000, 0.5, 0.05);
  const LabelSet longer = labels({{"a", std::string(1000, 'x')}});
  EXPECT_EQ(ratio_share(longer), ratio_share(labels({{"a", std::string(1000, 'x')}})));
}

}  // namespace
}  // namespace trilobite::metrics
