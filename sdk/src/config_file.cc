// The only place that knows TOML.
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "config_source.h"
#include "output_list.h"

namespace trilobite::log {
namespace {

// Reads tables into settings; what it returns is whether that went well, and then error says what did not.
class SettingsReader {
 public:
  SettingsReader(const std::string& path, FileSettings& settings) : path_(path), settings_(settings) {}

  bool read(const toml::table& table) {
    const toml::node* const level = table.get("log_level");
    const toml::node* const filters = table.get("log_filters");
    const toml::node* const outputs = table.get("log_outputs");
    return (level == nullptr || read_text(*level, "log_level", settings_.log_level)) &&
           (filters == nullptr || read_filters(*filters)) && (outputs == nullptr || read_outputs(*outputs));
  }
  std::string error;

 private:
  bool fail(const toml::node& at, const std::string& text) {
    error = path_ + ":" + std::to_string(at.source().begin.line) + ": " + text;
    return false;
  }

  bool read_text(const toml::node& node, const std::string& key, std::string& text) {
    if (!node.is_string()) return fail(node, key + " must be a string");
    text = node.as_string()->get();
    return true;
  }

  bool read_filters(const toml::node& filters) {
    if (!filters.is_table()) return fail(filters, "log_filters must be a table");
    for (const auto& [module, level] : *filters.as_table()) {
      const std::string name(module.str());
      if (!read_text(level, "the level of log_filters." + name, settings_.log_filters[name])) return false;
    }
    return true;
  }

  // The text of the environment, or a table for each output.
  bool read_outputs(const toml::node& outputs) {
    if (outputs.is_string()) {
      std::vector<Output> found;
      const std::string wrong = parse_outputs(outputs.as_string()->get(), found);
      if (!wrong.empty()) return fail(outputs, "log_outputs: " + wrong);
      for (Output& output : found) settings_.log_outputs.push_back({.output = std::move(output)});
      return true;
    }
    const toml::array* const list = outputs.as_array();
    if (list == nullptr || list->empty()) {
      return fail(outputs, "log_outputs must be a string, as in TRILOBITE_LOG_OUTPUT, or tables [[log_outputs]]");
    }
    for (const toml::node& entry : *list) {
      if (!entry.is_table()) return fail(entry, "log_outputs must consist of tables");
      if (!read_output(*entry.as_table())) return false;
    }
    return true;
  }

  bool read_output(const toml::table& table) {
    FileOutput read;
    const toml::node* const to = table.get("to");
    if (to == nullptr) return fail(table, "an output in log_outputs needs the key `to`");
    std::string name;
    if (!read_text(*to, "log_outputs.to", name)) return false;
    if (const std::string wrong = read_destination(name, read.output); !wrong.empty()) {
      return fail(*to, "log_outputs.to: " + wrong);
    }
    for (const auto& [key, value] : table) {
      if (key.str() != "to" && !read_option(std::string(key.str()), value, read)) return false;
    }
    settings_.log_outputs.push_back(std::move(read));
    return true;
  }

  bool read_option(const std::string& key, const toml::node& value, FileOutput& read) {
    const std::string name = "log_outputs." + key;
    if (key == "format") {
      std::string text;
      if (!read_text(value, name, text)) return false;
      if (text != "readable" && text != "jsonl") {
        return fail(value, name + " must be \"readable\" or \"jsonl\", not \"" + text + "\"");
      }
      read.has_format = true;
      read.output.format = text == "jsonl" ? LineFormat::kJsonl : LineFormat::kReadable;
      return true;
    }
    if (key == "color") {
      std::string text;
      if (!read_text(value, name, text)) return false;
      if (text != "auto" && text != "always" && text != "never") {
        return fail(value, name + " must be \"auto\", \"always\" or \"never\", not \"" + text + "\"");
      }
      read.output.color = text == "auto" ? Color::kAuto : text == "always" ? Color::kAlways : Color::kNever;
      return true;
    }
    return read_rotation_option(key, value, read.output);
  }

  bool read_rotation_option(const std::string& key, const toml::node& value, Output& output) {
    const std::string name = "log_outputs." + key;
    const bool known = key == "bytes" || key == "lines" || key == "interval" || key == "keep" || key == "gzip";
    if (!known) {
      return fail(value,
                  name + " is unknown: expected to, format, color, bytes, lines, interval, keep or gzip");
    }
    if (output.destination != Output::Destination::kFile) {
      return fail(value, name + " is for files only: `to` must be a path with a `/`");
    }
    if (key == "gzip") {
      if (!value.is_boolean()) return fail(value, name + " must be true or false");
      output.rotation.gzip = value.as_boolean()->get();
      return true;
    }
    const std::string text = value.is_string()    ? value.as_string()->get()
                             : value.is_integer() ? std::to_string(value.as_integer()->get())
                                                  : std::string();
    if (read_rotation(key, text, output.rotation)) return true;
    const char* const expected = key == "bytes"      ? "a size such as \"100M\""
                                 : key == "interval" ? "a time such as \"1d\" or \"6h\""
                                                     : "a whole number above 0";
    return fail(value, name + " must be " + expected + (text.empty() ? "" : ", not `" + text + "`"));
  }

  const std::string& path_;
  FileSettings& settings_;
};

}  // namespace

Outcome<FileSettings> read_settings_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (errno == ENOENT || errno == ENOTDIR) return FileSettings{};
    return Error{"cannot read " + path + ": " + std::strerror(errno)};
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad()) return Error{"cannot read " + path};

  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const auto& error = parsed.error();
    return Error{path + ":" + std::to_string(error.source().begin.line) + ": " + std::string(error.description())};
  }
  FileSettings settings;
  SettingsReader reader(path, settings);
  if (!reader.read(parsed.table())) return Error{reader.error};
  return settings;
}

}  // namespace trilobite::log
