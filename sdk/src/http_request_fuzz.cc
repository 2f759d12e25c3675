// Any bytes in any pieces: no crash, no body beyond its limit, and the pieces make no difference.
#include <cstdint>
#include <cstdlib>

#include "http_request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using trilobite::http::RequestParser;
  if (size == 0) return 0;
  const std::size_t step = data[0] % 17 + 1;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  constexpr std::size_t kHeadMax = 512, kBodyMax = 256;

  RequestParser whole(kHeadMax, kBodyMax), pieces(kHeadMax, kBodyMax);
  std::string_view rest = bytes;
  whole.feed(rest);
  std::size_t taken = 0;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    std::string_view piece = bytes.substr(at, step);
    const std::size_t given = piece.size();
    pieces.feed(piece);
    taken += given - piece.size();
    if (!piece.empty()) break;
  }
  if (whole.state() != pieces.state() || whole.error_status() != pieces.error_status()) std::abort();
  if (whole.request().body != pieces.request().body || whole.request().body.size() > kBodyMax) std::abort();
  if (whole.state() == RequestParser::State::kDone && bytes.size() - rest.size() != taken) std::abort();
  return 0;
}
