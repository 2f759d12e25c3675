// What the lines of one log statement have in common, made once: the constant part of their JSON, the pieces of their
// message, the order of their fields.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <trilobite/log_record.h>
#include <trilobite/log_value.h>

#include "padded_text.h"

namespace trilobite::log {

class CallSite {
 public:
  // A literal part of the message and the argument behind it.
  struct Piece {
    static constexpr std::uint32_t kNoArgument = ~std::uint32_t{0};
    std::string text;
    PaddedText json;  // text within a JSON string
    std::uint32_t argument = kNoArgument;
  };
  // One field of the JSON line, in the order of keys.
  struct JsonField {
    std::string key;
    PaddedText text;  // `,"key":`
    std::uint32_t field;
    bool is_request_id;  // not shown inside a span
  };

  CallSite(const detail::RecordHead& head, std::string_view target);

  std::string_view target() const { return target_; }
  // `","level":"INFO","file":"pay.cc","line":9,"target":"shop::pay","message":`
  const PaddedText& json_head() const { return json_head_; }

  // Whether the message consists of texts and plain `{}`; then these are its pieces.
  bool simple() const { return simple_; }
  std::span<const Piece> pieces() const { return pieces_; }

  // What a line shows of fields with these keys, before its span; null when they change too often to remember.
  const std::vector<JsonField>* json_fields(std::span<const Field> fields);

 private:
  void split_format(std::string_view format);
  void add_piece(Piece piece);
  void learn_fields(std::span<const Field> fields);

  std::string target_;
  PaddedText json_head_;
  std::vector<Piece> pieces_;
  bool simple_ = true;
  std::vector<std::string> keys_;  // as json_fields_ was made for
  std::vector<JsonField> json_fields_;
  int learned_ = 0;
};

// The message of a simple() site.
void append_message(std::string& out, const CallSite& site, std::span<const Value> arguments);
// One argument as fmt shows it for `{}`.
void append_argument(std::string& out, const Value& value);

// The call sites seen so far. One thread at a time.
class CallSites {
 public:
  explicit CallSites(std::string default_target) : default_target_(std::move(default_target)) {}
  CallSite& of(const detail::RecordHead& head);  // valid until the next call

 private:
  struct Key {
    const char* format;
    const char* file;
    const char* target;
    std::uint64_t place;  // line, level and the sizes
    bool operator==(const Key&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const;
  };
  struct Slot {
    Key key{};
    CallSite* site = nullptr;
  };

  CallSite& find_or_make(const detail::RecordHead& head, const Key& key);

  static constexpr std::size_t kSlots = 256;  // recently used ones, by hash
  std::string default_target_;
  Slot slots_[kSlots];
  std::unordered_map<Key, std::unique_ptr<CallSite>, Hash> sites_;
};

}  // namespace trilobite::log
