// The fields of one JSONL line behind the fixed keys.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include <trilobite/log_value.h>

#include "event.h"

namespace trilobite::log {

// Borrows keys and values. Later fields replace earlier ones of the same key.
class JsonFields {
 public:
  void clear() { fields_.clear(); }
  void put(const Field& field);
  void put_all(std::span<const Field> fields) {
    for (const Field& field : fields) put(field);
  }
  // What the innermost span adds, replaces and takes away.
  void put_span(const SpanView& span);
  // Outside any span: ids would be forged ones.
  void remove_ids();
  // By key, each key once. Valid until the next call.
  std::span<const Field> sorted();

 private:
  void put_text(std::string_view key, std::string_view text);
  void put_rendered(std::string_view rendered);

  std::vector<Field> fields_;
};

}  // namespace trilobite::log
