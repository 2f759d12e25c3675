#include "cli/line_printer.h"

#include <algorithm>
#include <array>

#include "base/hash.h"
#include "base/json_writer.h"

namespace trilobite::cli {
namespace {

constexpr std::size_t kWidthMax = 100;  // labels that are longer do not push the lines of others to the right
constexpr std::string_view kReset = "\x1b[0m";
constexpr std::string_view kTimeColor = "\x1b[34m";
constexpr std::array<std::string_view, 6> kStreamColors{"\x1b[31m", "\x1b[32m", "\x1b[33m",
                                                        "\x1b[35m", "\x1b[36m", "\x1b[91m"};

bool contains(const std::vector<std::string>& list, const std::string& name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// The length of a color sequence (ESC [ digits and ; m) at the front of `text`; 0 when there is none.
std::size_t color_length(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  const std::size_t end = text.find_first_not_of("0123456789;", 2);
  return end != std::string_view::npos && text[end] == 'm' ? end + 1 : 0;
}

void print_json(const LogEntry& entry, const Labels& labels, const TimeStyle& style, std::string& out) {
  JsonWriter json(out);
  json.begin_object().key("labels").begin_object();
  for (const auto& [name, value] : labels) json.key(name).string(value);
  json.end_object().key("line").string(entry.line).key("timestamp");
  const TimeForm form = style.form == TimeForm::kSeconds ? TimeForm::kNanoseconds : style.form;
  json.string(format_time(entry.time, {form, style.zone})).end_object();
  out += '\n';
}

}  // namespace

std::string terminal_safe(std::string_view text) {
  std::string out;
  bool colored = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (const std::size_t color = color_length(text.substr(i)); color > 0) {
      out += text.substr(i, color);
      i += color - 1;
      colored = true;
    } else if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(text[++i]));  // C1 controls in UTF-8
    } else if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7F) {
      out += fmt::format("\\x{:02x}", c);
    } else {
      out += text[i];
    }
  }
  if (colored) out += kReset;
  return out;
}

Labels LinePrinter::shown(const Labels& labels) const {
  Labels out;
  for (const auto& label : labels) {
    if (!options_.include.empty() && !contains(options_.include, label.first)) continue;
    if (contains(options_.exclude, label.first)) continue;
    if (std::binary_search(common_.begin(), common_.end(), label)) continue;
    out.push_back(label);
  }
  return out;
}

void LinePrinter::look_at(const std::vector<LogEntry>& entries) {
  if (entries.empty() || options_.form != OutputForm::kDefault) return;
  if (!options_.common_labels) {
    common_ = *entries.front().labels;
    const Labels* last = entries.front().labels.get();
    for (const LogEntry& entry : entries) {
      if (entry.labels.get() == last) continue;
      last = entry.labels.get();
      Labels both;
      std::set_intersection(common_.begin(), common_.end(), last->begin(), last->end(), std::back_inserter(both));
      common_ = std::move(both);
    }
  }
  for (const LogEntry& entry : entries) {
    width_ = std::max(width_, std::min(kWidthMax, to_string(shown(*entry.labels)).size()));
  }
}

void LinePrinter::print(const LogEntry& entry, std::string& out) const {
  if (options_.form == OutputForm::kJsonl) return print_json(entry, shown(*entry.labels), options_.time, out);
  std::string_view line = entry.line;
  while (line.ends_with('\n')) line.remove_suffix(1);
  const auto text = [this](std::string_view raw) { return options_.terminal ? terminal_safe(raw) : std::string(raw); };
  if (options_.form == OutputForm::kRaw) {
    out += text(line) + "\n";
    return;
  }
  const auto colored = [this](std::string_view color, const std::string& inner) {
    return options_.colors ? fmt::format("{}{}{}", color, inner, kReset) : inner;
  };
  out += colored(kTimeColor, format_time(entry.time, options_.time)) + " ";
  if (options_.labels) {
    const std::string labels = to_string(shown(*entry.labels));
    out += colored(kStreamColors[hash64(labels) % kStreamColors.size()], text(labels));
    out.append(width_ - std::min(width_, labels.size()) + 1, ' ');
  }
  out += text(line) + "\n";
}

}  // namespace trilobite::cli
