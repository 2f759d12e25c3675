// A sorted list of texts, each as the length it shares with the one before, and the rest.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace trilobite::storage {

class FrontCoder {
 public:
  void put(ByteWriter& out, std::string_view text) {
    const std::size_t shared = static_cast<std::size_t>(
        std::mismatch(previous_.begin(), previous_.end(), text.begin(), text.end()).first - previous_.begin());
    out.varint(shared);
    out.text(text.substr(shared));
    previous_ = text;
  }

 private:
  std::string previous_;
};

class FrontDecoder {
 public:
  // Valid until the next call.
  Result<std::string_view> get(ByteReader& in) {
    TRY(shared, in.varint());
    TRY(rest, in.text());
    if (shared > previous_.size())
      return error(Code::kCorrupt, "a text shares {} bytes with one of {}", shared, previous_.size());
    previous_.resize(static_cast<std::size_t>(shared));
    previous_.append(rest);
    return std::string_view(previous_);
  }

 private:
  std::string previous_;
};

}  // namespace trilobite::storage
