// Native histograms: bytes come back the same and lies in them are found, checks speak Prometheus' words, arithmetic on
// layouts that differ.
#include "metrics/histogram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "metrics/go_number.h"
#include "metrics/histogram_buckets.h"
#include "metrics/histogram_functions.h"
#include "metrics/histogram_layout.h"
#include "metrics/histogram_math.h"

namespace trilobite::metrics {
namespace {

Histogram histogram(std::string_view literal) {
  auto parsed = parse_histogram_literal(literal);
  EXPECT_TRUE(parsed.ok()) << literal << ": " << (parsed.ok() ? "" : parsed.error().message);
  return parsed.ok() ? *parsed : Histogram();
}

// Spans with gaps on both sides, counts whole or not.
Histogram random_histogram(std::mt19937& random) {
  Histogram h;
  const bool custom = random() % 4 == 0;
  h.schema = custom ? kCustomBuckets : static_cast<std::int32_t>(random() % 13) - 4;
  h.reset = static_cast<CounterReset>(random() % 4);
  const bool whole = random() % 2 == 0;
  const auto count = [&] { return static_cast<double>(random() % 1000) / (whole ? 1 : 8); };
  const auto side = [&](std::vector<BucketSpan>& spans, std::vector<double>& counts) {
    const std::size_t n = random() % 4;
    for (std::size_t i = 0; i < n; ++i) {
      const auto length = static_cast<std::uint32_t>(random() % 5);
      spans.push_back({static_cast<std::int32_t>(random() % 7) - (i == 0 && !custom ? 3 : 0), length});
      for (std::uint32_t k = 0; k < length; ++k) counts.push_back(random() % 3 == 0 ? 0 : count());
    }
  };
  side(h.positive_spans, h.positive);
  if (custom) {
    double bound = -3;
    for (int i = 0; i < 40; ++i) h.custom_bounds.push_back(bound += 1 + static_cast<double>(random() % 5));
  } else {
    side(h.negative_spans, h.negative);
    h.zero_count = count();
    // As wide as it gets without cutting a bucket.
    const double threshold = random() % 2 == 0 ? std::ldexp(1, -90) : std::ldexp(1, static_cast<int>(random() % 6) - 3);
    widen_zero_bucket(h, whole_bucket_threshold(h, threshold));
  }
  h.count = h.zero_count;
  for (const double c : h.positive) h.count += c;
  for (const double c : h.negative) h.count += c;
  h.sum = count() - 60;
  h.whole_numbers = whole;
  return h;
}

TEST(Histogram, BytesComeBackTheSame) {
  std::mt19937 random(7);
  for (int i = 0; i < 2000; ++i) {
    const Histogram h = random_histogram(random);
    const std::string bytes = encode_histogram(h);
    const auto back = decode_histogram(bytes);
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_TRUE(equal(*back, h));
    EXPECT_EQ(back->reset, h.reset);
    EXPECT_EQ(back->whole_numbers, h.whole_numbers);
    EXPECT_EQ(encode_histogram(*back), bytes);
  }
}

TEST(Histogram, EqualHistogramsAreEqualBytes) {
  Histogram a = histogram("{{buckets:[1 2 3] sum:4 count:6}}"), b = a;
  b.positive_spans = {{0, 1}, {0, 0}, {0, 2}};
  EXPECT_EQ(encode_histogram(a), encode_histogram(b));
  EXPECT_LT(encode_histogram(a).size(), 20U) << "whole counts are small";
  b.negative_spans = {{7, 0}};  // found by histogram_fuzz
  EXPECT_EQ(encode_histogram(a), encode_histogram(b));
}

TEST(Histogram, BytesThatLie) {
  std::mt19937 random(8);
  for (int i = 0; i < 300; ++i) {
    const std::string bytes = encode_histogram(random_histogram(random));
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      EXPECT_FALSE(decode_histogram(std::string_view(bytes).substr(0, cut)).ok());
    }
    EXPECT_FALSE(decode_histogram(bytes + 'x').ok());
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      std::string flipped = bytes;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << (random() % 8)));
      const auto read = decode_histogram(flipped);  // may be another histogram, but one that can be computed with
      if (read.ok()) {
        EXPECT_TRUE(check_histogram_layout(*read).ok());
      }
    }
  }
}

