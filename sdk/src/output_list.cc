#include "output_list.h"

#include <charconv>
#include <cstdint>
#include <utility>
#include <vector>

namespace trilobite::log {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::pair<std::string_view, std::string_view> cut(std::string_view text, char at) {
  const std::size_t found = text.find(at);
  if (found == std::string_view::npos) return {text, {}};
  return {text.substr(0, found), text.substr(found + 1)};
}

// A positive number with a unit: k, M, G (1024) for bytes; s, m, h, d for times.
bool read_amount(std::string_view text, std::string_view units, const std::uint64_t (&factors)[4], std::uint64_t& out) {
  std::uint64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc() || number == 0) return false;
  const std::string_view unit(read.ptr, static_cast<std::size_t>(text.data() + text.size() - read.ptr));
  std::uint64_t factor = 1;
  if (!unit.empty()) {
    const std::size_t found = unit.size() == 1 ? units.find(unit.front()) : std::string_view::npos;
    if (found == std::string_view::npos) return false;
    factor = factors[found];
  }
  return !__builtin_mul_overflow(number, factor, &out) && out <= INT64_MAX;
}

}  // namespace

bool read_rotation(std::string_view name, std::string_view value, Rotation& rotation) {
  constexpr std::uint64_t kBytes[4] = {1 << 10, 1 << 20, 1 << 30, 0}, kSeconds[4] = {1, 60, 3'600, 86'400};
  constexpr std::uint64_t kPlain[4] = {};
  std::uint64_t number = 0;
  if (name == "gzip" && value.empty()) {
    rotation.gzip = true;
  } else if (name == "bytes" && read_amount(value, "kMG", kBytes, number)) {
    rotation.bytes_max = number;
  } else if (name == "lines" && read_amount(value, "", kPlain, number)) {
    rotation.lines_max = number;
  } else if (name == "interval" && read_amount(value, "smhd", kSeconds, number)) {
    rotation.interval_s = static_cast<std::int64_t>(number);
  } else if (name == "keep" && read_amount(value, "", kPlain, number) && number <= INT32_MAX) {
    rotation.files_max = static_cast<int>(number);
  } else {
    return false;
  }
  return true;
}

std::string read_destination(std::string_view name, Output& output) {
  if (name == "stderr") {
    output.destination = Output::Destination::kStandardError;
  } else if (name == "stdout") {
    output.destination = Output::Destination::kStandardOutput;
  } else if (name == "syslog") {
    output.destination = Output::Destination::kSyslog;
  } else if (name == "journal") {
    output.destination = Output::Destination::kJournal;
  } else if (name.find('/') == std::string_view::npos) {
    return "`" + std::string(name) +
           "` is no log output: expected stderr, stdout, syslog, journal or a path with a `/`";
  } else {
    output.destination = Output::Destination::kFile;
    output.path = std::string(name);
  }
  return {};
}

std::string parse_outputs(std::string_view text, std::vector<Output>& outputs) {
  std::vector<Output> found;
  for (std::string_view rest = text; !rest.empty();) {
    const auto [piece, after] = cut(rest, ',');
    rest = after;
    const std::string_view trimmed = trim(piece);
    if (trimmed.empty()) continue;
    Output output;
    auto [name, options] = cut(trimmed, '?');
    if (std::string error = read_destination(name, output); !error.empty()) return error;
    if (output.destination != Output::Destination::kFile && !options.empty()) {
      return "`" + std::string(name) + "` has no options: only files have";
    }
    while (!options.empty()) {
      const auto [option, others] = cut(options, '&');
      options = others;
      const auto [key, value] = cut(option, '=');
      if (!read_rotation(key, value, output.rotation)) {
        return "`" + std::string(option) +
               "` is no option of a log file: expected bytes=100M, lines=1000000, interval=1d, keep=7 or gzip";
      }
    }
    found.push_back(std::move(output));
  }
  if (found.empty()) return "no log output given";
  outputs = std::move(found);
  return {};
}

}  // namespace trilobite::log
