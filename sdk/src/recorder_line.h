// The lines of recordings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace trilobite {

struct RecordedLine {
  std::uint64_t timestamp_ms = 0;
  std::string event;  // JSON without white space between its tokens
};

// False: error says what is wrong.
bool parse_recorded_line(std::string_view text, RecordedLine& line, std::string& error);

// The path of file number index: `events.jsonl` -> `events1.jsonl`, `log` -> `log1`, `a.b/log` -> `a1.b/log`.
std::string recorded_file_path(const std::string& path, std::uint64_t index);

}  // namespace trilobite