TEST(Histogram, ChecksSayWhatPrometheusSays) {
  struct Case {
    const char* name;
    void (*spoil)(Histogram&);
    const char* want;
  };
  const Case cases[] = {
      {"fine", [](Histogram&) {}, ""},
      {"schema", [](Histogram& h) { h.schema = 9; },
       "histogram has an invalid schema, which must be between -4 and 8 for exponential buckets, or -53 for custom "
       "buckets, got schema 9"},
      {"spans", [](Histogram& h) { h.positive.pop_back(); },
       "positive side: spans need 3 buckets, have 2 buckets: histogram spans specify different number of buckets than "
       "provided"},
      {"negative offset",
       [](Histogram& h) {
         h.positive_spans = {{0, 2}, {-1, 1}};
       },
       "positive side: span number 2 with offset -1: histogram has a span whose offset is negative"},
      {"far index",
       [](Histogram& h) {
         h.positive_spans = {{0, 2}, {INT32_MAX, 1}};
       },
       "positive side: bucket index 2147483650 is out of range"},
      {"negative bucket", [](Histogram& h) { h.positive[1] = -2; },
       "positive side: bucket number 2 has observation count of -2: histogram has a bucket whose observation count is "
       "negative"},
      {"zero bucket", [](Histogram& h) { h.zero_count = -1; },
       "zero bucket has observation count of -1: histogram has a bucket whose observation count is negative"},
      {"count", [](Histogram& h) { h.count = -1; },
       "observation count is -1: histogram's observation count is negative"},
      {"total", [](Histogram& h) { h.whole_numbers = true, h.count = 7; },
       "6 observations found in buckets, but the Count field is 7: histogram's observation count should equal the "
       "number "
       "of observations found in the buckets (in absence of NaN)"},
      {"total with NaN", [](Histogram& h) { h.whole_numbers = true, h.count = 7, h.sum = NAN; }, ""},
      {"total with NaN, too few", [](Histogram& h) { h.whole_numbers = true, h.count = 5, h.sum = NAN; },
       "6 observations found in buckets, but the Count field is 5: histogram's observation count should be at least "
       "the "
       "number of observations found in the buckets"},
      {"bounds", [](Histogram& h) { h.custom_bounds = {1}; },
       "histogram with exponential schema must not have custom bounds"},
      {"custom, too few bounds", [](Histogram& h) { h.schema = kCustomBuckets, h.custom_bounds = {1}; },
       "custom buckets: only 1 custom bounds defined which is insufficient to cover total span length of 3: histogram "
       "custom bounds are too few"},
      {"custom, order",
       [](Histogram& h) {
         h.schema = kCustomBuckets, h.custom_bounds = {1, 3, 2};
       },
       "custom buckets: previous bound is 3.000000 and current is 2.000000: histogram custom bounds must be in "
       "strictly "
       "increasing order"},
      {"custom, infinite",
       [](Histogram& h) {
         h.schema = kCustomBuckets, h.custom_bounds = {1, 3, INFINITY};
       },
       "custom buckets: last +Inf bound must not be explicitly defined: histogram custom bounds must be finite"},
      {"custom, zero bucket",
       [](Histogram& h) {
         h.schema = kCustomBuckets, h.custom_bounds = {1, 3}, h.zero_count = 1;
       },
       "custom buckets: must have zero count of 0"},
      {"zero threshold", [](Histogram& h) { h.zero_threshold = NAN; },
       "histogram has a zero threshold of nan, which must not be negative"},
  };
  for (const Case& test : cases) {
    Histogram h = histogram("{{buckets:[1 2 3] sum:4 count:6}}");
    test.spoil(h);
    const auto checked = check_histogram(h);
    EXPECT_EQ(checked.ok() ? "" : checked.error().message, test.want) << test.name;
  }
}

TEST(Histogram, FineSchemasBecomeEightOnArrival) {
  Histogram h;
  h.schema = 10;
  h.positive_spans = {{-3, 8}};
  h.positive = {1, 1, 1, 1, 1, 1, 1, 1};
  h.count = 8;
  ASSERT_TRUE(accept_histogram(h).ok());
  EXPECT_EQ(h.schema, 8);
  // Indices -3..0 fall into 0, 1..4 into 1.
  EXPECT_EQ(h.positive_spans, (std::vector<BucketSpan>{{0, 2}}));
  EXPECT_EQ(h.positive, (std::vector<double>{4, 4}));
  h.schema = 53;
  EXPECT_FALSE(accept_histogram(h).ok());
}

