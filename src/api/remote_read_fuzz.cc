// Any bytes as a remote read request and as an XOR chunk: an answer or an error.
#include "api/prometheus_remote_read.h"
#include "api/xor_chunk.h"
#include "base/compress.h"
#include "metrics/memory_samples.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trilobite;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  static_cast<void>(api::decode_xor_chunk(bytes));
  metrics::MemorySamples store;
  store.add(LabelSet::from_pairs({{"__name__", "up"}}), 1000, 1);
  http::Router router;
  api::add_remote_read_routes(router, {store});
  http::Request request;
  request.method = "POST";
  request.path = "/api/v1/read";
  request.body = snappy_compress(bytes);
  const http::Response response = router.handle(request);
  if (response.stream) response.stream([](std::string_view) { return true; });
  return 0;
}
