// Text of a template to its tree.
#include <algorithm>
#include <array>
#include <charconv>

#include "logs/template_tree.h"
#include "logs/text.h"

namespace trilobite::logql {

namespace {

constexpr std::size_t kDepthMax = 100;  // parentheses and blocks within each other
constexpr std::string_view kBlanks = " \t\r\n";

bool is_letter(char c) {
  return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

struct Word {
  enum class Kind : std::uint8_t { kEnd, kSpace, kIdentifier, kField, kVariable, kString, kNumber, kChar, kSymbol };
  Kind kind = Kind::kEnd;
  std::string_view text;  // as written
};

class TreeBuilder {
 public:
  explicit TreeBuilder(std::string_view text) : text_(text) { variables_.push_back("$"); }

  Result<std::shared_ptr<const Template::Tree>> build() {
    TRY(nodes, block(/*top=*/true, nullptr));
    tree_->root = std::move(nodes);
    std::sort(tree_->fields.begin(), tree_->fields.end());
    tree_->fields.erase(std::unique(tree_->fields.begin(), tree_->fields.end()), tree_->fields.end());
    return std::shared_ptr<const Template::Tree>(tree_);
  }

 private:
  Error fail(std::string_view what) const {
    const auto line =
        1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(std::min(at_, text_.size())), '\n');
    return error(Code::kInvalid, "template: line:{}: {}", line, what);
  }

  // ---- Text and actions ----

  // Nodes up to {{end}} or {{else ...}} (which `stop` gets), or up to the end of the text.
  Result<std::vector<TemplateNode>> block(bool top, std::string* stop) {
    std::vector<TemplateNode> out;
    if (++depth_ > kDepthMax) return fail("blocks are nested too deeply");
    const std::size_t variables = variables_.size();
    while (true) {
      TRY_VOID(text(out));
      if (at_ == text_.size()) {
        if (!top) return fail("unexpected EOF");
        break;
      }
      TRY_VOID(open_action());
      if (comment_) continue;
      const Word first = peek();
      if (first.kind == Word::Kind::kIdentifier && (first.text == "end" || first.text == "else")) {
        if (top) return fail(fmt::format("unexpected {{{{{}}}}}", first.text));
        *stop = first.text;
        take();
        break;
      }
      TRY_VOID(action(out));
    }
    // Variables of a block end with it; `else` belongs to its own block.
    if (!top) variables_.resize(variables);
    --depth_;
    return out;
  }

  Result<void> text(std::vector<TemplateNode>& out) {
    const std::size_t open = std::min(text_.find("{{", at_), text_.size());
    std::string_view plain = text_.substr(at_, open - at_);
    if (trim_next_) plain.remove_prefix(std::min(plain.find_first_not_of(kBlanks), plain.size()));
    const bool trim = text_.substr(open, 3) == "{{-" && open + 3 < text_.size() &&
                      kBlanks.find(text_[open + 3]) != std::string_view::npos;
    if (trim) plain = plain.substr(0, plain.find_last_not_of(kBlanks) + 1);
    if (!plain.empty()) {
      TemplateNode node;
      node.text = plain;
      out.push_back(std::move(node));
    }
    trim_next_ = false;
    at_ = open;
    return {};
  }

  // Behind "{{" or "{{- "; a comment is taken whole.
  Result<void> open_action() {
    at_ += 2;
    if (text_.substr(at_, 1) == "-" && at_ + 1 < text_.size() && kBlanks.find(text_[at_ + 1]) != std::string_view::npos)
      ++at_;
    comment_ = false;
    const std::size_t start = std::min(text_.find_first_not_of(kBlanks, at_), text_.size());
    if (text_.substr(start, 2) != "/*") return {};
    const std::size_t close = text_.find("*/", start + 2);
    if (close == std::string_view::npos) return fail("unclosed comment");
    at_ = close + 2;
    comment_ = true;
    if (!close_action()) return fail("comment ends before closing delimiter");
    return {};
  }

  // "}}" or " -}}" at the current place, blanks before it aside.
  bool close_action() {
    const std::size_t start = std::min(text_.find_first_not_of(kBlanks, at_), text_.size());
    if (text_.substr(start, 2) == "}}") {
      at_ = start + 2;
      return true;
    }
    if (start > at_ && text_.substr(start, 3) == "-}}") {
      at_ = start + 3;
      trim_next_ = true;
      return true;
    }
    return false;
  }

  Result<void> expect_close(std::string_view context) {
    if (close_action()) return {};
    return unexpected(context);
  }

  Error unexpected(std::string_view context) {
    const Word word = peek();
    if (word.kind == Word::Kind::kEnd) return fail("unclosed action");
    return fail(fmt::format("unexpected {} in {}", quote(word.text), context));
  }

  Result<void> action(std::vector<TemplateNode>& out) {
    const Word word = peek();
    using Kind = TemplateNode::Kind;
    if (word.kind == Word::Kind::kIdentifier) {
      if (word.text == "if") return branch(Kind::kIf, out);
      if (word.text == "range") return branch(Kind::kRange, out);
      if (word.text == "with") return branch(Kind::kWith, out);
      if (word.text == "define") return define();
      if (word.text == "block" || word.text == "template") return call_template(out);
      if (word.text == "break" || word.text == "continue") {
        take();
        if (ranges_ == 0) return fail(fmt::format("{{{{{}}}}} outside {{{{range}}}}", word.text));
        TemplateNode node;
        node.kind = word.text == "break" ? Kind::kBreak : Kind::kContinue;
        out.push_back(std::move(node));
        return expect_close(word.text);
      }
    }
    TemplateNode node;
    node.kind = Kind::kAction;
    TRY(parsed, pipe("command", false));
    node.pipe = std::make_unique<TemplatePipe>(std::move(parsed));
    TRY_VOID(expect_close("command"));
    out.push_back(std::move(node));
    return {};
  }

  Result<void> branch(TemplateNode::Kind kind, std::vector<TemplateNode>& out) {
    const std::string context(take().text);
    const std::size_t variables = variables_.size();
    TemplateNode node;
    node.kind = kind;
    TRY(parsed, pipe(context, kind == TemplateNode::Kind::kRange));
    node.pipe = std::make_unique<TemplatePipe>(std::move(parsed));
    TRY_VOID(expect_close(context));
    std::string stop;
    ranges_ += kind == TemplateNode::Kind::kRange ? 1 : 0;
    TRY(body, block(false, &stop));
    ranges_ -= kind == TemplateNode::Kind::kRange ? 1 : 0;
    node.body = std::move(body);
    if (stop == "else") {
      skip_blanks();
      const Word next = peek();
      const bool chained =
          next.kind == Word::Kind::kIdentifier && next.text == context && kind != TemplateNode::Kind::kRange;
      if (chained) {
        // {{else if}}: one {{end}} for both.
        TRY_VOID(branch(kind, node.otherwise));
        variables_.resize(variables);
        out.push_back(std::move(node));
        return {};
      }
      TRY_VOID(expect_close("else"));
      TRY(otherwise, block(false, &stop));
      if (stop == "else") return fail("expected end; found {{else}}");
      node.otherwise = std::move(otherwise);
    }
    TRY_VOID(expect_close("end"));
    variables_.resize(variables);
    out.push_back(std::move(node));
    return {};
  }

  Result<std::string> template_name(std::string_view context) {
    const Word word = take();
    if (word.kind != Word::Kind::kString) return fail(fmt::format("unexpected {} in {}", quote(word.text), context));
    return string_value(word.text);
  }

  // A body with variables of its own, up to {{end}}.
  Result<void> body_of(const std::string& name) {
    std::vector<std::string> outer{"$"};
    std::swap(outer, variables_);
    const std::size_t ranges = std::exchange(ranges_, 0);
    std::string stop;
    TRY(body, block(false, &stop));
    if (stop == "else") return fail("unexpected {{else}} in define clause");
    TRY_VOID(expect_close("end"));
    std::swap(outer, variables_);
    ranges_ = ranges;
    tree_->defined[name] = std::move(body);
    return {};
  }

  Result<void> define() {
    take();
    TRY(name, template_name("define clause"));
    TRY_VOID(expect_close("define clause"));
    return body_of(name);
  }

  Result<void> call_template(std::vector<TemplateNode>& out) {
    const std::string context(take().text);
    TemplateNode node;
    node.kind = TemplateNode::Kind::kTemplate;
    TRY(name, template_name(context + " clause"));
    node.text = name;
    if (!close_action()) {
      TRY(parsed, pipe(context, false));
      node.pipe = std::make_unique<TemplatePipe>(std::move(parsed));
      TRY_VOID(expect_close(context + " clause"));
    } else if (context == "block") {
      return fail("missing value for block clause");
    }
    out.push_back(std::move(node));
    return context == "block" ? body_of(name) : Result<void>();
  }

  // ---- Pipelines ----

  Result<TemplatePipe> pipe(std::string_view context, bool range) {
    TemplatePipe out;
    if (++depth_ > kDepthMax) return fail("expression is nested too deeply");
    TRY_VOID(declarations(out, range));
    while (true) {
      TRY(parsed, command(context));
      if (!out.commands.empty() && !callable(parsed)) {
        return fail(fmt::format("non executable command in pipeline stage {}", out.commands.size() + 1));
      }
      out.commands.push_back(std::move(parsed));
      skip_blanks();
      if (peek().text != "|") break;
      take();
    }
    --depth_;
    return out;
  }

  static bool callable(const TemplateCommand& command) {
    const TemplateOperand& first = command.operands.front();
    using Kind = TemplateOperand::Kind;
    return first.kind != Kind::kLiteral && first.kind != Kind::kNil;
  }

  // "$x :=", "$x =" or, for range, "$i, $v :=".
  Result<void> declarations(TemplatePipe& out, bool range) {
    skip_blanks();
    const std::size_t start = at_;
    std::vector<std::string> names;
    while (peek().kind == Word::Kind::kVariable && peek().text.find('.') == std::string_view::npos) {
      names.emplace_back(take().text);
      skip_blanks();
      if (peek().text != "," || !range || names.size() == 2) break;
      take();
      skip_blanks();
    }
    const std::string_view sign = peek().text;
    if (names.empty() || (sign != ":=" && sign != "=")) {
      at_ = start;
      return {};
    }
    take();
    pending_.clear();
    for (const std::string& name : names) {
      if (sign == ":=") {
        out.variables.push_back(variables_.size() + pending_.size());
        pending_.push_back(name);
      } else {
        TRY(place, variable(name));
        out.variables.push_back(place);
      }
    }
    // A variable is known behind its declaration only; places are counted ahead.
    for (const std::string& name : pending_) variables_.push_back(name);
    return {};
  }

  Result<std::size_t> variable(std::string_view name) {
    for (std::size_t i = variables_.size(); i-- > 0;) {
      if (variables_[i] == name) return i;
    }
    return fail(fmt::format("undefined variable {}", quote(name)));
  }

  Result<TemplateCommand> command(std::string_view context) {
    TemplateCommand out;
    skip_blanks();
    const std::size_t start = at_;
    while (true) {
      skip_blanks();
      const Word word = peek();
      if (word.text == "|" || word.text == ")" || word.kind == Word::Kind::kEnd || at_close()) break;
      TRY(parsed, operand(context));
      out.operands.push_back(std::move(parsed));
    }
    if (peek().kind == Word::Kind::kEnd && !at_close()) return fail("unclosed action");
    if (out.operands.empty()) return fail(fmt::format("missing value for {}", context));
    out.source = text_.substr(start, at_ - start);
    while (!out.source.empty() && kBlanks.find(out.source.back()) != std::string_view::npos) out.source.pop_back();
    return out;
  }

  bool at_close() const {
    const std::size_t start = std::min(text_.find_first_not_of(kBlanks, at_), text_.size());
    return text_.substr(start, 2) == "}}" ||
           (text_.substr(start, 3) == "-}}" && start > 0 && kBlanks.find(text_[start - 1]) != std::string_view::npos);
  }

  Result<TemplateOperand> operand(std::string_view context) {
    TemplateOperand out;
    using Kind = TemplateOperand::Kind;
    const Word word = peek();
    switch (word.kind) {
      case Word::Kind::kString: {
        take();
        TRY(value, string_value(word.text));
        out.kind = Kind::kLiteral;
        out.literal = std::move(value);
        break;
      }
      case Word::Kind::kNumber:
      case Word::Kind::kChar: {
        take();
        out.kind = Kind::kLiteral;
        TRY_VOID(number(word, out.literal));
        break;
      }
      case Word::Kind::kIdentifier: TRY_VOID(identifier(out)); break;
      case Word::Kind::kVariable: {
        take();
        TRY(place, variable(word.text));
        out.kind = Kind::kVariable;
        out.variable = place;
        if (place == 0 && text_.substr(at_, 1) != ".") tree_->all_labels = true;
        break;
      }
      case Word::Kind::kField: break;  // the dot, its fields follow
      case Word::Kind::kSymbol:
        if (word.text == "(") {
          take();
          TRY(inner, pipe("parenthesized pipeline", false));
          skip_blanks();
          if (peek().text != ")") return fail("unclosed left paren");
          take();
          out.kind = Kind::kPipe;
          out.pipe = std::make_unique<TemplatePipe>(std::move(inner));
          break;
        }
        if (word.text == ".") {
          take();
          tree_->all_labels = true;
          return out;
        }
        return unexpected(context);
      case Word::Kind::kSpace:
      case Word::Kind::kEnd: return unexpected(context);
    }
    while (peek().kind == Word::Kind::kField) {
      out.fields.emplace_back(take().text.substr(1));
      if (out.fields.size() == 1 && (out.kind == Kind::kDot || out.kind == Kind::kVariable))
        tree_->fields.push_back(out.fields[0]);
    }
    if (!out.fields.empty() && (out.kind == Kind::kLiteral || out.kind == Kind::kNil)) {
      return fail(fmt::format("unexpected . after term {}", quote(word.text)));
    }
    return out;
  }

  Result<void> identifier(TemplateOperand& out) {
    const std::string_view name = take().text;
    if (name == "true" || name == "false") {
      out.kind = TemplateOperand::Kind::kLiteral;
      out.literal = name == "true";
      return {};
    }
    if (name == "nil") {
      out.kind = TemplateOperand::Kind::kNil;
      return {};
    }
    out.kind = TemplateOperand::Kind::kFunction;
    out.name = name;
    out.function = find_template_function(name);
    if (out.function == nullptr) return fail(fmt::format("function {} not defined", quote(name)));
    return {};
  }

  Result<std::string> string_value(std::string_view written) const {
    const std::string_view inner = written.substr(1, written.size() - 2);
    if (written.front() == '`') return std::string(inner);
    auto value = unquote(inner);
    if (!value) return fail("invalid syntax");
    return std::move(*value);
  }

  Result<void> number(const Word& word, TemplateValue& out) const {
    if (word.kind == Word::Kind::kChar) {
      const auto inner = unquote(word.text == "'\\''" ? "'" : word.text.substr(1, word.text.size() - 2));
      if (!inner || inner->empty()) return fail(fmt::format("malformed character constant: {}", word.text));
      const Rune rune = decode_rune(*inner);
      if (rune.length != inner->size()) return fail(fmt::format("malformed character constant: {}", word.text));
      out = static_cast<std::int64_t>(rune.code);
      return {};
    }
    std::string_view digits = word.text;
    const bool negative = digits.front() == '-';
    if (negative || digits.front() == '+') digits.remove_prefix(1);
    static constexpr std::array<std::pair<std::string_view, int>, 3> kBases{{{"0x", 16}, {"0o", 8}, {"0b", 2}}};
    int base = 10;
    for (const auto& [prefix, value] : kBases) {
      if (to_lower_ascii(digits.substr(0, 2)) == prefix) base = value;
    }
    if (base != 10) digits.remove_prefix(2);
    std::int64_t whole = 0;
    const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), whole, base);
    if (code == std::errc() && end == digits.data() + digits.size()) {
      out = negative ? -whole : whole;
      return {};
    }
    const auto real = parse_number(word.text);
    if (!real || base != 10) return fail(fmt::format("bad number syntax: {}", quote(word.text)));
    out = *real;
    return {};
  }