TEST(Histogram, Arithmetic) {
  struct Case {
    const char *a, *b, *sum, *difference;
  };
  const Case cases[] = {
      // Same layout, gaps, more buckets at both ends.
      {"{{count:3 sum:3 buckets:[1 2]}}", "{{count:1 sum:1 offset:1 buckets:[1]}}", "{{count:4 sum:4 buckets:[1 3]}}",
       "{{count:2 sum:2 buckets:[1 1]}}"},
      {"{{count:3 sum:3 buckets:[1 2]}}", "{{count:2 sum:1 offset:-3 buckets:[1 0 0 0 0 0 1]}}",
       "{{count:5 sum:4 offset:-3 buckets:[1 0 0 1 2 0 1]}}", "{{count:1 sum:2 offset:-3 buckets:[-1 0 0 1 2 0 -1]}}"},
      // The coarser schema, whichever side has it.
      {"{{schema:1 count:4 sum:1 offset:1 buckets:[1 1 1 1]}}", "{{count:1 sum:1 offset:1 buckets:[1]}}",
       "{{count:5 sum:2 offset:1 buckets:[3 2]}}", "{{count:3 offset:1 buckets:[1 2]}}"},
      {"{{count:1 sum:1 offset:1 buckets:[1]}}", "{{schema:1 count:4 sum:1 offset:1 buckets:[1 1 1 1]}}",
       "{{count:5 sum:2 offset:1 buckets:[3 2]}}", "{{count:-3 offset:1 buckets:[-1 -2]}}"},
      // The wider zero bucket, and wider still if it would cut a bucket: 0.3 becomes 0.5.
      {"{{count:4 sum:1 z_bucket:1 z_bucket_w:0.3 offset:0 buckets:[3]}}",
       "{{count:6 sum:1 z_bucket:2 z_bucket_w:0.001 offset:-2 buckets:[1 2 1] n_offset:-1 n_buckets:[1]}}",
       "{{count:10 sum:2 z_bucket:7 z_bucket_w:0.5 buckets:[4]}}",
       "{{count:-2 z_bucket:-5 z_bucket_w:0.5 buckets:[2]}}"},
      // Custom bounds: those that both have.
      {"{{schema:-53 count:6 sum:1 custom_values:[1 2 3] buckets:[1 2 2 1]}}",
       "{{schema:-53 count:3 sum:1 custom_values:[1 3] buckets:[1 1 1]}}",
       "{{schema:-53 count:9 sum:2 custom_values:[1 3] buckets:[2 5 2]}}",
       "{{schema:-53 count:3 custom_values:[1 3] offset:1 buckets:[3]}}"},
  };
  for (const Case& test : cases) {
    const Histogram a = histogram(test.a), b = histogram(test.b);
    Histogram sum = a, difference = a;
    EXPECT_FALSE(add(sum, b).incompatible);
    EXPECT_FALSE(subtract(difference, b).incompatible);
    EXPECT_EQ(histogram_literal(sum), test.sum) << test.a << " + " << test.b;
    EXPECT_EQ(histogram_literal(difference), test.difference) << test.a << " - " << test.b;
    HistogramSum both;
    EXPECT_FALSE(both.add(a).incompatible);
    EXPECT_FALSE(both.add(b).incompatible);
    EXPECT_EQ(histogram_literal(both.sum()), test.sum) << test.a << " + " << test.b;
    Histogram half = sum;
    divide(half, 2);
    EXPECT_EQ(histogram_literal(both.mean()), histogram_literal(half));
  }
}

TEST(Histogram, SumsLoseNoObservation) {
  std::mt19937 random(9);
  const auto observations = [](const Histogram& h) {
    double total = h.zero_count;
    for (const double c : h.positive) total += c;
    for (const double c : h.negative) total += c;
    return total;
  };
  for (int i = 0; i < 500; ++i) {
    std::vector<Histogram> terms;
    const bool custom = i % 3 == 0;
    while (terms.size() < 5) {
      Histogram h = random_histogram(random);
      if ((h.schema == kCustomBuckets) == custom) terms.push_back(h);
    }
    Histogram sum = terms[0];
    HistogramSum careful;
    static_cast<void>(careful.add(terms[0]));
    for (std::size_t k = 1; k < terms.size(); ++k) {
      static_cast<void>(add(sum, terms[k]));
      static_cast<void>(careful.add(terms[k]));
    }
    ASSERT_TRUE(check_histogram_layout(sum).ok());
    EXPECT_EQ(observations(sum), sum.count);
    compact(sum);
    EXPECT_TRUE(equal(sum, careful.sum())) << histogram_text(sum) << "\n" << histogram_text(careful.sum());
    for (const Histogram& term : terms) static_cast<void>(subtract(sum, term));
    EXPECT_EQ(observations(sum), 0);
    EXPECT_EQ(sum.count, 0);
  }
}

