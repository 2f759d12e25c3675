// Any bytes of a server, cut anywhere: the same answer as in one piece, and a body within its limit.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "scrape/plain_answer.h"

namespace {

using trilobite::scrape::PlainAnswer;

PlainAnswer::State read(PlainAnswer& answer, std::string_view text, std::size_t piece) {
  answer.begin({.body_bytes_max = 4096});
  while (!text.empty()) {
    const auto room = answer.room();
    const std::size_t bytes = std::min({room.size(), piece, text.size()});
    std::copy_n(text.begin(), bytes, room.begin());
    text.remove_prefix(bytes);
    const PlainAnswer::State state = answer.take(bytes);
    if (state != PlainAnswer::State::kMore) return state;
  }
  return answer.end();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  PlainAnswer whole, cut;
  const auto state = read(whole, text, SIZE_MAX);
  if (state != PlainAnswer::State::kDone) return 0;  // where it is cut decides which of two reasons comes first
  if (whole.body().size() > 4096) std::abort();
  if (read(cut, text, data[0] % 16 + 1u) != state || cut.body() != whole.body() || cut.status() != whole.status() ||
      cut.content_type() != whole.content_type() || cut.gzip() != whole.gzip()) {
    std::abort();
  }
  return 0;
}
