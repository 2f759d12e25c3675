// Any bytes as a push body, protobuf and JSON: a batch that holds together, or an error.
#include <cstdlib>

#include "ingest/loki_push.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trilobite;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ingest::LabelCache labels(1 << 16);
  const auto json = ingest::decode_push_json(std::string(bytes), labels);
  if (json.ok() && !json->batch.validate().ok()) std::abort();
  const auto push = ingest::decode_push_protobuf(bytes, labels);
  if (push.ok() && !push->batch.validate().ok()) std::abort();
  return 0;
}
