#include "logs/stage_logfmt.h"

#include <fmt/format.h>

namespace trilobite::logql {

namespace {

constexpr std::string_view kError = "LogfmtParserErr";
constexpr std::string_view kBadQuoted = "logfmt syntax error: invalid quoted value";

// False: the escapes are wrong, which makes a broken pair.
bool value_of(const LogfmtScanner& scanner, Arena& arena, std::string_view& out) {
  if (scanner.escaped()) return json::unescape(scanner.value(), arena, out);
  out = json::valid_utf8(scanner.value(), arena);
  return true;
}

bool is_blank(char c) { return static_cast<unsigned char>(c) <= ' '; }

}  // namespace

bool LogfmtScanner::fail(std::string_view what, std::size_t at) {
  ok_ = false;
  what_ = what;
  error_at_ = at + 1;
  byte_ = at < line_.size() ? line_[at] : '\0';
  while (at_ < line_.size() && !is_blank(line_[at_])) ++at_;
  return true;
}

std::string LogfmtScanner::error() const {
  if (what_.empty()) return fmt::format("logfmt syntax error at pos {} : unexpected '{}'", error_at_, byte_);
  return fmt::format("logfmt syntax error at pos {} : {}", error_at_, what_);
}

bool LogfmtScanner::next() {
  while (at_ < line_.size() && is_blank(line_[at_])) ++at_;
  if (at_ == line_.size()) return false;
  ok_ = true;
  escaped_ = false;
  value_ = {};
  const std::size_t start = at_;
  while (at_ < line_.size() && !is_blank(line_[at_]) && line_[at_] != '=' && line_[at_] != '"') ++at_;
  key_ = line_.substr(start, at_ - start);
  if (at_ < line_.size() && line_[at_] == '"') return fail({}, at_);
  if (at_ == line_.size() || is_blank(line_[at_])) return true;
  if (key_.empty()) return fail({}, at_);
  ++at_;
  if (at_ == line_.size() || is_blank(line_[at_])) return true;
  if (line_[at_] == '"') return quoted_value();
  plain_value();
  return true;
}

void LogfmtScanner::plain_value() {
  const std::size_t start = at_;
  while (at_ < line_.size() && !is_blank(line_[at_])) {
    if (line_[at_] == '=' || line_[at_] == '"') {
      fail({}, at_);
      return;
    }
    ++at_;
  }
  value_ = line_.substr(start, at_ - start);
}

bool LogfmtScanner::quoted_value() {
  const std::size_t start = ++at_;
  while (at_ < line_.size() && line_[at_] != '"') {
    if (line_[at_] == '\\') {
      escaped_ = true;
      ++at_;
    }
    if (at_ < line_.size()) ++at_;
  }
  if (at_ == line_.size()) return fail("unterminated quoted value", at_);
  value_ = line_.substr(start, at_ - start);
  ++at_;
  return true;
}

Result<Logfmt> Logfmt::compile(const LogfmtStage& stage, LabelPlan& plan) {
  Logfmt out;
  out.strict_ = stage.strict;
  out.keep_empty_ = stage.keep_empty;
  for (const Extraction& extraction : stage.extractions) {
    const std::string& key = extraction.expression;
    const auto fail = [&](std::string_view text) {
      return error(Code::kInvalid, "cannot parse expression [{}]: syntax error: unexpected {}", key, text);
    };
    if (key.empty()) return fail("$end, expecting STRING or KEY");
    for (const char c : key) {
      const bool letter = c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (!letter && static_cast<unsigned char>(c) < 0x80) return fail("KEY");
    }
    out.targets_.push_back({plan.id(extraction.label), key});
  }
  return out;
}

bool Logfmt::run(Row& row, std::string_view& line, StageScratch& scratch) const {
  if (row.parse_nothing()) return true;
  return targets_.empty() ? run_all(row, line) : run_targets(row, line, scratch);
}

bool Logfmt::run_all(Row& row, std::string_view line) const {
  LogfmtScanner scanner(line);
  while (scanner.next()) {
    std::string_view value;
    if (!scanner.ok() || (strict_ && !value_of(scanner, row.arena(), value))) {
      if (!strict_) continue;
      row.fail(kError, scanner.ok() ? kBadQuoted : scanner.error());
      return true;
    }
    const NameId id = row.field(scanner.key());
    const NameId target = id == kNoName ? kNoName : row.target(id);
    if (target == kNoName || !value_of(scanner, row.arena(), value)) continue;
    if (value.empty() && !keep_empty_) continue;
    const Extracted extracted = row.put(target, value);
    if (extracted == Extracted::kDrop) return false;
    if (extracted == Extracted::kComplete) return true;
  }
  return true;
}

bool Logfmt::run_targets(Row& row, std::string_view line, StageScratch& scratch) const {
  for (const Target& target : targets_) {
    if (!row.base_has(target.id)) row.set(target.id, LabelCategory::kParsed, "");
  }
  LogfmtScanner scanner(line);
  while (scanner.next()) {
    if (!scanner.ok()) {
      if (!strict_) continue;
      row.fail(kError, scanner.error());
      return true;
    }
    scratch.key.clear();
    append_label_name(scratch.key, scanner.key(), false);
    for (const Target& target : targets_) {
      if (target.key != scratch.key) continue;
      std::string_view value;
      if (!value_of(scanner, row.arena(), value)) continue;
      row.set(row.base_has(target.id) ? row.extracted_name(target.id) : target.id, LabelCategory::kParsed, value);
    }
  }
  return true;
}

}  // namespace trilobite::logql