TEST(Histogram, HintsOfSums) {
  const auto hint_of = [](CounterReset a, CounterReset b, bool& conflict) {
    Histogram x, y;
    x.reset = a;
    y.reset = b;
    conflict = add(x, y).resets_conflict;
    return x.reset;
  };
  using enum CounterReset;
  bool conflict = false;
  EXPECT_EQ(hint_of(kNotReset, kNotReset, conflict), kNotReset);
  EXPECT_FALSE(conflict);
  EXPECT_EQ(hint_of(kNotReset, kUnknown, conflict), kUnknown);
  EXPECT_EQ(hint_of(kUnknown, kReset, conflict), kUnknown);
  EXPECT_FALSE(conflict);
  EXPECT_EQ(hint_of(kReset, kGauge, conflict), kGauge);
  EXPECT_EQ(hint_of(kGauge, kNotReset, conflict), kGauge);
  EXPECT_FALSE(conflict);
  EXPECT_EQ(hint_of(kReset, kNotReset, conflict), kUnknown);
  EXPECT_TRUE(conflict);
}

TEST(Histogram, ExponentialAndCustomDoNotMix) {
  Histogram a = histogram("{{count:1 buckets:[1]}}");
  const Histogram b = histogram("{{schema:-53 count:1 custom_values:[1] buckets:[1]}}");
  EXPECT_TRUE(add(a, b).incompatible);
  EXPECT_EQ(histogram_literal(a), "{{count:1 buckets:[1]}}");
  HistogramSum sum;
  EXPECT_FALSE(sum.add(a).incompatible);
  EXPECT_TRUE(sum.add(b).incompatible);
  EXPECT_EQ(sum.count(), 1U);
}

TEST(Histogram, SumsKeepWhatRoundingTakes) {
  HistogramSum sum;
  for (const double s : {1.0, 1e100, 1.0, -1e100}) {
    Histogram h;
    h.sum = s;
    h.count = 1;
    static_cast<void>(sum.add(h));
  }
  EXPECT_EQ(sum.sum().sum, 2);
  EXPECT_EQ(sum.mean().sum, 0.5);
  HistogramSum huge;
  for (int i = 0; i < 3; ++i) {
    Histogram h;
    h.count = 1.2e308;
    h.sum = 6;
    static_cast<void>(huge.add(h));
  }
  EXPECT_EQ(huge.sum().count, INFINITY);
  EXPECT_NEAR(huge.mean().count / 1.2e308, 1, 1e-12);
  EXPECT_NEAR(huge.mean().sum, 6, 1e-12);
}

TEST(Histogram, SumsThatAreMerged) {
  std::mt19937 random(11);
  for (int i = 0; i < 300; ++i) {
    const bool custom = i % 3 == 0;
    HistogramSum whole, parts[3];
    std::uint64_t count = 0;
    while (count < 9) {
      Histogram h = random_histogram(random);
      if ((h.schema == kCustomBuckets) != custom) continue;
      h.sum = i % 2 == 0 ? h.sum : (count % 2 == 0 ? 1e100 : -1e100) + (count == 8 ? -1e100 : 0);
      static_cast<void>(whole.add(h));
      static_cast<void>(parts[count++ / 3].add(h));
    }
    static_cast<void>(parts[1].merge(parts[2]));
    static_cast<void>(parts[0].merge(parts[1]));
    EXPECT_EQ(parts[0].count(), whole.count());
    EXPECT_EQ(parts[0].sum().count, whole.sum().count);
    EXPECT_EQ(parts[0].sum().sum, whole.sum().sum);
    EXPECT_TRUE(check_histogram_layout(parts[0].mean()).ok());
  }
  HistogramSum a, b, empty;
  Histogram huge;
  huge.count = 1.5e308;
  static_cast<void>(a.add(huge));
  static_cast<void>(b.add(huge));
  EXPECT_FALSE(a.merge(b).incompatible);
  EXPECT_EQ(a.sum().count, INFINITY);
  EXPECT_NEAR(a.mean().count / 1.5e308, 1, 1e-12);
  EXPECT_FALSE(empty.merge(a).incompatible);
  EXPECT_EQ(empty.count(), 2U);
  EXPECT_NEAR(empty.mean().count / 1.5e308, 1, 1e-12);
  HistogramSum reset, goes_on;
  Histogram h;
  h.reset = CounterReset::kReset;
  static_cast<void>(reset.add(h));
  h.reset = CounterReset::kNotReset;
  static_cast<void>(goes_on.add(h));
  EXPECT_TRUE(reset.merge(goes_on).resets_conflict);
  EXPECT_EQ(reset.sum().reset, CounterReset::kUnknown);
}

