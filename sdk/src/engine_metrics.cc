#include <trilobite/engine_metrics.h>

#include <algorithm>
#include <memory>
#include <span>
#include <utility>

#include <fmt/format.h>

#include <trilobite/log.h>
#include <trilobite/metric_names.h>

#include "exposition_format.h"
#include "registry_state.h"

namespace trilobite::instruments {
namespace {

constexpr log::Target kLog{"trilobite::metrics"};

bool is_blank(char c) { return c == ' ' || c == '\t'; }

bool has_any_prefix(std::string_view text, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return text.starts_with(prefix); });
}

// Those to inject, strongest first, without empty ones.
Labels injected_labels(const EngineOptions& options) {
  Labels out;
  const auto add = [&](std::string_view name, const std::string& value) {
    if (!value.empty()) out.push_back({std::string(name), value});
  };
  add(names::label::kNamespace, options.name_space);
  add(names::label::kComponent, options.component);
  add(names::label::kEndpoint, options.endpoint);
  add(names::label::kModel, options.model);
  add("model_name", options.model);
  const std::size_t automatic = out.size();
  for (const Label& label : options.labels) {
    const auto end = out.begin() + static_cast<std::ptrdiff_t>(automatic);
    if (std::none_of(out.begin(), end, [&](const Label& known) { return known.name == label.name; }))
      out.push_back(label);
  }
  return out;
}

std::string check_labels(const EngineOptions& options) {
  for (std::size_t i = 0; i < options.labels.size(); ++i) {
    const std::string& name = options.labels[i].name;
    if (name == "le" || name == "quantile")
      return fmt::format("label '{}' cannot be injected: it belongs to histograms and summaries themselves", name);
    if (sanitize_label_name(name) != name) return fmt::format("'{}' is not a valid label name", name);
    for (std::size_t k = 0; k < i; ++k)
      if (options.labels[k].name == name) return fmt::format("Duplicate label key '{}' found in labels", name);
  }
  return {};
}

// Reads the names of a sample's labels; where they end, others can be written.
class SampleReader {
 public:
  explicit SampleReader(std::string_view line) : line_(line) {}

  // False: this is no sample.
  bool read() {
    at_ = std::min(line_.find_first_of("{ \t"), line_.size());
    name_end_ = at_;
    skip_blanks();
    if (at_ < line_.size() && line_[at_] == '{') {
      ++at_;
      if (!read_labels()) return false;
      skip_blanks();
    } else if (name_end_ == 0) {
      return false;
    }
    return at_ < line_.size();  // a value follows
  }

  bool has_braces() const { return close_ != 0; }
  std::size_t name_end() const { return name_end_; }
  std::size_t close() const { return close_; }  // the place of the closing brace
  bool needs_comma() const { return needs_comma_; }
  bool has(std::string_view name) const { return std::find(names_.begin(), names_.end(), name) != names_.end(); }

 private:
  void skip_blanks() {
    while (at_ < line_.size() && is_blank(line_[at_])) ++at_;
  }

  // Behind the opening brace.
  bool read_labels() {
    for (;;) {
      skip_blanks();
      if (at_ == line_.size()) return false;
      if (line_[at_] == '}') {
        close_ = at_++;
        return true;
      }
      std::string_view name;
      if (line_[at_] == '"') {
        if (!read_quoted(name)) return false;  // a name that needs quotes; the metric's own has no value
      } else {
        const std::size_t start = at_;
        at_ = std::min(line_.find_first_of("=,{} \t\"", at_), line_.size());
        name = line_.substr(start, at_ - start);
        if (name.empty() || !at('=')) return false;
      }
      if (at('=')) {
        ++at_;
        skip_blanks();
        std::string_view value;
        if (at_ == line_.size() || line_[at_] != '"' || !read_quoted(value)) return false;
        names_.push_back(name);
      }
      needs_comma_ = true;
      skip_blanks();
      if (at_ < line_.size() && line_[at_] == ',') {
        ++at_;
        needs_comma_ = false;
      } else if (at_ == line_.size() || line_[at_] != '}') {
        return false;
      }
    }
  }
  bool at(char c) {
    skip_blanks();
    return at_ < line_.size() && line_[at_] == c;
  }
  bool read_quoted(std::string_view& inside) {
    const std::size_t start = ++at_;
    while (at_ < line_.size() && line_[at_] != '"') at_ += line_[at_] == '\\' ? 2 : 1;
    if (at_ >= line_.size()) return false;
    inside = line_.substr(start, at_++ - start);
    return true;
  }

