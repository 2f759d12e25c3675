// How far a file has been read, and how to know it again: by device, inode and content, never by its name alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace trilobite::agent {

struct FileId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  friend auto operator<=>(const FileId&, const FileId&) = default;
};

struct FilePosition {
  std::string job;
  std::string path;  // under which it was read; becomes the label filename
  FileId id;
  std::uint64_t offset = 0;  // everything before has been read; in .gz files of the content
  // The first bytes of the file, and the last ones in front of `offset`: together they tell a file that was truncated,
  // or another one with the same inode.
  std::uint32_t head_bytes = 0;
  std::uint64_t head_hash = 0;
  std::uint32_t tail_bytes = 0;
  std::uint64_t tail_hash = 0;
};

inline constexpr std::string_view kFileKeyPrefix = "file/";

std::string key_of(std::string_view job, FileId id);
std::string encode(const FilePosition& position);
Result<FilePosition> decode_file_position(std::string_view bytes);

}  // namespace trilobite::agent
