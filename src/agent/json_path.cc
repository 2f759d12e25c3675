#include "agent/json_path.h"

#include "agent/duration.h"

namespace trilobite::agent {
namespace {

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text), rest_(text) {}

  Result<JsonPath> run() {
    JsonPath out;
    if (text_ == "@") return out;
    bool first = true;
    while (!rest_.empty()) {
      if (rest_.front() == '[') {
        TRY(index, take_index());
        out.emplace_back(index);
      } else {
        if (!first && !take('.')) return bad();
        TRY(name, take_name());
        out.emplace_back(std::move(name));
      }
      first = false;
    }
    if (out.empty()) return bad();
    return out;
  }

 private:
  bool take(char wanted) {
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  Error bad() const {
    return error(Code::kUnsupported,
                 "cannot use the expression \"{}\": only names, \"quoted names\" and [indexes] are supported", text_);
  }

  Result<std::int64_t> take_index() {
    const std::size_t close = rest_.find(']');
    if (close == std::string_view::npos) return bad();
    auto index = parse_integer(rest_.substr(1, close - 1));
    if (!index.ok()) return bad();
    rest_.remove_prefix(close + 1);
    return *index;
  }

  Result<std::string> take_name() {
    std::string out;
    if (take('"')) {
      while (!rest_.empty() && rest_.front() != '"') {
        if (rest_.front() == '\\' && rest_.size() > 1) rest_.remove_prefix(1);
        out.push_back(rest_.front());
        rest_.remove_prefix(1);
      }
      if (!take('"')) return bad();
      return out;
    }
    while (!rest_.empty() && is_name(rest_.front())) {
      out.push_back(rest_.front());
      rest_.remove_prefix(1);
    }
    if (out.empty()) return bad();
    return out;
  }

  std::string_view text_;
  std::string_view rest_;
};

}  // namespace

Result<JsonPath> parse_json_path(std::string_view text) { return Parser(text).run(); }

}  // namespace trilobite::agent
