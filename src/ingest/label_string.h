// Label sets in the text form that Loki clients send: {app="web", env='prod'}.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "columnar/label_set.h"

namespace trilobite::ingest {

// Errors read as Prometheus' parser words them: 1:3: parse error: unexpected character inside braces: '-'.
Result<LabelSet> parse_label_string(std::string_view text);

// [a-zA-Z_][a-zA-Z0-9_]*
bool valid_label_name(std::string_view name);

// Appends name="value" with the escapes of the text form.
void append_label(std::string& out, std::string_view name, std::string_view value);

// Clients repeat the same few strings in every request: parses each once. Any thread.
class LabelCache {
 public:
  explicit LabelCache(std::size_t bytes_max = 32u << 20);
  ~LabelCache();
  Result<LabelSetRef> get(std::string_view text);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace trilobite::ingest
