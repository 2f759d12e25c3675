// Files in memory for tests and fuzzing of the part file: no faults, no folders. The simulated file system of base/
// is the one that loses power.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/file_system.h"

namespace trilobite {

class MemoryFiles final : public FileSystem {
 public:
  const std::string& content(const std::string& path) { return *files_.at(path); }
  void set(const std::string& path, std::string content) {
    files_[path] = std::make_shared<std::string>(std::move(content));
  }

  Result<std::unique_ptr<WritableFile>> create(const std::string& path) override {
    set(path, "");
    return std::unique_ptr<WritableFile>(std::make_unique<Writable>(files_[path]));
  }
  Result<std::unique_ptr<ReadableFile>> open(const std::string& path) override {
    const auto at = files_.find(path);
    if (at == files_.end()) return error(Code::kNotFound, "no file {}", path);
    return std::unique_ptr<ReadableFile>(std::make_unique<Readable>(at->second));
  }
  Result<std::string> read_all(const std::string& path) override {
    const auto at = files_.find(path);
    if (at == files_.end()) return error(Code::kNotFound, "no file {}", path);
    return *at->second;
  }
  bool exists(const std::string& path) override { return files_.contains(path); }

  Result<std::vector<FileInfo>> list(const std::string&) override { return missing(); }
  Result<void> make_directories(const std::string&) override { return missing(); }
  Result<void> rename(const std::string&, const std::string&) override { return missing(); }
  Result<void> remove(const std::string&) override { return missing(); }
  Result<void> sync_directory(const std::string&) override { return missing(); }
  Result<void> truncate(const std::string&, std::uint64_t) override { return missing(); }
  Result<std::unique_ptr<FileLock>> lock(const std::string&) override { return missing(); }
  Result<DiskSpace> disk_space(const std::string&) override { return missing(); }

 private:
  using Content = std::shared_ptr<std::string>;  // shared with the files that are open

  class Writable final : public WritableFile {
   public:
    explicit Writable(Content content) : content_(std::move(content)) {}
    Result<void> append(std::string_view bytes) override {
      content_->append(bytes);
      return {};
    }
    Result<void> sync() override { return {}; }

   private:
    Content content_;
  };

  class Readable final : public ReadableFile {
   public:
    explicit Readable(Content content) : content_(std::move(content)) {}
    std::uint64_t size() const override { return content_->size(); }
    Result<std::string> read(std::uint64_t offset, std::size_t length) const override {
      if (offset > content_->size() || length > content_->size() - offset)
        return error(Code::kCorrupt, "the file ends before");
      return content_->substr(static_cast<std::size_t>(offset), length);
    }

   private:
    Content content_;
  };

  static Error missing() { return error(Code::kUnsupported, "files in memory have no such operation"); }

  std::map<std::string, Content> files_;
};

}  // namespace trilobite
