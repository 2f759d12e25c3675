// Writes JSON into a string, without a tree in between. Commas are put by the writer; nesting is the caller's duty.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace trilobite {

// Appends `text` as a quoted JSON string. Bytes that are not UTF-8 become U+FFFD, so that the answer is always valid.
void append_json_string(std::string& out, std::string_view text);

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);
  JsonWriter& string(std::string_view text);
  JsonWriter& number(std::int64_t value);
  JsonWriter& number(std::uint64_t value);
  JsonWriter& number(double value);  // shortest form; NaN and infinities become null
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  JsonWriter& raw(std::string_view json);  // already valid JSON

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();

  std::string& out_;
  bool first_ = true;  // nothing yet at this level, or a key just before
};

}  // namespace trilobite