TEST(Histogram, Resets) {
  struct Case {
    const char *before, *now;
    bool reset;
  };
  const Case cases[] = {
      {"{{count:2 buckets:[1 1]}}", "{{count:3 buckets:[1 2]}}", false},
      {"{{count:3 sum:9 buckets:[1 2]}}", "{{count:3 sum:1 buckets:[1 2]}}", false},
      {"{{count:3 buckets:[1 2]}}", "{{count:2 buckets:[1 2]}}", true},
      {"{{count:3 buckets:[1 2]}}", "{{count:5 buckets:[1 1 3]}}", true},
      {"{{count:3 buckets:[1 2]}}", "{{count:5 buckets:[1]}}", true},
      {"{{count:3 buckets:[1 0]}}", "{{count:5 buckets:[1]}}", false},
      {"{{count:3 z_bucket:2 buckets:[1]}}", "{{count:3 z_bucket:1 buckets:[2]}}", true},
      {"{{count:1 buckets:[1]}}", "{{schema:1 count:2 buckets:[2]}}", true},
      {"{{schema:1 count:2 offset:1 buckets:[1 1]}}", "{{count:2 offset:1 buckets:[2]}}", false},
      {"{{schema:1 count:2 offset:1 buckets:[1 1]}}", "{{count:2 offset:1 buckets:[1 1]}}", true},
      {"{{count:1 z_bucket_w:0.5 z_bucket:1}}", "{{count:1 z_bucket_w:0.25 z_bucket:1}}", true},
      {"{{count:1 z_bucket_w:0.25 offset:-1 buckets:[1]}}", "{{count:1 z_bucket_w:0.5 z_bucket:1}}", false},
      {"{{count:1 z_bucket_w:0.25 offset:-1 buckets:[1]}}", "{{count:1 z_bucket_w:0.4 z_bucket:1}}", true},
      {"{{count:1 buckets:[1]}}", "{{schema:-53 count:1 custom_values:[1] buckets:[1]}}", true},
      {"{{schema:-53 count:3 custom_values:[1 2 3] buckets:[1 1 1]}}",
       "{{schema:-53 count:3 custom_values:[1 3] buckets:[1 2]}}", false},
      {"{{schema:-53 count:3 custom_values:[1 2 3] buckets:[1 1 1]}}",
       "{{schema:-53 count:3 custom_values:[1 3] buckets:[2 1]}}", true},
      {"{{count:3 buckets:[3]}}", "{{count:1 buckets:[1] counter_reset_hint:not_reset}}", false},
      {"{{count:3 buckets:[3]}}", "{{count:4 buckets:[4] counter_reset_hint:reset}}", true},
  };
  for (const Case& test : cases) {
    EXPECT_EQ(was_reset(histogram(test.now), histogram(test.before)), test.reset) << test.before << " " << test.now;
  }
}

TEST(Histogram, HintsAreFoundWhenSamplesArrive) {
  const Histogram first = histogram("{{count:1 buckets:[1]}}"), more = histogram("{{count:2 buckets:[2]}}");
  const Histogram gauge = histogram("{{count:2 buckets:[2] counter_reset_hint:gauge}}");
  EXPECT_EQ(appended_hint(nullptr, first), CounterReset::kUnknown);
  EXPECT_EQ(appended_hint(&first, more), CounterReset::kNotReset);
  EXPECT_EQ(appended_hint(&more, first), CounterReset::kUnknown);
  EXPECT_EQ(appended_hint(&first, gauge), CounterReset::kGauge);
  EXPECT_EQ(appended_hint(&gauge, more), CounterReset::kUnknown);
}

