// JSON of the servers that discovery asks, read leniently: what is missing or of another kind is empty.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace trilobite::scrape::json {

// An element, or that there is none. Views into its document, which must outlive it.
class Value {
 public:
  Value() = default;

  bool there() const { return there_; }
  Value operator[](std::string_view name) const;
  std::string_view text() const;
  bool flag(bool otherwise = false) const;
  std::int64_t number() const;
  std::string scalar() const;  // text as it is, numbers and booleans as they are written
  bool is_list() const;
  bool is_object() const;

  // Nothing happens when it is no list or object.
  void each(const std::function<void(const Value&)>& visit) const;
  void each_field(const std::function<void(std::string_view name, const Value&)>& visit) const;

 private:
  friend class Document;
  struct Access;
  alignas(void*) std::byte element_[2 * sizeof(void*)] = {};  // the library's handle of two words
  bool there_ = false;
};

class Document {
 public:
  Document();
  ~Document();
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  // The root; not there when the text is not JSON. What an earlier call gave is gone.
  Value parse(std::string_view text);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace trilobite::scrape::json
