// Headers of traces: the cases of the W3C test suite in our words, B3, request ids, baggage, HTTP and NATS carriers.
#include <trilobite/trace_headers.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <unordered_map>
#include <vector>

#include <trilobite/trace_setup.h>

#include "baggage.h"
#include "span_data.h"
#include "traceparent.h"

namespace trilobite::trace {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;
using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr SpanType kHandle{"shop::web", "http-request"};
const std::string kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kParent = "00f067aa0ba902b7";
const std::string kGood = "00-" + kTrace + "-" + kParent + "-01";

class TraceHeadersTest : public testing::Test {
 protected:
  ~TraceHeadersTest() override { init(Config{}); }
};

bool continued(const Pairs& headers) { return static_cast<bool>(extract(headers).span_id()); }

TEST_F(TraceHeadersTest, ATraceparentIsContinued) {
  const Context parent = extract(Pairs{{"traceparent", kGood}, {"tracestate", "a=1,b=2"}});
  EXPECT_TRUE(parent.remote());
  EXPECT_TRUE(parent.sampled());
  const Span span = kHandle.start(Start{.parent = &parent});
  EXPECT_EQ(to_hex(span.context().trace_id()), kTrace);
  EXPECT_EQ(to_hex(span.context().data()->parent_id), kParent);
  EXPECT_EQ(span.context().tracestate(), "a=1,b=2");
  std::map<std::string, std::string> out;
  inject(span.context(), out);
  EXPECT_THAT(out,
              UnorderedElementsAre(Pair("traceparent", "00-" + kTrace + "-" + to_hex(span.context().span_id()) + "-01"),
                                   Pair("tracestate", "a=1,b=2")));
}

TEST_F(TraceHeadersTest, TheFlagIsKept) {
  for (const char* flags : {"00", "01", "02", "03"}) {
    const Context parent = extract(Pairs{{"traceparent", "00-" + kTrace + "-" + kParent + "-" + flags}});
    const Span span = kHandle.start(Start{.parent = &parent});
    Pairs out;
    inject(span.context(), out);
    EXPECT_EQ(out.at(0).second.substr(53), flags);
  }
}

TEST_F(TraceHeadersTest, NamesAreReadInAnyCase) {
  for (const char* name : {"traceparent", "TraceParent", "TrAcEpArEnT", "TRACEPARENT"}) {
    EXPECT_TRUE(continued({{name, kGood}})) << name;
  }
  for (const char* name : {"trace-parent", "trace.parent", "trace_parent", "traceparents"}) {
    EXPECT_FALSE(continued({{name, kGood}})) << name;
  }
}

TEST_F(TraceHeadersTest, ATraceparentThereTwiceIsNone) {
  EXPECT_FALSE(continued({{"traceparent", kGood}, {"traceparent", kGood}}));
  EXPECT_FALSE(continued({{"traceparent", "00-" + kTrace + "-1111111111111111-01"}, {"TraceParent", kGood}}));
}

TEST_F(TraceHeadersTest, GoodTraceparents) {
  for (const std::string& text : {
           kGood,
           " " + kGood,
           "\t" + kGood + " \t",
           "00-" + kTrace + "-" + kParent + "-ff",
           "cc-" + kTrace + "-" + kParent + "-01",  // later versions: what is known of them
           "cc-" + kTrace + "-" + kParent + "-01-what-the-future-will-be-like",
           "fe-" + kTrace + "-" + kParent + "-09-",
       }) {
    EXPECT_TRUE(continued({{"traceparent", text}})) << text;
  }
  EXPECT_EQ(extract(Pairs{{"traceparent", "cc-" + kTrace + "-" + kParent + "-02"}}).data()->flags, 0)
      << "of a later version only the sampled flag is known";
}

TEST_F(TraceHeadersTest, BadTraceparents) {
  for (const std::string& text : {
           std::string(),
           std::string("00"),
           std::string("foo"),
           "ff-" + kTrace + "-" + kParent + "-01",  // version 255 is forbidden
           ".0-" + kTrace + "-" + kParent + "-01",
           "0.-" + kTrace + "-" + kParent + "-01",
           "0-" + kTrace + "-" + kParent + "-01",
           "000-" + kTrace + "-" + kParent + "-01",
           "CC-" + kTrace + "-" + kParent + "-01",
           "00-" + kTrace + "-" + kParent + "-01.",
           "00-" + kTrace + "-" + kParent + "-01-what-the-future-will-be-like",  // version 0 ends there
           "cc-" + kTrace + "-" + kParent + "-01.what-the-future-will-be-not-like",
           "00-00000000000000000000000000000000-" + kParent + "-01",
           "00-" + kTrace + "-0000000000000000-01",
           "00-.2345678901234567890123456789012-" + kParent + "-01",
           "00-1234567890123456789012345678901.-" + kParent + "-01",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-" + kParent + "-01",
           "00-" + kTrace + "-00F067AA0BA902B7-01",
           "00-123456789012345678901234567890123-" + kParent + "-01",
           "00-1234567890123456789012345678901-" + kParent + "-01",
           "00-" + kTrace + "-.234567890123456-01",
           "00-" + kTrace + "-123456789012345.-01",
           "00-" + kTrace + "-12345678901234567-01",
           "00-" + kTrace + "-123456789012345-01",
           "00-" + kTrace + "-" + kParent + "-.0",
           "00-" + kTrace + "-" + kParent + "-0.",
           "00-" + kTrace + "-" + kParent + "-001",
           "00-" + kTrace + "-" + kParent + "-1",
           "00-" + kTrace + "-" + kParent + "-0A",
           "00-" + kTrace + "-" + kParent,
           "00_" + kTrace + "-" + kParent + "-01",
           "00-" + kTrace + "_" + kParent + "-01",
           "00-" + kTrace + "-" + kParent + "_01",
           "00 -" + kTrace + "-" + kParent + "-01",
       }) {
    EXPECT_FALSE(continued({{"traceparent", text}, {"tracestate", "a=1"}})) << text;
  }
}

std::string state_of(const std::vector<std::string>& headers) {
  Pairs pairs{{"traceparent", kGood}};
  for (const std::string& header : headers) pairs.emplace_back("TraceState", header);
  return std::string(extract(pairs).tracestate());
}

TEST_F(TraceHeadersTest, GoodTracestates) {
  EXPECT_EQ(state_of({"foo=1"}), "foo=1");
  EXPECT_EQ(state_of({"foo=1,bar=2"}), "foo=1,bar=2");
  EXPECT_EQ(state_of({"foo=1", "bar=2,baz=3", "rojo=4"}), "foo=1,bar=2,baz=3,rojo=4");
  EXPECT_EQ(state_of({""}), "");
  EXPECT_EQ(state_of({"foo=1", ""}), "foo=1");
  EXPECT_EQ(state_of({"", "foo=1"}), "foo=1");
  EXPECT_EQ(state_of({"foo=1 \t , \t bar=2, \t baz=3"}), "foo=1,bar=2,baz=3");
  EXPECT_EQ(state_of({" foo=1", "\tbar=2 "}), "foo=1,bar=2");
  EXPECT_EQ(state_of({"foo=1,,bar=2"}), "foo=1,bar=2");
  EXPECT_EQ(state_of({"foo= 1"}), "foo= 1");
  const std::string key = "abcdefghijklmnopqrstuvwxyz0123456789_-*/";
  EXPECT_EQ(state_of({key + "=1"}), key + "=1");
  EXPECT_EQ(state_of({key + "@a-z0-9_-*/=1"}), key + "@a-z0-9_-*/=1");
  EXPECT_EQ(state_of({"0tenant@v=1"}), "0tenant@v=1");
  const std::string value = "!\"#$%&'()*+-./0123456789:;<>?@ABCXYZ[\\]^_`abcxyz{|}~";
  EXPECT_EQ(state_of({"foo=" + value}), "foo=" + value);
  EXPECT_EQ(state_of({std::string(256, 'z') + "=1"}), std::string(256, 'z') + "=1");
  EXPECT_EQ(state_of({std::string(241, 't') + "@" + std::string(14, 'v') + "=1"}),
            std::string(241, 't') + "@" + std::string(14, 'v') + "=1");
  EXPECT_EQ(state_of({"foo=" + std::string(256, 'v')}), "foo=" + std::string(256, 'v'));
}

TEST_F(TraceHeadersTest, BadTracestatesAreDroppedAndTheTraceGoesOn) {
  for (const std::string& text : {
           std::string("foo"),
           std::string("foo="),
           std::string("=1"),
           std::string("foo =1"),
           std::string("FOO=1"),
           std::string("foo.bar=1"),
           std::string("foo@=1"),
           std::string("@foo=1"),
           std::string("foo@@bar=1"),
           std::string("foo@bar@baz=1"),
           std::string("foo=bar=baz"),
           std::string("foo=,bar=3"),
           std::string("0foo=1"),
           std::string("foo=1,foo=1"),
           std::string("foo=1,foo=2"),
           std::string("foo=\x01"),
           std::string("foo=\xc3\xa9"),
           std::string(257, 'z') + "=1",
           std::string(242, 't') + "@v=1",
           "t@" + std::string(15, 'v') + "=1",
           "foo=" + std::string(257, 'v'),
       }) {
    EXPECT_EQ(state_of({text}), "") << text;
    EXPECT_TRUE(continued({{"traceparent", kGood}, {"tracestate", text}}));
  }
  EXPECT_EQ(state_of({"foo=1", "foo=2"}), "");
}

TEST_F(TraceHeadersTest, ATracestateHasUpTo32Members) {
  std::string list;
  for (int i = 0; i < 32; ++i) list += (i == 0 ? "bar" : ",bar") + std::to_string(i) + "=" + std::to_string(i);
  EXPECT_EQ(state_of({list}), list);
  EXPECT_EQ(state_of({list + ",bar32=1"}), "");
  EXPECT_EQ(state_of({list, "bar32=1"}), "");
}

TEST_F(TraceHeadersTest, ATracestateAloneIsNothing) { EXPECT_FALSE(extract(Pairs{{"tracestate", "a=1"}})); }

TEST_F(TraceHeadersTest, RequestIdsTravelWithAndWithoutATrace) {
  const std::string uuid = "6F9619FF-8B86-D011-B42D-00C04FC964FF";
  const Context parent = extract(Pairs{{"X-Request-Id", "cart 17"}, {"x-dynamo-request-id", uuid}});
  EXPECT_FALSE(parent.span_id());
  EXPECT_EQ(parent.x_request_id(), "cart 17");
  EXPECT_EQ(parent.x_dynamo_request_id(), uuid);
  const Span span = kHandle.start(Start{.parent = &parent});
  EXPECT_FALSE(span.context().data()->parent_id);
  Pairs out;
  inject(span.context(), out);
  EXPECT_THAT(out, ElementsAre(Pair("traceparent", testing::_), Pair("x-request-id", "cart 17"),
                               Pair("x-dynamo-request-id", uuid)));
}

TEST_F(TraceHeadersTest, TheDynamoIdHasToBeAUuidAndTheLaterNameGoesFirst) {
  const std::string a(32, 'a'), b(32, 'b');
  EXPECT_FALSE(extract(Pairs{{"x-dynamo-request-id", "cart-17"}}));
  EXPECT_EQ(extract(Pairs{{"x-dynamo-request-id", a}, {"request-id", b}}).x_dynamo_request_id(), b);
  EXPECT_EQ(extract(Pairs{{"x-dynamo-request-id", a}, {"request-id", "no uuid"}}).x_dynamo_request_id(), a);
}

TEST_F(TraceHeadersTest, NothingThatWouldEndAHeaderIsPassedOn) {
  EXPECT_FALSE(extract(Pairs{{"x-request-id", "a\r\nevil: 1"}}));
  EXPECT_FALSE(extract(Pairs{{"x-request-id", std::string(9'000, 'x')}}));
  const Span span = kHandle.start(kv("x_request_id", "a\nb"), kv("tracestate", "a=1\r\nb: c"));
  Pairs out;
  inject(span.context(), out);
  EXPECT_THAT(out, ElementsAre(Pair("traceparent", testing::_)));
}

TEST_F(TraceHeadersTest, Uuids) {
  for (const char* good : {"6f9619ff-8b86-d011-b42d-00c04fc964ff", "6F9619FF8B86D011B42D00C04FC964FF",
                           "{6f9619ff-8b86-d011-b42d-00c04fc964ff}", "urn:uuid:6f9619ff-8b86-d011-b42d-00c04fc964ff",
                           "00000000-0000-0000-0000-000000000000"}) {
    EXPECT_TRUE(is_uuid(good)) << good;
  }
  for (const char* bad : {"", "x", "6f9619ff-8b86-d011-b42d-00c04fc964f", "6f9619ff-8b86-d011-b42d-00c04fc964fg",
                          "6f9619ff8-b86-d011-b42d-00c04fc964ff", "{6f9619ff-8b86-d011-b42d-00c04fc964ff",
                          "urn:uuid:6f9619ff8b86d011b42d00c04fc964ff1234", "6f9619ff8b86d011b42d00c04fc964f-"}) {
    EXPECT_FALSE(is_uuid(bad)) << bad;
  }
  const std::string made = random_uuid();
  EXPECT_TRUE(is_uuid(made)) << made;
  EXPECT_EQ(made[14], '4');
  EXPECT_NE(std::string("89ab").find(made[19]), std::string::npos);
  EXPECT_NE(made, random_uuid());
}

TEST_F(TraceHeadersTest, TheEngineGetsTheIdOfTheRequest) {
  const std::string a(32, 'a'), b(32, 'b');
  const Context with = extract(Pairs{{"x-dynamo-request-id", a}});
  EXPECT_EQ(engine_request_id(with, b), a);
  EXPECT_EQ(engine_request_id(Context(), b), b);
  EXPECT_TRUE(is_uuid(engine_request_id(Context(), "anna")));
}

TEST_F(TraceHeadersTest, BaggageIsReadAndWritten) {
  const Context parent = extract(Pairs{{"traceparent", kGood}, {"baggage", "a=1 ; p = 2 , b=%20"}, {"Baggage", "c=3"}});
  EXPECT_EQ(parent.baggage(), "a=1;p = 2,b=%20,c=3");
  Pairs out;
  inject(kHandle.start(Start{.parent = &parent}).context(), out);
  EXPECT_EQ(out.back(), (std::pair<std::string, std::string>("baggage", "a=1;p = 2,b=%20,c=3")));
}

TEST_F(TraceHeadersTest, MalformedAndExcessiveBaggageIsLeftOut) {
  EXPECT_EQ(valid_baggage("a=1,,b,=c, d e=1,f=g h,i=j\"k,l=,m=\xc3\xa9"), "a=1,l=");
  std::string many;
  for (int i = 0; i < 300; ++i) many += "k" + std::to_string(i) + "=v,";
  EXPECT_EQ(baggage_members(many).size(), kBaggageMembersMax);
  EXPECT_EQ(valid_baggage("a=1,b=" + std::string(9'000, 'x')), "a=1");
}

TEST_F(TraceHeadersTest, B3InOneHeader) {
  init(Config{.propagation = {.w3c = false, .b3_single = true}});
  for (const auto& [text, sampled] :
       std::map<std::string, bool>{{kTrace + "-" + kParent, true},
                                   {kTrace + "-" + kParent + "-1", true},
                                   {kTrace + "-" + kParent + "-d", true},
                                   {kTrace + "-" + kParent + "-0", false},
                                   {kTrace + "-" + kParent + "-1-05e3ac9a4f6e3b90", true}}) {
    const Context parent = extract(Pairs{{"B3", text}});
    EXPECT_EQ(to_hex(parent.trace_id()), kTrace) << text;
    EXPECT_EQ(to_hex(parent.span_id()), kParent);
    EXPECT_EQ(parent.sampled(), sampled) << text;
  }
  EXPECT_EQ(to_hex(extract(Pairs{{"b3", "A3CE929D0E0E4736-" + kParent}}).trace_id()),
            "0000000000000000a3ce929d0e0e4736");
  for (const std::string& bad :
       {std::string("0"), std::string("1"), std::string(), kTrace, kTrace + "-", kTrace + "-" + kParent + "-2",
        kTrace + "-" + kParent + "-1-x", kTrace + "-" + kParent + "-1-" + kParent + "-",
        "x" + kTrace.substr(1) + "-" + kParent}) {
    EXPECT_FALSE(extract(Pairs{{"b3", bad}})) << bad;
  }
  EXPECT_FALSE(continued({{"traceparent", kGood}}));
  Pairs out;
  const Span span = kHandle.start();
  inject(span.context(), out);
  EXPECT_THAT(
      out, ElementsAre(Pair("b3", to_hex(span.context().trace_id()) + "-" + to_hex(span.context().span_id()) + "-1")));
}

TEST_F(TraceHeadersTest, B3InSeveralHeaders) {
  init(Config{.propagation = {.w3c = false, .b3_multi = true}});
  const Context parent = extract(Pairs{{"X-B3-TraceId", kTrace}, {"X-B3-SpanId", kParent}, {"X-B3-Sampled", "0"}});
  EXPECT_EQ(to_hex(parent.span_id()), kParent);
  EXPECT_FALSE(parent.sampled());
  EXPECT_TRUE(extract(Pairs{{"x-b3-traceid", kTrace}, {"x-b3-spanid", kParent}, {"x-b3-flags", "1"}}).sampled());
  EXPECT_FALSE(continued({{"x-b3-traceid", kTrace}}));
  EXPECT_FALSE(continued({{"x-b3-traceid", kTrace}, {"x-b3-spanid", "0000000000000000"}}));
  const Span span = kHandle.start(Start{.parent = &parent});
  std::map<std::string, std::string> out;
  inject(span.context(), out);
  EXPECT_THAT(out,
              UnorderedElementsAre(Pair("X-B3-TraceId", kTrace), Pair("X-B3-SpanId", to_hex(span.context().span_id())),
                                   Pair("X-B3-ParentSpanId", kParent), Pair("X-B3-Sampled", "0")));
}

TEST_F(TraceHeadersTest, W3cGoesBeforeB3) {
  init(Config{.propagation = {.b3_single = true}});
  EXPECT_EQ(to_hex(extract(Pairs{{"b3", std::string(32, 'a') + "-" + kParent}, {"traceparent", kGood}}).trace_id()),
            kTrace);
  EXPECT_EQ(to_hex(extract(Pairs{{"b3", std::string(32, 'a') + "-" + kParent}, {"traceparent", "bad"}}).trace_id()),
            std::string(32, 'a'));
}

TEST_F(TraceHeadersTest, CarriersOfManyKinds) {
  const Span span = kHandle.start();
  const Context context = span.context();
  std::unordered_map<std::string, std::string> map;
  inject(context, map);
  EXPECT_EQ(extract(map).span_id(), context.span_id());
  std::multimap<std::string, std::string> http{{"traceparent", kGood}};
  EXPECT_TRUE(extract(http));
  std::map<std::string, std::vector<std::string>> nats{{"traceparent", {kGood, kGood}}};
  EXPECT_FALSE(extract(nats));
  inject(context, nats);
  EXPECT_EQ(extract(nats).span_id(), context.span_id());
  int calls = 0;
  inject(context, [&](std::string_view name, std::string_view value) {
    ++calls;
    EXPECT_EQ(name, "traceparent");
    EXPECT_EQ(value.size(), 55u);
  });
  EXPECT_EQ(calls, 1);
}

TEST_F(TraceHeadersTest, WithoutAContextOrIdsNothingIsWritten) {
  Pairs out;
  inject(Context(), out);
  init(Config{.ids = false});
  const Context parent = extract(Pairs{{"traceparent", kGood}});
  inject(kHandle.start(Start{.parent = &parent}).context(), out);
  EXPECT_TRUE(out.empty());
}

}  // namespace
}  // namespace trilobite::trace