TEST(Histogram, Texts) {
  const Histogram h =
      histogram("{{count:12.5 sum:1e6 z_bucket:2 z_bucket_w:0.001 offset:1 buckets:[1 0 0.5] n_buckets:[2]}}");
  EXPECT_EQ(histogram_text(h), "{count:12.5, sum:1e+06, [-1,-0.5):2, [-0.001,0.001]:2, (1,2]:1, (4,8]:0.5}");
  EXPECT_EQ(histogram_literal(h),
            "{{count:12.5 sum:1e+06 z_bucket:2 z_bucket_w:0.001 offset:1 buckets:[1 0 0.5] n_buckets:[2]}}");
  std::string json;
  append_histogram_json(json, h);
  EXPECT_EQ(json, R"({"count":"12.5","sum":"1000000","buckets":[[1,"-1","-0.5","2"],[3,"-0.001","0.001","2"],)"
                  R"([0,"1","2","1"],[0,"4","8","0.5"]]})");
  json.clear();
  append_histogram_json(json, histogram("{{sum:NaN count:1e-7}}"));
  EXPECT_EQ(json, R"({"count":"1e-07","sum":"NaN"})");
  const Histogram custom = histogram("{{schema:-53 count:3 sum:2 custom_values:[1 2] buckets:[1 1 1]}}");
  EXPECT_EQ(histogram_text(custom), "{count:3, sum:2, [-Inf,1]:1, (1,2]:1, (2,+Inf]:1}");
}

TEST(Histogram, LiteralsThatAreNone) {
  for (const char* text : {"",
                           "{",
                           "{{",
                           "{{count}}",
                           "{{count:}}",
                           "{{count:1",
                           "{{count:x}}",
                           "{{count:1 count:2}}",
                           "{{buckets:[1}}",
                           "{{buckets:1}}",
                           "{{schema:1.5}}",
                           "{{schema:9}}",
                           "{{foo:1}}",
                           "{{count:1}} ",
                           "{{counter_reset_hint:maybe}}",
                           "{{custom_values:[1]}}",
                           "{{schema:-53 custom_values:[2 1]}}",
                           "{{z_bucket_w:-1}}",
                           "{{offset:99999999999}}",
                           "{{offset:2000000000 buckets:[1]}}"}) {
    EXPECT_FALSE(parse_histogram_literal(text).ok()) << text;
  }
}

TEST(Histogram, BoundsOfAllSchemas) {
  const std::vector<double> none;
  for (std::int32_t schema = -4; schema <= 8; ++schema) {
    EXPECT_EQ(bucket_bound(0, schema, none), 1) << schema;
    const double growth = std::exp2(std::exp2(-schema));
    for (std::int32_t i = -20; i < 20; ++i) {
      EXPECT_NEAR(bucket_bound(i + 1, schema, none) / bucket_bound(i, schema, none) / growth, 1, 1e-14);
    }
    const auto last = static_cast<std::int32_t>(1024 * std::exp2(schema));
    EXPECT_EQ(bucket_bound(last, schema, none), std::numeric_limits<double>::max());
    EXPECT_EQ(bucket_bound(last + 1, schema, none), INFINITY);
    EXPECT_EQ(bucket_bound(1 << 29, schema, none), INFINITY);
    EXPECT_EQ(bucket_bound(-(1 << 29), schema, none), 0);
  }
  EXPECT_EQ(go_number(bucket_bound(1, 1, none)), "1.414213562373095");
}

TEST(GoNumber, Forms) {
  const std::pair<double, const char*> cases[] = {{0, "0"},           {-0.0, "-0"},        {1, "1"},
                                                  {123456, "123456"}, {1e6, "1e+06"},      {1234567, "1.234567e+06"},
                                                  {0.0001, "0.0001"}, {0.00001, "1e-05"},  {1e100, "1e+100"},
                                                  {INFINITY, "+Inf"}, {-INFINITY, "-Inf"}, {NAN, "NaN"},
                                                  {0.1, "0.1"}};
  for (const auto& [value, text] : cases) EXPECT_EQ(go_number(value), text);
  EXPECT_EQ(api_number(1e6), "1000000");
  EXPECT_EQ(api_number(1e21), "1e+21");
  EXPECT_EQ(api_number(1e-7), "1e-07");
  EXPECT_EQ(api_number(0.000001), "0.000001");
  for (const char* text : {"1", "+1", "-1", ".5", "5.", "1e3", "Inf", "-inf", "NaN", "infinity", "1e-400"}) {
    EXPECT_TRUE(parse_go_float(text)) << text;
  }
  for (const char* text : {"", "+", "x", "1x", "0x1p", "1e400", "- 1", "--1", "1_000"}) {
    EXPECT_FALSE(parse_go_float(text)) << text;
  }
}

