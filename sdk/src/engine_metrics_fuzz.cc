// Any exposition: no crash; what passes through has no blank lines and passes through again unchanged.
#include <cstdint>
#include <cstdlib>

#include <trilobite/engine_metrics.h>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trilobite::instruments;  // NOLINT(google-build-using-namespace)
  const EngineOptions options{.exclude_prefixes = {"x_"}, .name_space = "n", .model = "a\"b", .labels = {{"k", "v"}}};
  const TextOrError once = engine_text({reinterpret_cast<const char*>(data), size}, options);
  if (!once.ok()) return 0;
  if (once.text.find("\n\n") != std::string::npos || (!once.text.empty() && once.text.back() != '\n')) std::abort();
  const TextOrError twice = engine_text(once.text, options);
  if (!twice.ok() || twice.text != once.text) std::abort();
  return 0;
}
