// The bytes behind the header of split lines. A stream is what one decoder reads (codes, ids, frames of text ...); a
// large stream is a page of its own, small ones share pages. Where a stream lies follows from the sizes of those before
// it, so the header holds one number for each stream and a hash for each page.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "columnar/lines.h"

namespace trilobite::columnar {

inline constexpr std::size_t kOwnPageBytesMin = 4u << 10;      // a stream from here on is fetched alone
inline constexpr std::size_t kSharedPageBytesMax = 32u << 10;  // what a small stream costs to fetch

class PageWriter {
 public:
  void add(std::string stream);
  // The table for the header: sizes of streams, hashes of pages. Then the pages, back to back.
  void write_table(std::string& out) const;
  void write_pages(std::string& out) const;
  std::size_t bytes() const { return bytes_; }  // of all pages

 private:
  struct Page {
    std::string bytes;
  };
  std::vector<std::size_t> streams_;  // sizes
  std::vector<Page> pages_;
  std::size_t bytes_ = 0;
  std::size_t shared_ = static_cast<std::size_t>(-1);  // the page that small streams go to, if any
};

// A stream and what keeps it in memory.
struct StreamBytes {
  std::shared_ptr<const std::string> page;
  std::string_view bytes;
};

// Made when an object is first asked for it, and kept; a failure is told and tried again next time. Any thread.
template <class T>
class Lazy {
 public:
  template <class Make>
  Result<const T*> get(const Make& make) const {
    if (const T* ready = ready_.load(std::memory_order_acquire)) return ready;
    const std::lock_guard lock(mutex_);
    if (const T* ready = ready_.load(std::memory_order_relaxed)) return ready;
    TRY(value, make());
    value_ = std::make_unique<T>(std::move(value));
    ready_.store(value_.get(), std::memory_order_release);
    return static_cast<const T*>(value_.get());
  }
  // Null before.
  const T* ready() const { return ready_.load(std::memory_order_acquire); }

 private:
  mutable std::mutex mutex_;
  mutable std::unique_ptr<T> value_;  // guarded by mutex_ until ready_
  mutable std::atomic<const T*> ready_{nullptr};
};

// Streams by number. Shared pages are kept once read, a page of one stream belongs to who asked. Any thread.
class PageReader {
 public:
  // `pages_begin` is where the first page begins in the column.
  static Result<std::unique_ptr<PageReader>> open(ByteReader& table, std::uint64_t pages_begin);

  std::vector<std::size_t> page_sizes() const;
  std::size_t streams() const { return streams_.size(); }
  std::size_t stream_bytes(std::size_t stream) const { return streams_[stream].size; }
  std::uint64_t end() const { return end_; }  // of the last page
  Result<StreamBytes> read(const LineSource& source, std::size_t stream, std::atomic<std::size_t>& bytes) const;

 private:
  struct Stream {
    std::size_t page = 0, begin = 0, size = 0;
  };
  struct Page {
    std::uint64_t begin = 0, hash = 0;
    std::size_t size = 0;
    bool shared = false;
  };
  Result<std::shared_ptr<const std::string>> fetch(const LineSource& source, const Page& page) const;

  std::vector<Stream> streams_;
  std::vector<Page> pages_;
  std::uint64_t end_ = 0;
  std::unique_ptr<Lazy<std::shared_ptr<const std::string>>[]> shared_;  // by page
};

}  // namespace trilobite::columnar