  const std::string_view line_;
  std::size_t at_ = 0;
  std::size_t name_end_ = 0;
  std::size_t close_ = 0;
  bool needs_comma_ = false;
  std::vector<std::string_view> names_;
};

// False: the line is no sample.
bool append_sample(std::string& out, std::string_view line, const Labels& labels) {
  SampleReader sample(line);
  if (!sample.read()) return false;
  Labels missing;
  for (const Label& label : labels)
    if (!sample.has(label.name)) missing.push_back(label);
  const std::size_t place = sample.has_braces() ? sample.close() : sample.name_end();
  out += line.substr(0, place);
  if (!missing.empty()) {
    if (!sample.has_braces()) out += '{';
    if (sample.needs_comma()) out += ',';
    append_labels(out, missing);
    if (!sample.has_braces()) out += '}';
  }
  out += line.substr(place);
  out += '\n';
  return true;
}

// What the prefixes are compared with: the metric's name at the start of a sample, or behind HELP and TYPE.
std::string_view subject_of(std::string_view line) {
  for (const std::string_view keyword : {"# HELP ", "# TYPE ", "# UNIT "})
    if (line.starts_with(keyword)) return line.substr(keyword.size());
  return line;
}

}  // namespace

TextOrError engine_text(std::string_view exposition, const EngineOptions& options) {
  TextOrError out;
  if (exposition.size() > options.bytes_max) {
    out.error = fmt::format("the engine's exposition has {} bytes, more than {}", exposition.size(), options.bytes_max);
    return out;
  }
  const Labels labels = injected_labels(options);
  std::size_t number = 0;
  while (!exposition.empty()) {
    const std::size_t end = exposition.find('\n');
    std::string_view line = exposition.substr(0, end);
    exposition.remove_prefix(end == std::string_view::npos ? exposition.size() : end + 1);
    ++number;
    while (!line.empty() && (is_blank(line.back()) || line.back() == '\r')) line.remove_suffix(1);
    if (line.empty() || line == "# EOF") continue;  // the end of OpenMetrics is not the end of ours
    const std::string_view subject = subject_of(line);
    if (!options.include_prefixes.empty() && !has_any_prefix(subject, options.include_prefixes)) continue;
    if (has_any_prefix(subject, options.exclude_prefixes)) continue;
    if (line.front() == '#') {
      out.text += line;
      out.text += '\n';
    } else if (!append_sample(out.text, line, labels)) {
      out.text.clear();
      out.error = fmt::format("line {} of the engine's exposition is no sample: {}", number, line.substr(0, 100));
      return out;
    }
  }
  return out;
}

std::string pass_through(const Registry& registry, Callback<TextOrError()> exposition, EngineOptions options) {
  if (std::string error = check_labels(options); !error.empty()) return error;
  const std::vector<std::string>& path = registry.state().path;
  if (options.name_space.empty() && !path.empty()) options.name_space = sanitize_label_name(path[0]);
  if (options.component.empty() && path.size() > 1) options.component = sanitize_label_name(path[1]);
  const Labels injected = injected_labels(options);
  for (const Label& label : options.labels) {
    if (std::find(injected.begin(), injected.end(), label) == injected.end())
      kLog.warn("Label '{}' of an engine's metrics is automatic; the given value is not used", label.name,
                log::kv("value", label.value));
  }
  registry.add_text_callback([exposition = std::move(exposition), options = std::move(options)]() -> TextOrError {
    TextOrError all = exposition();
    return all.ok() ? engine_text(all.text, options) : std::move(all);
  });
  return {};
}

}  // namespace trilobite::instruments
