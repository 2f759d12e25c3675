// label_replace and label_join: labels change, samples do not.
#include <re2/re2.h>

#include <map>

#include "metrics/annotation_texts.h"
#include "metrics/function_table.h"
#include "metrics/label_algebra.h"

namespace trilobite::metrics {
namespace {

Result<void> check_label(std::string_view name, std::string_view what, std::string_view function) {
  if (is_label_name(name)) return {};
  return error(Code::kInternal, "invalid {} label name in {}(): {}", what, function, name);
}

// A replacement with references to groups: $1, ${1}, $name, ${name}; $$ is a dollar.
class Template {
 public:
  Template(std::string_view text, const RE2& regex) {
    while (!text.empty()) {
      const std::size_t dollar = text.find('$');
      add_text(text.substr(0, dollar));
      if (dollar == text.npos) break;
      text.remove_prefix(dollar + 1);
      text.remove_prefix(add_reference(text, regex));
    }
  }

  std::string expand(const std::vector<re2::StringPiece>& groups) const {
    std::string out;
    for (const Piece& piece : pieces_) {
      if (piece.group < 0) {
        out += piece.text;
      } else if (static_cast<std::size_t>(piece.group) < groups.size()) {
        out.append(groups[static_cast<std::size_t>(piece.group)].data(),
                   groups[static_cast<std::size_t>(piece.group)].size());
      }
    }
    return out;
  }

 private:
  struct Piece {
    int group = -1;  // -1: text
    std::string text;
  };
  static constexpr int kNoGroup = 1 << 20;  // a reference to nothing: empty

  void add_text(std::string_view text) {
    if (!text.empty()) pieces_.push_back({-1, std::string(text)});
  }
  static bool is_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

  // `text` is what follows the dollar. Returns how much of it belongs to the reference.
  std::size_t add_reference(std::string_view text, const RE2& regex) {
    if (text.starts_with('$')) {
      add_text("$");
      return 1;
    }
    const bool braced = text.starts_with('{');
    const std::size_t start = braced ? 1 : 0;
    std::size_t end = start;
    while (end < text.size() && is_name(text[end])) ++end;
    const bool complete = end > start && (!braced || (end < text.size() && text[end] == '}'));
    if (!complete) {
      add_text("$");
      return 0;
    }
    pieces_.push_back({group_of(text.substr(start, end - start), regex), {}});
    return end + (braced ? 1 : 0);
  }
  static int group_of(std::string_view name, const RE2& regex) {
    const bool number = name.find_first_not_of("0123456789") == name.npos;
    if (number && name.size() < 6) return std::stoi(std::string(name));
    const auto& names = regex.NamedCapturingGroups();
    const auto found = names.find(std::string(name));
    return found == names.end() ? kNoGroup : found->second;
  }

  std::vector<Piece> pieces_;
};

void set_label(StepSeries& series, const std::string& name, std::string_view value) {
  LabelBuilder builder(series.labels);
  builder.set(name, value);
  series.labels = builder.build();
  if (name == kMetricName) series.drop_name = false;  // a name set on purpose stays
}

Result<StepVector> label_replace(Evaluator& evaluator, const Expr&, const Call& call) {
  const std::string& target = string_of(*call.arguments[1]);
  const std::string& replacement = string_of(*call.arguments[2]);
  const std::string& source = string_of(*call.arguments[3]);
  const std::string& pattern = string_of(*call.arguments[4]);
  RE2::Options options(RE2::Quiet);
  options.set_dot_nl(true);
  const RE2 regex("^(?s:" + pattern + ")$", options);
  if (!regex.ok()) return error(Code::kInternal, "invalid regular expression in label_replace(): {}", pattern);
  TRY_VOID(check_label(target, "destination", "label_replace"));
  TRY(result, evaluator.vector(*call.arguments[0]));
  const Template expansion(replacement, regex);
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) + 1);
  for (StepSeries& series : result.series) {
    const std::string value(series.labels.get(source));
    const bool matches =
        regex.Match(value, 0, value.size(), RE2::ANCHOR_BOTH, groups.data(), static_cast<int>(groups.size()));
    if (matches) set_label(series, target, expansion.expand(groups));
  }
  TRY_VOID(join_equal_labels(result));
  return result;
}

Result<StepVector> label_join(Evaluator& evaluator, const Expr&, const Call& call) {
  const std::string& target = string_of(*call.arguments[1]);
  const std::string& separator = string_of(*call.arguments[2]);
  TRY_VOID(check_label(target, "destination", "label_join"));
  std::vector<std::string> sources;
  for (std::size_t i = 3; i < call.arguments.size(); ++i) {
    sources.push_back(string_of(*call.arguments[i]));
    TRY_VOID(check_label(sources.back(), "source", "label_join"));
  }
  TRY(result, evaluator.vector(*call.arguments[0]));
  for (StepSeries& series : result.series) {
    std::string joined;
    for (std::size_t i = 0; i < sources.size(); ++i) {
      if (i > 0) joined += separator;
      joined += series.labels.get(sources[i]);
    }
    set_label(series, target, joined);
  }
  TRY_VOID(join_equal_labels(result));
  return result;
}

constexpr Function kFunctions[] = {
    {.name = "label_replace", .vector = label_replace},
    {.name = "label_join", .vector = label_join},
};

}  // namespace

std::span<const Function> label_functions() { return kFunctions; }

}  // namespace trilobite::metrics
