// Any bytes as OTLP logs, protobuf and JSON: a batch that holds together, or an error.
#include <cstdlib>

#include "ingest/otlp_json.h"
#include "ingest/otlp_logs.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trilobite;
  using namespace trilobite::ingest;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  OtlpMapping mapping;
  mapping.severity_text_as_label = size % 2 == 1;
  mapping.record.push_back(make_otlp_rule(OtlpAction::kIndexLabel, {"a"}, "").value());
  mapping.resource.push_back(make_otlp_rule(OtlpAction::kDrop, {}, "b.*").value());
  const auto push = decode_otlp_logs_protobuf(bytes, mapping, 1);
  if (push.ok() && !push->batch.validate().ok()) std::abort();
  const auto message = otlp_logs_json_to_protobuf(std::string(bytes));
  if (!message.ok()) return 0;
  const auto json = decode_otlp_logs_protobuf(*message, mapping, 1);
  if (json.ok() && !json->batch.validate().ok()) std::abort();
  return 0;
}
