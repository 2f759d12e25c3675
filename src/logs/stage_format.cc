#include "logs/stage_format.h"

#include <algorithm>
#include <array>
#include <map>

#include "logs/stage_line.h"

namespace trilobite::logql {

namespace {

constexpr std::string_view kError = "TemplateFormatErr";

// The row as it is now.
class RowInput final : public TemplateInput {
 public:
  explicit RowInput(const Row& row) : row_(row) {}
  std::string_view label(std::string_view name) const override { return row_.find(name).value; }
  std::vector<std::pair<std::string_view, std::string_view>> labels() const override {
    std::vector<std::pair<std::string_view, std::string_view>> out;
    row_.for_each([&](NameId id, std::string_view value, LabelCategory) { out.emplace_back(row_.name(id), value); });
    std::sort(out.begin(), out.end());
    return out;
  }

 private:
  const Row& row_;
};

// The labels as they were at one moment.
class CopiedInput final : public TemplateInput {
 public:
  explicit CopiedInput(const Row& row) : labels_(RowInput(row).labels()) {}
  std::string_view label(std::string_view name) const override {
    const auto found = std::lower_bound(labels_.begin(), labels_.end(), name,
                                        [](const auto& a, std::string_view b) { return a.first < b; });
    return found != labels_.end() && found->first == name ? found->second : std::string_view();
  }
  std::vector<std::pair<std::string_view, std::string_view>> labels() const override { return labels_; }

 private:
  std::vector<std::pair<std::string_view, std::string_view>> labels_;
};

void set_row(TemplateInput& input, const Row& row, std::string_view line, TimeNs now) {
  input.line = line;
  input.time = row.time();
  input.now = now;
}

}  // namespace

Result<LineFormat> LineFormat::compile(const LineFormatStage& stage, TimeNs now) {
  auto compiled = Template::compile(stage.text);
  if (!compiled.ok()) return std::move(compiled).error().within("invalid line template");
  return LineFormat(std::move(*compiled), now);
}

bool LineFormat::run(Row& row, std::string_view& line, StageScratch& scratch) const {
  RowInput input(row);
  set_row(input, row, line, now_);
  scratch.prefix.clear();
  if (const auto done = template_.execute(input, scratch.prefix); !done.ok()) {
    row.fail(kError, done.error().message);
    return true;
  }
  line = row.arena().copy(scratch.prefix);
  return true;
}

Result<LabelFormat> LabelFormat::compile(const LabelFormatStage& stage, LabelPlan& plan, TimeNs now) {
  LabelFormat out;
  out.now_ = now;
  for (const LabelFormatStage::Format& format : stage.formats) {
    if (format.label == kErrorLabel) return error(Code::kInvalid, "{} cannot be formatted", format.label);
    Format one;
    one.to = plan.id(format.label);
    for (const Format& other : out.formats_) {
      if (other.to == one.to) {
        return error(Code::kInvalid, "multiple label name '{}' not allowed in a single format operation", format.label);
      }
    }
    if (format.rename) {
      one.from = plan.id(format.value);
    } else {
      auto compiled = Template::compile(format.value);
      if (!compiled.ok()) {
        return error(Code::kInvalid, "invalid template for label '{}': {}", format.label, compiled.error().message);
      }
      one.text = std::move(*compiled);
    }
    out.formats_.push_back(std::move(one));
  }
  return out;
}

bool LabelFormat::run(Row& row, std::string_view& line, StageScratch& scratch) const {
  // Templates of one stage all see the labels as they were when the first of them ran.
  std::optional<CopiedInput> copied;
  const auto write = [&](const TemplateInput& input, const Format& format) {
    scratch.prefix.clear();
    if (const auto done = format.text->execute(input, scratch.prefix); !done.ok()) {
      row.fail(kError, done.error().message);
    } else {
      row.set(format.to, LabelCategory::kParsed, row.arena().copy(scratch.prefix));
    }
  };
  for (const Format& format : formats_) {
    if (!format.text) {
      if (const Row::Found found = row.find(format.from); found.present) {
        // Structured metadata under another name is none any more.
        const bool metadata = found.category == LabelCategory::kMetadata;
        row.set(format.to, metadata ? LabelCategory::kParsed : found.category, found.value);
        row.remove(format.from);
      }
    } else if (formats_.size() == 1) {
      RowInput input(row);
      set_row(input, row, line, now_);
      write(input, format);
    } else {
      if (!copied) {
        copied.emplace(row);
        set_row(*copied, row, line, now_);
      }
      write(*copied, format);
    }
  }
  return true;
}

// ---- decolorize ---------------------------------------------------------------------------------------------------

Result<Decolorize> Decolorize::compile() {
  // ESC or CSI, then either a control string that BEL ends, or parameters and a final letter.
  TRY(regex,
      Regex::compile("[\\x{1B}\\x{9B}][\\[\\]()#;?]*"
                     "(?:(?:[a-zA-Z\\d]*(?:;[a-zA-Z\\d]*)*)?\\x{07}|(?:\\d{1,4}(?:;\\d{0,4})*)?[\\dA-PRZcf-ntqry=><~])",
                     {}));
  return Decolorize(std::move(regex));
}

bool Decolorize::run(Row& row, std::string_view& line, StageScratch& scratch) const {
  if (!contains(line, "\x1B") && !contains(line, "\xC2\x9B")) return true;
  scratch.prefix.clear();
  std::array<std::string_view, 1> match;
  std::size_t done = 0;
  while (sequence_.find(line, done, match)) {
    const auto start = static_cast<std::size_t>(match[0].data() - line.data());
    scratch.prefix.append(line.substr(done, start - done));
    done = start + match[0].size();
  }
  scratch.prefix.append(line.substr(done));
  line = row.arena().copy(scratch.prefix);
  return true;
}

}  // namespace trilobite::logql