TEST(HistogramFunctions, QuantileAndFractionAreInverse) {
  std::mt19937 random(10);
  int compared = 0;
  for (int i = 0; i < 500; ++i) {
    const Histogram h = random_histogram(random);
    if (h.count == 0) continue;
    for (const double q : {0.05, 0.3, 0.5, 0.77, 0.95}) {
      QuantileNotes notes;
      const double value = histogram_quantile(q, h, notes);
      if (!std::isfinite(value) || h.schema == kCustomBuckets) continue;
      EXPECT_NEAR(histogram_fraction(-INFINITY, value, h, notes), q, 1e-9) << histogram_text(h) << " " << value;
      ++compared;
    }
    Histogram below = h, above = h;
    QuantileNotes notes;
    trim_above(below, 1.7);
    trim_below(above, 1.7);
    if (h.schema == kCustomBuckets) continue;
    EXPECT_NEAR(below.count + above.count, h.count, 1e-9 * h.count);
    EXPECT_NEAR(below.count / h.count, histogram_fraction(-INFINITY, 1.7, h, notes), 1e-9);
  }
  EXPECT_GT(compared, 500);
}

TEST(HistogramFunctions, ClassicBuckets) {
  std::vector<ClassicBucket> buckets{{INFINITY, 10}, {1, 2}, {2, 6}, {4, 5}};
  ClassicQuantile got = classic_quantile(0.4, buckets);
  EXPECT_DOUBLE_EQ(got.value, 1.5);
  EXPECT_TRUE(got.fixed);
  EXPECT_EQ(got.fixed_from, 4);
  EXPECT_EQ(got.fixed_to, 4);
  EXPECT_EQ(got.fixed_max, 1);
  EXPECT_EQ(classic_quantile(0.99, buckets).value, 4);
  EXPECT_DOUBLE_EQ(classic_fraction(0, 1, buckets), 0.2);
  std::vector<ClassicBucket> no_infinity{{1, 2}, {2, 3}};
  EXPECT_TRUE(std::isnan(classic_quantile(0.5, no_infinity).value));
  EXPECT_TRUE(std::isnan(classic_fraction(0, 1, no_infinity)));
  std::vector<ClassicBucket> none;
  EXPECT_TRUE(std::isnan(classic_quantile(0.5, none).value));
}

TEST(HistogramFunctions, Changes) {
  const auto ref = [](const char* text) { return std::make_shared<const Histogram>(histogram(text)); };
  const std::vector<HistogramRef> reset{ref("{{count:4 sum:5 buckets:[1 2 1]}}"),
                                        ref("{{count:5 sum:6 buckets:[1 1 3]}}"),
                                        ref("{{count:6 sum:7 buckets:[1 2 3]}}")};
  HistogramChange change = range_change(reset, true);
  ASSERT_TRUE(change.histogram);
  EXPECT_EQ(histogram_literal(*change.histogram), "{{count:6 sum:7 counter_reset_hint:gauge buckets:[1 2 3]}}");
  EXPECT_FALSE(change.not_counter || change.mixed_buckets);
  change = range_change(reset, false);
  EXPECT_TRUE(change.not_gauge);
  EXPECT_EQ(histogram_literal(*change.histogram), "{{count:2 sum:2 counter_reset_hint:gauge offset:2 buckets:[2]}}");
  const std::vector<HistogramRef> mixed{reset[0], ref("{{schema:-53 count:9 custom_values:[1] buckets:[9]}}"),
                                        reset[2]};
  EXPECT_TRUE(range_change(mixed, true).mixed_buckets);
  EXPECT_FALSE(range_change(mixed, true).histogram);
  EXPECT_EQ(histogram_literal(*instant_change(*reset[1], *reset[2], true).histogram),
            "{{count:1 sum:1 counter_reset_hint:gauge offset:1 buckets:[1]}}");
  EXPECT_EQ(histogram_literal(*instant_change(*reset[0], *reset[1], true).histogram),
            "{{count:5 sum:6 counter_reset_hint:gauge buckets:[1 1 3]}}");
  EXPECT_TRUE(instant_change(*reset[0], *mixed[1], false).mixed_buckets);
}

}  // namespace
}  // namespace trilobite::metrics
