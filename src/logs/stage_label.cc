#include "logs/stage_label.h"

#include "logs/text.h"

namespace trilobite::logql {

namespace {

template <class T>
bool holds(CompareOp op, T left, T right) {
  switch (op) {
    case CompareOp::kEqual: return left == right;
    case CompareOp::kNotEqual: return left != right;
    case CompareOp::kGreater: return left > right;
    case CompareOp::kGreaterEqual: return left >= right;
    case CompareOp::kLess: return left < right;
    case CompareOp::kLessEqual: return left <= right;
  }
  return false;
}

}  // namespace

Result<LabelTest> LabelTest::compile(const LabelFilter& filter, LabelPlan& plan) {
  LabelTest out;
  out.kind_ = filter.kind;
  for (const LabelFilter& side : filter.sides) {
    TRY(compiled, compile(side, plan));
    out.sides_.push_back(std::move(compiled));
  }
  if (!filter.sides.empty()) return out;
  out.id_ = plan.id(filter.matcher.name);
  out.on_error_ = filter.matcher.name == kErrorLabel;
  out.match_ = filter.matcher.op;
  out.text_ = filter.matcher.value;
  out.compare_ = filter.compare;
  out.number_ = filter.number;
  out.duration_ns_ = filter.duration_ns;
  out.bytes_ = filter.bytes;
  if (filter.kind == LabelFilter::Kind::kString &&
      (out.match_ == MatchOp::kRegex || out.match_ == MatchOp::kNotRegex)) {
    TRY(regex, Regex::compile(out.text_, {.anchored = true}));
    out.regex_ = std::move(regex);
  }
  if (filter.kind == LabelFilter::Kind::kIp) {
    TRY(ip, IpFilter::compile(filter.ip));
    out.ip_ = ip;
  }
  return out;
}

bool LabelTest::matches(std::string_view value) const {
  switch (match_) {
    case MatchOp::kEqual: return value == text_;
    case MatchOp::kNotEqual: return value != text_;
    case MatchOp::kRegex: return regex_->matches(value);
    case MatchOp::kNotRegex: return !regex_->matches(value);
  }
  return false;
}

LabelTest::Verdict LabelTest::compare(std::string_view value) const {
  const auto verdict = [&](const auto& parsed, auto bound) {
    if (!parsed) return Verdict::kInvalid;
    return holds(compare_, *parsed, bound) ? Verdict::kPass : Verdict::kFail;
  };
  switch (kind_) {
    case LabelFilter::Kind::kNumber: return verdict(parse_number(value), number_);
    case LabelFilter::Kind::kDuration: return verdict(parse_go_duration(value), duration_ns_);
    case LabelFilter::Kind::kBytes: return verdict(parse_bytes(value), bytes_);
    case LabelFilter::Kind::kIp:
      return ip_->finds(value) == (compare_ == CompareOp::kEqual) ? Verdict::kPass : Verdict::kFail;
    case LabelFilter::Kind::kString: return matches(value) ? Verdict::kPass : Verdict::kFail;
    case LabelFilter::Kind::kAnd:
    case LabelFilter::Kind::kOr: break;
  }
  CHECK(false);
}

bool LabelTest::passes_number(double value) const {
  // A bound beyond 2^53 stays beyond every such value when it is rounded.
  switch (kind_) {
    case LabelFilter::Kind::kNumber: return holds(compare_, value, number_);
    case LabelFilter::Kind::kDuration: return holds(compare_, value, static_cast<double>(duration_ns_));
    default: return holds(compare_, value, static_cast<double>(bytes_));
  }
}

std::string LabelTest::error_details(std::string_view value) const {
  if (kind_ == LabelFilter::Kind::kDuration) return "time: invalid duration " + quote(value);
  // Of a size, the digits in front are what is read as a number.
  if (kind_ == LabelFilter::Kind::kBytes) value = value.substr(0, value.find_first_not_of("0123456789.,"));
  return "strconv.ParseFloat: parsing " + quote(value) + ": invalid syntax";
}

bool LabelTest::passes(Row& row) const {
  if (kind_ == LabelFilter::Kind::kAnd) {
    // Both sides are looked at, for either may find an invalid value.
    const bool left = sides_[0].passes(row);
    return sides_[1].passes(row) && left;
  }
  if (kind_ == LabelFilter::Kind::kOr) return sides_[0].passes(row) || sides_[1].passes(row);
  if (is_string()) return matches(on_error_ ? row.error() : row.find(id_).value);
  if (!row.error().empty()) return true;
  const Row::Found found = row.find(id_);
  if (!found.present) return false;
  const Verdict verdict = compare(found.value);
  if (verdict == Verdict::kInvalid) row.fail("LabelFilterErr", error_details(found.value));
  return verdict != Verdict::kFail;
}

bool LabelTest::may_pass(const Row& row) const {
  const Row::Found found = row.find(id_);
  if (!is_string() && (!row.error().empty() || !found.present)) return true;
  return compare(found.value) != Verdict::kFail;
}

void LabelTest::names(std::vector<NameId>& out) const {
  if (id_ != kNoName) out.push_back(id_);
  for (const LabelTest& side : sides_) side.names(out);
}

void LabelTest::conjuncts(std::vector<const LabelTest*>& out) const {
  if (kind_ == LabelFilter::Kind::kAnd) {
    for (const LabelTest& side : sides_) side.conjuncts(out);
  } else if (kind_ != LabelFilter::Kind::kOr && !on_error_) {
    out.push_back(this);
  }
}

}  // namespace trilobite::logql
