#include "recorder_line.h"

#include <charconv>

#include "json.h"

namespace trilobite {
namespace {

// The size of the string at the start of valid JSON, quotes included.
std::size_t string_size(std::string_view text) {
  std::size_t i = 1;
  while (text[i] != '"') i += text[i] == '\\' ? 2 : 1;
  return i + 1;
}

// The size of the value at the start of compact JSON; what follows it is a comma or a closing bracket.
std::size_t value_size(std::string_view text) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      i += string_size(text.substr(i)) - 1;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if ((c == ',' || c == '}' || c == ']') && depth == 0) {
      return i;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return text.size();
}

}  // namespace

bool parse_recorded_line(std::string_view text, RecordedLine& line, std::string& error) {
  std::string compact;
  if (!log::append_if_json(compact, text)) {
    error = "not JSON";
    return false;
  }
  if (compact.front() != '{') {
    error = "not an object";
    return false;
  }
  bool has_timestamp = false, has_event = false;
  std::string_view rest = std::string_view(compact).substr(1);
  while (rest.front() == '"') {
    const std::size_t colon = string_size(rest);
    const std::string_view key = rest.substr(1, colon - 2);
    rest.remove_prefix(colon + 1);
    const std::string_view value = rest.substr(0, value_size(rest));
    if (key == "timestamp") {
      const auto read = std::from_chars(value.data(), value.data() + value.size(), line.timestamp_ms);
      if (has_timestamp || read.ec != std::errc() || read.ptr != value.data() + value.size()) {
        error = has_timestamp ? "two timestamps" : "the timestamp is no number of milliseconds";
        return false;
      }
      has_timestamp = true;
    } else if (key == "event") {
      if (has_event) {
        error = "two events";
        return false;
      }
      line.event = value;
      has_event = true;
    }
    rest.remove_prefix(value.size() + (rest[value.size()] == ',' ? 1 : 0));
  }
  if (!has_timestamp || !has_event) error = has_event ? "missing field `timestamp`" : "missing field `event`";
  return has_timestamp && has_event;
}

std::string recorded_file_path(const std::string& path, std::uint64_t index) {
  if (index == 0) return path;
  const std::size_t dot = path.rfind('.');
  const std::string number = std::to_string(index);
  return dot == std::string::npos ? path + number : path.substr(0, dot) + number + path.substr(dot);
}

}  // namespace trilobite
