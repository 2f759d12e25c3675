#include "alerting/template_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace trilobite::alerting {
namespace {

constexpr std::string_view kFunctions[] = {
    // Go's
    "and", "break", "call", "continue", "eq", "false", "ge", "gt", "html", "index", "js", "le", "len", "lt", "ne",
    "nil", "not", "or", "print", "printf", "println", "slice", "true", "urlquery",
    // Prometheus'
    "args", "externalURL", "first", "graphLink", "humanize", "humanize1024", "humanizeDuration", "humanizePercentage",
    "humanizeTimestamp", "label", "match", "now", "parseDuration", "pathPrefix", "query", "reReplaceAll", "safeHtml",
    "sortByLabel", "stripDomain", "stripPort", "strvalue", "tableLink", "title", "tmpl", "toDuration", "toLower",
    "toTime", "toUpper", "urlQueryEscape", "value"};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_letter(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Template {
 public:
  explicit Template(std::string_view text) : rest_(text) {}

  std::optional<std::string> check() {
    for (std::size_t open = rest_.find("{{"); open != std::string_view::npos; open = rest_.find("{{")) {
      rest_.remove_prefix(open + 2);
      if (rest_.starts_with("- ") || rest_.starts_with("-\t") || rest_.starts_with("-\n")) rest_.remove_prefix(1);
      if (auto wrong = action()) return wrong;
    }
    if (!blocks_.empty()) return "unexpected EOF";
    return std::nullopt;
  }

 private:
  struct Block {
    bool may_else = false, loops = false;
    std::size_t variables = 0;  // known outside of it
  };
  enum class Kind { kWord, kVariable, kField, kString, kNumber, kOpen, kClose, kPipe, kDeclare, kAssign, kComma };
  struct Token {
    Kind kind;
    std::string_view text;
  };

  std::optional<std::string> action() {
    std::string_view inside = rest_;
    while (!inside.empty() && is_blank(inside.front())) inside.remove_prefix(1);
    if (inside.starts_with("/*")) {
      const std::size_t end = inside.find("*/");
      if (end == std::string_view::npos) return "unclosed comment";
      inside.remove_prefix(end + 2);
      while (!inside.empty() && is_blank(inside.front())) inside.remove_prefix(1);
      if (inside.starts_with("-")) inside.remove_prefix(1);
      if (!inside.starts_with("}}")) return "comment ends before closing delimiter";
      rest_ = inside.substr(2);
      return std::nullopt;
    }
    std::vector<Token> tokens;
    if (auto wrong = read(tokens)) return wrong;
    return meaning(tokens);
  }

  std::optional<std::string> read(std::vector<Token>& tokens) {
    int depth = 0;
    while (true) {
      while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
      if (rest_.empty()) return "unclosed action";
      if (rest_.starts_with("}}") || rest_.starts_with("-}}")) {
        rest_.remove_prefix(rest_.front() == '-' ? 3 : 2);
        return depth > 0 ? std::optional<std::string>("unclosed left paren") : std::nullopt;
      }
      const char c = rest_.front();
      std::size_t length = 1;
      Kind kind = Kind::kWord;
      if (c == '"' || c == '`' || c == '\'') {
        length = quoted(c);
        if (length == 0) return c == '`' ? "unterminated raw quoted string" : "unterminated quoted string";
        kind = Kind::kString;
      } else if (c == '(' || c == ')') {
        depth += c == '(' ? 1 : -1;
        if (depth < 0) return "unexpected right paren";
        kind = c == '(' ? Kind::kOpen : Kind::kClose;
      } else if (c == '|' || c == ',') {
        kind = c == '|' ? Kind::kPipe : Kind::kComma;
      } else if (rest_.starts_with(":=") || c == '=') {
        length = c == '=' ? 1 : 2;
        kind = c == '=' ? Kind::kAssign : Kind::kDeclare;
      } else if (c == '$' || c == '.' || is_letter(c)) {
        length = word_length(1);
        kind = c == '$' ? Kind::kVariable : c == '.' ? Kind::kField : Kind::kWord;
        if (c == '.' && length > 1 && is_digit(rest_[1])) kind = Kind::kNumber;
      } else if (is_digit(c) ||
                 ((c == '-' || c == '+') && rest_.size() > 1 && (is_digit(rest_[1]) || rest_[1] == '.'))) {
        while (length < rest_.size() && (is_digit(rest_[length]) || is_letter(rest_[length]) || rest_[length] == '.')) {
          ++length;
        }
        kind = Kind::kNumber;
      } else {
        return fmt::format("unexpected \"{}\" in command", c);
      }
      tokens.push_back({kind, rest_.substr(0, length)});
      rest_.remove_prefix(length);
    }
  }

  std::size_t word_length(std::size_t from) const {
    while (from < rest_.size() && (is_letter(rest_[from]) || is_digit(rest_[from]))) ++from;
    return from;
  }

  // 0: it does not end.
  std::size_t quoted(char quote) const {
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == quote) return i + 1;
      if (quote == '`') continue;
      if (rest_[i] == '\n') return 0;
      if (rest_[i] == '\\') ++i;
    }
    return 0;
  }

