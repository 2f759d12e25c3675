// Errors of single entries of one request, told together: "3 errors like: ...; 2 errors like: ...".
#pragma once

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace trilobite::ingest {

class GroupedErrors {
 public:
  static constexpr std::size_t kTextsMax = 10;  // an answer is read by people

  void add(std::string text) {
    ++count_;
    const auto found =
        std::find_if(groups_.begin(), groups_.end(), [&](const auto& group) { return group.first == text; });
    if (found != groups_.end()) {
      ++found->second;
    } else if (groups_.size() < kTextsMax) {
      groups_.emplace_back(std::move(text), 1);
    }
  }
  bool empty() const { return count_ == 0; }
  std::string text() const {
    if (count_ == 1) return groups_.front().first;
    std::string out;
    std::uint64_t shown = 0;
    for (const auto& [text, count] : groups_) {
      if (!out.empty()) out += "; ";
      out += fmt::format("{} errors like: {}", count, text);
      shown += count;
    }
    if (shown < count_) out += fmt::format("; {} other errors", count_ - shown);
    return out;
  }

 private:
  std::vector<std::pair<std::string, std::uint64_t>> groups_;
  std::uint64_t count_ = 0;
};

}  // namespace trilobite::ingest
