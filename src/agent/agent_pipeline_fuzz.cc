// Arbitrary lines through every stage that parses them.
#include <cstdint>

#include "agent/pipeline.h"

namespace {

constexpr std::string_view kStages = R"(
- docker: {}
- cri: {}
- decolorize: {}
- json: {expressions: {a: , b: 'a.b[0]', c: '"x y"'}}
- json: {source: a, expressions: {d: }}
- logfmt: {mapping: {level: , msg: }}
- regex: {expression: '^(?P<time>\S+) (?P<rest>.*)$'}
- timestamp: {source: time, format: RFC3339Nano, fallback_formats: [Unix, 'Jan _2 15:04:05', '15:04']}
- auto_timestamp: {}
- replace: {expression: '(\d+)', replace: '{{ .Value | ToUpper }}'}
- template: {source: level, template: '{{ .Value }}{{ .Entry }}'}
- labels: {level: }
- match: {selector: '{app="x"} |= "a" | json', stages: [{multiline: {firstline: '^\['}}]}
- pack: {labels: [level]}
)";

struct Harness {
  trilobite::ManualClock clock{1'768'471'200'000'000'000};
  trilobite::agent::Metrics metrics;
  trilobite::agent::Pipeline pipeline;

  Harness() {
    auto node = trilobite::agent::yaml::parse(kStages);
    auto built = trilobite::agent::Pipeline::build(*node, "stages", {clock, metrics});
    CHECK(built.ok());
    pipeline = std::move(*built);
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Harness harness;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  trilobite::agent::Entries entries;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    trilobite::agent::Entry entry;
    entry.line = rest.substr(0, end);
    entry.labels = {{"app", "x"}};
    entry.time = entry.read_time = harness.clock.now();
    entries.push_back(std::move(entry));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  harness.pipeline.start(entries);
  harness.pipeline.run(entries, 1);
  harness.pipeline.release(entries, 1, harness.clock.steady(), true);
  harness.pipeline.forget(1);
  return 0;
}
