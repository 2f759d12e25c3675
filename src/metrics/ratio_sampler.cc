#include "metrics/ratio_sampler.h"

#include <xxhash.h>

#include <string>

namespace trilobite::metrics {
namespace {

// Lengths below 255 take a byte; longer ones a byte of 255 and three more, the lowest first.
void append_text(std::string& out, std::string_view text) {
  const std::size_t length = text.size();
  if (length < 255) {
    out.push_back(static_cast<char>(length));
  } else {
    out.push_back(static_cast<char>(255));
    for (unsigned shift = 0; shift < 24; shift += 8) out.push_back(static_cast<char>((length >> shift) & 0xFF));
  }
  out += text;
}

}  // namespace

double ratio_share(const LabelSet& labels) {
  std::string bytes;
  for (const auto& [name, value] : labels) {
    append_text(bytes, name);
    append_text(bytes, value);
  }
  return static_cast<double>(XXH64(bytes.data(), bytes.size(), 0)) / 18446744073709551615.0;
}

}  // namespace trilobite::metrics
