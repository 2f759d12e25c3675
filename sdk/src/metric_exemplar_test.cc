// Proves: what is counted or observed inside a sampled span names it, in OpenMetrics and in protobuf; and nothing else
// does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <trilobite/metrics.h>
#include <trilobite/trace.h>
#include <trilobite/trace_setup.h>

#include "protobuf_reader.h"

namespace trilobite::instruments {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr trace::SpanType kWork{"shop::pay", "charge"};

class Exemplars : public testing::Test {
 protected:
  ~Exemplars() override { trace::init(trace::Config{}); }

  // Within a span, if there is one.
  void work() const {
    counter_.add_with_exemplar(2);
    whole_.add_with_exemplar();
    histogram_.observe_with_exemplar(0.3);
    native_.observe(1.5);
  }
  std::string open_metrics() const { return registry_.expose(Exposition::kOpenMetrics).text; }
  std::string protobuf() const { return registry_.expose(Exposition::kProtobuf).text; }

  const Registry registry_;
  const Counter counter_ = registry_.create_counter("paid_euros_total", "Euros").or_log();
  const IntCounter whole_ = registry_.create_intcounter("payments_total", "Payments").or_log();
  const Histogram histogram_ = registry_.create_histogram("charge_seconds", "Time").or_log();
  const Histogram native_ =
      registry_.create_histogram("native_seconds", "Time", {}, {.native = {.factor = 1.1}, .exemplars = true}).or_log();
};

struct Ids {
  std::string trace_id, span_id;
};

Ids ids_of(const trace::Span& span) {
  return {trace::to_hex(span.context().trace_id()), trace::to_hex(span.context().span_id())};
}

TEST_F(Exemplars, NameTheCurrentSpanInOpenMetrics) {
  const trace::Span outer = kWork.start();
  const trace::Span span = kWork.start();
  work();
  const Ids ids = ids_of(span);
  const std::string labels = "# {trace_id=\"" + ids.trace_id + "\",span_id=\"" + ids.span_id + "\"} ";
  const std::string page = open_metrics();
  EXPECT_THAT(page, HasSubstr("paid_euros_total 2 " + labels + "2 "));
  EXPECT_THAT(page, HasSubstr("payments_total 1 " + labels + "1 "));
  EXPECT_THAT(page, HasSubstr("charge_seconds_bucket{le=\"0.5\"} 1 " + labels + "0.3 "));
  EXPECT_THAT(registry_.expfmt().text, Not(HasSubstr("trace_id")));  // the text format has no place for them
}

// Texts of the label pairs of all exemplars in the families of an exposition: `family trace_id=... span_id=...`.
std::vector<std::string> exemplars_in(std::string_view page) {
  std::vector<std::string> out;
  const auto pairs = [&](std::string_view exemplar, const std::string& family) {
    std::string text = family;
    ProtobufReader reader(exemplar);
    while (const auto field = reader.next()) {
      if (field->number != 1) continue;
      ProtobufReader pair(field->bytes);
      text += ' ';
      while (const auto part = pair.next()) text += std::string(part->bytes) + (part->number == 1 ? "=" : "");
    }
    out.push_back(text);
  };
  while (!page.empty()) {
    std::size_t size = 0, shift = 0;
    for (bool more = true; more; shift += 7) {
      more = (page[0] & 0x80) != 0;
      size |= static_cast<std::size_t>(page[0] & 0x7f) << shift;
      page.remove_prefix(1);
    }
    ProtobufReader family(page.substr(0, size));
    page.remove_prefix(size);
    std::string name;
    while (const auto field = family.next()) {
      if (field->number == 1) name = field->bytes;
      if (field->number != 4) continue;
      ProtobufReader metric(field->bytes);
      while (const auto value = metric.next()) {
        ProtobufReader inside(value->bytes);
        while (const auto part = inside.next()) {
          if (value->number == 3 && part->number == 2) pairs(part->bytes, name);   // Counter.exemplar
          if (value->number == 7 && part->number == 16) pairs(part->bytes, name);  // Histogram.exemplars
          if (value->number != 7 || part->number != 3) continue;                   // Histogram.bucket
          ProtobufReader bucket(part->bytes);
          while (const auto one = bucket.next()) {
            if (one->number == 3) pairs(one->bytes, name);
          }
        }
      }
    }
  }
  return out;
}

TEST_F(Exemplars, NameTheCurrentSpanInProtobuf) {
  const trace::Span span = kWork.start();
  work();
  const Ids ids = ids_of(span);
  const std::string labels = " trace_id=" + ids.trace_id + " span_id=" + ids.span_id;
  EXPECT_THAT(exemplars_in(protobuf()),
              testing::UnorderedElementsAre("paid_euros_total" + labels, "payments_total" + labels,
                                            "charge_seconds" + labels, "native_seconds" + labels));
}

TEST_F(Exemplars, AreNotKeptOutsideOfSampledSpans) {
  work();
  trace::init(trace::Config{.sampler = {.root = trace::Sampler::Root::kAlwaysOff}});
  const trace::Span span = kWork.start();
  work();
  EXPECT_THAT(open_metrics(), Not(HasSubstr("trace_id")));
  EXPECT_TRUE(exemplars_in(protobuf()).empty());
}

}  // namespace
}  // namespace trilobite::instruments
