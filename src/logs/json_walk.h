// One pass over a JSON object and what is nested in it, as `| json` reads it: every scalar is a field whose name is
// that of all keys around it. What to do with fields is the sink's affair, so that lines and templates are read by the
// same code.
#pragma once

#include <string>
#include <string_view>

#include "logs/json_scan.h"
#include "logs/limits.h"
#include "logs/row.h"

namespace trilobite::logql {

// Sink: bool enter(prefix): something may be wanted of an object of this name;
//       bool field(name, nested, value): a scalar or array; `name` is the label's if nested, else the key; true: go on.
template <class Sink>
class JsonWalk {
 public:
  // Scratch memory of the caller: unescaped keys, and the name so far.
  JsonWalk(Sink& sink, std::string& key, std::string& prefix) : sink_(sink), key_(key), prefix_(prefix) {
    prefix_.clear();
  }

  // An error text, or nothing.
  std::string_view walk(std::string_view object) {
    if (++depth_ > kJsonDepthMax) return json::kBadObject;
    std::string_view nested_error;
    const std::string_view error = json::members(object, key_, [&](std::string_view key, const json::Value& value) {
      nested_error = member(key, value);
      return nested_error.empty() && !stopped_;
    });
    --depth_;
    return nested_error.empty() ? error : nested_error;
  }
  bool stopped() const { return stopped_; }

 private:
  std::string_view member(std::string_view key, const json::Value& value) {
    if (value.kind == json::Kind::kObject) return object(key, value.text);
    if (prefix_.empty()) {
      stopped_ = !sink_.field(key, false, value);
      return {};
    }
    const std::size_t length = extend_prefix(key);
    stopped_ = !sink_.field(prefix_, true, value);
    prefix_.resize(length);
    return {};
  }

  std::string_view object(std::string_view key, std::string_view text) {
    const std::size_t length = extend_prefix(key);
    std::string_view error;
    if (sink_.enter(prefix_)) error = walk(text);
    prefix_.resize(length);
    return error;
  }

  // Returns the length before.
  std::size_t extend_prefix(std::string_view key) {
    const std::size_t length = prefix_.size();
    if (length > 0) prefix_.push_back('_');
    append_label_name(prefix_, key, length > 0);
    return length;
  }

  Sink& sink_;
  std::string& key_;
  std::string& prefix_;
  std::size_t depth_ = 0;
  bool stopped_ = false;
};

}  // namespace trilobite::logql