  // ---- Words ----

  void skip_blanks() {
    if (at_close()) return;
    at_ = std::min(text_.find_first_not_of(kBlanks, at_), text_.size());
  }

  Word take() {
    if (!at_close()) at_ = std::min(text_.find_first_not_of(kBlanks, at_), text_.size());
    const Word word = peek();
    at_ += word.text.size();
    return word;
  }

  // The word at the current place; blanks are a word, the end of the action or of the text is kEnd.
  Word peek() {
    std::size_t start = at_;
    if (at_close()) return {};
    // Between "{{" and the first word blanks mean nothing.
    while (start < text_.size() && kBlanks.find(text_[start]) != std::string_view::npos) ++start;
    if (start != at_) {
      if (after_value(at_)) return {Word::Kind::kSpace, text_.substr(at_, start - at_)};
      at_ = start;
    }
    if (at_ == text_.size()) return {};
    const char c = text_[at_];
    const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (c == '"' || c == '\'') return quoted(c);
    if (c == '`') {
      const std::size_t end = text_.find('`', at_ + 1);
      return end == std::string_view::npos ? Word{} : word(Word::Kind::kString, end + 1);
    }
    if (is_digit(c) || ((c == '+' || c == '-') && (is_digit(next) || next == '.')) || (c == '.' && is_digit(next))) {
      std::size_t end = at_ + 1;
      while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]) || text_[end] == '.' ||
                                    ((text_[end] == '+' || text_[end] == '-') && (text_[end - 1] | 0x20) == 'e'))) {
        ++end;
      }
      return word(Word::Kind::kNumber, end);
    }
    if (c == '.' && is_letter(next)) return word(Word::Kind::kField, letters(at_ + 1));
    if (c == '$') return word(Word::Kind::kVariable, letters(at_ + 1));
    if (is_letter(c)) return word(Word::Kind::kIdentifier, letters(at_));
    return word(Word::Kind::kSymbol, at_ + (c == ':' && next == '=' ? 2 : 1));
  }

  // A blank behind a value separates it from a field: ".a .b" are two operands.
  bool after_value(std::size_t at) const {
    if (at == 0) return false;
    const char before = text_[at - 1];
    return is_letter(before) || is_digit(before) || before == '"' || before == '`' || before == '\'' || before == ')' ||
           before == '.' || before == '$';
  }

  std::size_t letters(std::size_t end) const {
    while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]))) ++end;
    return end;
  }
  Word word(Word::Kind kind, std::size_t end) const { return {kind, text_.substr(at_, end - at_)}; }
  Word quoted(char mark) const {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != mark && text_[end] != '\n') end += text_[end] == '\\' ? 2 : 1;
    if (end >= text_.size() || text_[end] != mark) return {};
    return word(mark == '"' ? Word::Kind::kString : Word::Kind::kChar, end + 1);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool trim_next_ = false, comment_ = false;
  std::size_t depth_ = 0, ranges_ = 0;
  std::vector<std::string> variables_;  // known here, by place
  std::vector<std::string> pending_;
  std::shared_ptr<Template::Tree> tree_ = std::make_shared<Template::Tree>();
};

}  // namespace

Result<std::shared_ptr<const Template::Tree>> parse_template(std::string_view text) {
  return TreeBuilder(text).build();
}

}  // namespace trilobite::logql
