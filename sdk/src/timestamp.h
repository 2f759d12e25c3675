#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace trilobite::log {

inline constexpr std::size_t kTimestampMax = 56;

enum class Zone : std::uint8_t { kUtc, kLocal };

// Writes `YYYY-MM-DDTHH:MM:SS.ffffff` with `Z`, or in local time with the offset in force at that instant. Remembers
// the text of the last second. One thread at a time.
class TimestampWriter {
 public:
  explicit TimestampWriter(Zone zone);
  void append(std::string& out, std::int64_t time_ns);
  // May write kTimestampMax bytes, and returns how many of them count.
  std::size_t put(char* out, std::int64_t time_ns);

 private:
  void start_second(std::int64_t second);

  Zone zone_;
  std::int64_t second_ = INT64_MIN;
  char date_time_[40] = {};
  std::size_t date_time_size_ = 0;
  char offset_[8] = {};
  std::size_t offset_size_ = 0;
};

}  // namespace trilobite::log
