// For the tests of this room: a folder of their own, a server that keeps what it is sent, and waiting for a condition.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "agent/sink.h"
#include "base/bytes.h"
#include "base/hash.h"

namespace trilobite::agent::testing {

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "agent_test_XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline void append(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::app | std::ios::binary) << text;
}
inline void overwrite(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::trunc | std::ios::binary) << text;
}

inline bool wait_until(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

struct ReceivedEntry {
  std::string tenant, labels, line;
  std::int64_t time = 0;
  std::vector<std::pair<std::string, std::string>> metadata;
};

// Protobuf as the server would read it; only what the agent writes.
class ProtoReader {
 public:
  explicit ProtoReader(std::string_view bytes) : reader_(bytes) {}
  // Calls field(number, bytes or "", value or 0) for each.
  void each(const std::function<void(std::uint64_t, std::string_view, std::uint64_t)>& field) {
    while (!reader_.done()) {
      const std::uint64_t tag = reader_.varint().value();
      if ((tag & 7) == 2) {
        field(tag >> 3, reader_.text().value(), 0);
      } else {
        field(tag >> 3, {}, reader_.varint().value());
      }
    }
  }

 private:
  ByteReader reader_;
};

inline ReceivedEntry decode_entry(std::string_view bytes) {
  ReceivedEntry out;
  ProtoReader(bytes).each([&](std::uint64_t field, std::string_view text, std::uint64_t) {
    if (field == 1) {
      ProtoReader(text).each([&](std::uint64_t part, std::string_view, std::uint64_t value) {
        out.time += static_cast<std::int64_t>(value) * (part == 1 ? 1'000'000'000 : 1);
      });
    } else if (field == 2) {
      out.line = text;
    } else if (field == 3) {
      std::pair<std::string, std::string> pair;
      ProtoReader(text).each([&](std::uint64_t part, std::string_view value, std::uint64_t) {
        (part == 1 ? pair.first : pair.second) = value;
      });
      out.metadata.push_back(std::move(pair));
    }
  });
  return out;
}

inline std::vector<ReceivedEntry> decode_push(std::string_view body, const std::string& tenant = "") {
  std::vector<ReceivedEntry> out;
  ProtoReader(body).each([&](std::uint64_t, std::string_view stream, std::uint64_t) {
    std::string labels;
    ProtoReader(stream).each([&](std::uint64_t field, std::string_view bytes, std::uint64_t) {
      if (field == 1) {
        labels = bytes;
        return;
      }
      ReceivedEntry entry = decode_entry(bytes);
      entry.labels = labels;
      entry.tenant = tenant;
      out.push_back(std::move(entry));
    });
  });
  return out;
}

// Keeps everything, recognises a repeated body as the server does, and can be away.
class MemoryServer final : public Sink {
 public:
  SendOutcome send(std::string_view tenant, std::string_view body) override {
    const std::lock_guard lock(mutex_);
    ++requests_;
    if (away_) return {Delivery::kRetry, "away"};
    if (refuse_next_ > 0) {
      --refuse_next_;
      return {Delivery::kRefused, "refused"};
    }
    if (seen_.insert(hash128(body)).second) {
      for (ReceivedEntry& entry : decode_push(body, std::string(tenant))) entries_.push_back(std::move(entry));
    }
    if (lose_answers_ > 0) {
      --lose_answers_;
      return {Delivery::kRetry, "the answer got lost"};
    }
    return {};
  }

  void set_away(bool away) {
    const std::lock_guard lock(mutex_);
    away_ = away;
  }
  void lose_answers(int count) {
    const std::lock_guard lock(mutex_);
    lose_answers_ = count;
  }
  void refuse(int count) {
    const std::lock_guard lock(mutex_);
    refuse_next_ = count;
  }
  std::vector<ReceivedEntry> entries() const {
    const std::lock_guard lock(mutex_);
    return entries_;
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> out;
    for (const ReceivedEntry& entry : entries()) out.push_back(entry.line);
    return out;
  }
  int requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<ReceivedEntry> entries_;
  std::set<Hash128> seen_;
  bool away_ = false;
  int lose_answers_ = 0, refuse_next_ = 0, requests_ = 0;
};

}  // namespace trilobite::agent::testing