  std::optional<std::string> meaning(const std::vector<Token>& tokens) {
    if (tokens.empty()) return "missing value for command";
    const std::string_view word = tokens[0].kind == Kind::kWord ? tokens[0].text : std::string_view();
    if (word == "end") {
      if (blocks_.empty()) return "unexpected {{end}}";
      variables_.resize(blocks_.back().variables);
      blocks_.pop_back();
      return tokens.size() > 1 ? unexpected(tokens[1], "end") : std::nullopt;
    }
    if (word == "else") {
      if (blocks_.empty() || !blocks_.back().may_else) return "unexpected {{else}}";
      variables_.resize(blocks_.back().variables);
      if (tokens.size() == 1) {
        blocks_.back().may_else = false;
        return std::nullopt;
      }
      if (tokens[1].text != "if" && tokens[1].text != "with") return unexpected(tokens[1], "else");
      return tokens.size() == 2 ? missing(tokens[1].text) : pipeline(tokens, 2);
    }
    if (word == "break" || word == "continue") {
      const bool loops = std::ranges::any_of(blocks_, &Block::loops);
      return loops ? std::nullopt : std::optional(fmt::format("{{{{{}}}}} outside {{{{range}}}}", word));
    }
    if (word == "if" || word == "range" || word == "with") {
      blocks_.push_back({true, word == "range", variables_.size()});
      return tokens.size() == 1 ? missing(word) : pipeline(tokens, 1);
    }
    if (word == "define" || word == "block" || word == "template") {
      if (tokens.size() < 2 || tokens[1].kind != Kind::kString) {
        return fmt::format("unexpected \"{}\" in {} clause", tokens.size() < 2 ? "}}" : tokens[1].text, word);
      }
      if (word != "template") blocks_.push_back({false, false, variables_.size()});
      return tokens.size() == 2 ? std::nullopt : pipeline(tokens, 2);
    }
    return pipeline(tokens, 0);
  }

  static std::optional<std::string> unexpected(const Token& token, std::string_view where) {
    return fmt::format("unexpected <{}> in {}", token.text, where);
  }
  static std::optional<std::string> missing(std::string_view word) { return fmt::format("missing value for {}", word); }

  std::optional<std::string> pipeline(const std::vector<Token>& tokens, std::size_t from) {
    // What is declared in front: $a := or, for range, $a, $b :=
    std::size_t begin = from;
    std::vector<std::string_view> declared;
    for (std::size_t i = from; i < tokens.size() && tokens[i].kind == Kind::kVariable; i += 2) {
      declared.push_back(tokens[i].text);
      if (i + 1 >= tokens.size() || tokens[i + 1].kind != Kind::kComma) {
        if (i + 1 < tokens.size() && tokens[i + 1].kind == Kind::kDeclare) begin = i + 2;
        break;
      }
    }
    if (begin == from) declared.clear();
    bool wants_value = true;  // an operand must come: at the start, behind | and (
    for (std::size_t i = begin; i < tokens.size(); ++i) {
      const Token& token = tokens[i];
      switch (token.kind) {
        case Kind::kPipe:
        case Kind::kClose:
          if (wants_value) return "missing value for command";
          wants_value = token.kind == Kind::kPipe;
          break;
        case Kind::kOpen:
        case Kind::kAssign:
          wants_value = true;
          break;
        case Kind::kComma:
        case Kind::kDeclare:
          return unexpected(token, "operand");
        case Kind::kWord:
          if (std::ranges::find(kFunctions, token.text) == std::end(kFunctions)) {
            return fmt::format("function \"{}\" not defined", token.text);
          }
          wants_value = false;
          break;
        case Kind::kVariable:
          if (token.text != "$" && std::ranges::find(variables_, token.text) == variables_.end()) {
            return fmt::format("undefined variable \"{}\"", token.text);
          }
          wants_value = false;
          break;
        default:
          wants_value = false;
      }
    }
    if (wants_value) return "missing value for command";
    variables_.insert(variables_.end(), declared.begin(), declared.end());
    return std::nullopt;
  }

  std::string_view rest_;
  std::vector<Block> blocks_;
  std::vector<std::string_view> variables_{"$labels", "$value", "$externalLabels", "$externalURL"};
};

}  // namespace

std::optional<std::string> template_error(std::string_view text) { return Template(text).check(); }

}  // namespace trilobite::alerting
