#include "base/simulated_file_system.h"

#include <algorithm>

namespace trilobite {
namespace {

constexpr std::size_t kSectorBytes = 512;

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

// Name below `directory`, or "" when the path is not directly in it.
std::string child_name(const std::string& directory, const std::string& path) {
  return parent_of(path) == directory ? path.substr(path.find_last_of('/') + 1) : "";
}

class SimulatedReadableFile final : public ReadableFile {
 public:
  SimulatedReadableFile(std::string content, std::string path) : content_(std::move(content)), path_(std::move(path)) {}
  std::uint64_t size() const override { return content_.size(); }
  Result<std::string> read(std::uint64_t offset, std::size_t length) const override {
    if (offset > content_.size() || length > content_.size() - offset) {
      return error(Code::kCorrupt, "cannot read {} bytes at {} of {}: the file has {} bytes", length, offset, path_,
                   content_.size());
    }
    return content_.substr(offset, length);
  }

 private:
  std::string content_;
  std::string path_;
};

}  // namespace

// splitmix64: small, and the same everywhere.
class SimulatedFileSystem::Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15ull);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }
  bool coin() { return (next() & 1) != 0; }

 private:
  std::uint64_t state_;
};

class SimulatedWritableFile final : public WritableFile {
 public:
  SimulatedWritableFile(SimulatedFileSystem& files, SimulatedFileSystem::NodeRef node, std::string path,
                        std::uint64_t generation)
      : files_(files), node_(std::move(node)), path_(std::move(path)), generation_(generation) {}
  Result<void> append(std::string_view bytes) override {
    std::lock_guard lock(files_.mutex_);
    if (generation_ != files_.generation_) return dead();
    return files_.append_to(*node_, bytes, path_);
  }
  Result<void> sync() override {
    std::lock_guard lock(files_.mutex_);
    if (generation_ != files_.generation_) return dead();
    return files_.sync_node(*node_, path_);
  }

 private:
  Error dead() const { return error(Code::kIo, "cannot write {}: it was opened before the crash", path_); }
  SimulatedFileSystem& files_;
  SimulatedFileSystem::NodeRef node_;
  std::string path_;
  std::uint64_t generation_;
};

class SimulatedLock final : public FileLock {
 public:
  SimulatedLock(SimulatedFileSystem& files, std::string path, std::uint64_t generation)
      : files_(files), path_(std::move(path)), generation_(generation) {}
  ~SimulatedLock() override {
    std::lock_guard lock(files_.mutex_);
    if (generation_ == files_.generation_) files_.locks_.erase(path_);
  }

 private:
  SimulatedFileSystem& files_;
  std::string path_;
  std::uint64_t generation_;
};

SimulatedFileSystem::Start SimulatedFileSystem::begin_operation(std::string_view doing, const std::string& path) {
  if (power_off_) return {error(Code::kIo, "cannot {} {}: the power is off", doing, path), false};
  const std::uint64_t number = operations_++;
  if (power_cut_ && number >= *power_cut_) {
    power_off_ = true;
    return {error(Code::kIo, "cannot {} {}: the power goes off", doing, path), true};
  }
  if (!fault_ || number < fault_->number) return {};
  const Code code = fault_->code;
  if (fault_->repeat == Repeat::kOnce) fault_.reset();
  return {error(code, "cannot {} {}: simulated {}", doing, path, code == Code::kNoSpace ? "full disk" : "device error"),
          false};
}

std::optional<Error> SimulatedFileSystem::begin_read(const std::string& path) {
  if (power_off_) return error(Code::kIo, "cannot read {}: the power is off", path);
  const std::uint64_t number = reads_++;
  if (!read_fault_ || number < read_fault_->number) return std::nullopt;
  const Code code = read_fault_->code;
  read_fault_.reset();
  return error(code, "cannot read {}: simulated device error", path);
}

std::uint64_t SimulatedFileSystem::used() const {
  std::uint64_t total = 0;
  for (const auto& [path, node] : names_) total += node->content.size();
  return total;
}

bool SimulatedFileSystem::has_parent(const std::string& path) const {
  const std::string parent = parent_of(path);
  return parent == "." || parent == "/" || directories_.contains(parent);
}

Result<void> SimulatedFileSystem::append_to(Node& node, std::string_view bytes, const std::string& path) {
  auto [fault, happens] = begin_operation("write", path);
  if (power_off_ && !happens) return *std::move(fault);
  std::size_t length = bytes.size();
  if (fault && !happens) {
    length /= 2;
  } else if (const std::uint64_t before = used(); bytes.size() > capacity_ - std::min(capacity_, before)) {
    length = static_cast<std::size_t>(capacity_ - std::min(capacity_, before));
    fault = error(Code::kNoSpace, "cannot write {}: the simulated disk of {} bytes is full", path, capacity_);
  }
  node.pending.push_back({.offset = node.content.size(), .bytes = std::string(bytes.substr(0, length))});
  node.content.append(bytes.substr(0, length));
  if (fault) return *std::move(fault);
  return {};
}

Result<void> SimulatedFileSystem::sync_node(Node& node, const std::string& path) {
  if (Start start = begin_operation("sync", path); start.fault) {
    if (!power_off_) node.pending.clear();  // final: these bytes never reach the disk
    return *std::move(start.fault);
  }
  // Only what is still pending gets there; bytes of an earlier failed sync stay holes.
  Random unused(0);
  node.durable = survive(node, CrashMode::kKeepUnsynced, unused);
  node.pending.clear();
  return {};
}

Result<std::unique_ptr<WritableFile>> SimulatedFileSystem::create(const std::string& path) {
  std::lock_guard lock(mutex_);
  auto [fault, happens] = begin_operation("create", path);
  if (!happens) return *std::move(fault);
  if (!has_parent(path)) return error(Code::kNotFound, "cannot create {}: no such folder", path);
  NodeRef& node = names_[path];
  if (!node) {
    node = std::make_shared<Node>();
    name_changes_.push_back({.linked = path, .node = node});
  } else {
    node->pending.push_back({.truncation = true});
    node->content.clear();
  }
  if (fault) return *std::move(fault);
  return std::unique_ptr<WritableFile>(std::make_unique<SimulatedWritableFile>(*this, node, path, generation_));
}

Result<std::unique_ptr<ReadableFile>> SimulatedFileSystem::open(const std::string& path) {
  TRY(content, read_all(path));
  return std::unique_ptr<ReadableFile>(std::make_unique<SimulatedReadableFile>(std::move(content), path));
}

Result<std::string> SimulatedFileSystem::read_all(const std::string& path) {
  std::lock_guard lock(mutex_);
  if (std::optional<Error> fault = begin_read(path)) return *std::move(fault);
  const auto found = names_.find(path);
  if (found == names_.end()) return error(Code::kNotFound, "cannot open {}: no such file", path);
  return found->second->content;
}

Result<std::vector<FileInfo>> SimulatedFileSystem::list(const std::string& directory) {
  std::lock_guard lock(mutex_);
  if (std::optional<Error> fault = begin_read(directory)) return *std::move(fault);
  if (!directories_.contains(directory)) return error(Code::kNotFound, "cannot list {}: no such folder", directory);
  std::vector<FileInfo> out;
  for (const auto& [path, node] : names_) {
    if (std::string name = child_name(directory, path); !name.empty())
      out.push_back({std::move(name), node->content.size(), false});
  }
  for (const std::string& path : directories_) {
    if (std::string name = child_name(directory, path); !name.empty()) out.push_back({std::move(name), 0, true});
  }
  std::sort(out.begin(), out.end(), [](const FileInfo& a, const FileInfo& b) { return a.name < b.name; });
  return out;
}

bool SimulatedFileSystem::exists(const std::string& path) {
  std::lock_guard lock(mutex_);
  return names_.contains(path) || directories_.contains(path);
}

Result<void> SimulatedFileSystem::make_directories(const std::string& path) {
  std::lock_guard lock(mutex_);
  if (directories_.contains(path)) return {};
  if (Start start = begin_operation("create folder", path); start.fault) return *std::move(start.fault);
  for (std::string at = path; at != "." && at != "/"; at = parent_of(at)) directories_.insert(at);
  return {};
}

Result<void> SimulatedFileSystem::rename(const std::string& from, const std::string& to) {
  std::lock_guard lock(mutex_);
  auto [fault, happens] = begin_operation("rename", from);
  if (!happens) return *std::move(fault);
  const auto found = names_.find(from);
  if (found == names_.end()) return error(Code::kNotFound, "cannot rename {}: no such file", from);
  if (!has_parent(to)) return error(Code::kNotFound, "cannot rename to {}: no such folder", to);
  const NodeRef node = found->second;
  names_.erase(found);
  names_[to] = node;
  name_changes_.push_back({.linked = to, .unlinked = from, .node = node});
  if (fault) return *std::move(fault);
  return {};
}

Result<void> SimulatedFileSystem::remove(const std::string& path) {
  std::lock_guard lock(mutex_);
  auto [fault, happens] = begin_operation("remove", path);
  if (!happens) return *std::move(fault);
  if (directories_.contains(path)) {
    const auto inside = [&](const std::string& other) { return parent_of(other) == path; };
    const bool full =
        std::any_of(names_.begin(), names_.end(), [&](const auto& entry) { return inside(entry.first); }) ||
        std::any_of(directories_.begin(), directories_.end(), inside);
    if (full) return error(Code::kIo, "cannot remove {}: the folder is not empty", path);
    if (!fault) directories_.erase(path);
  } else {
    if (names_.erase(path) == 0) return error(Code::kNotFound, "cannot remove {}: no such file", path);
    name_changes_.push_back({.unlinked = path});
  }
  if (fault) return *std::move(fault);
  return {};
}

void SimulatedFileSystem::apply_to_disk(const NameChange& change) {
  if (!change.unlinked.empty()) {
    // A node that a lost change had placed elsewhere must not appear under two names.
    durable_names_.erase(change.unlinked);
  }
  if (!change.linked.empty()) durable_names_[change.linked] = change.node;
}

Result<void> SimulatedFileSystem::sync_directory(const std::string& path) {
  std::lock_guard lock(mutex_);
  if (Start start = begin_operation("sync folder", path); start.fault) return *std::move(start.fault);
  if (path != "." && path != "/" && !directories_.contains(path))
    return error(Code::kNotFound, "cannot sync {}: no such folder", path);
  std::vector<NameChange> rest;
  for (NameChange& change : name_changes_) {
    const bool here = parent_of(change.linked.empty() ? change.unlinked : change.linked) == path;
    if (here) {
      apply_to_disk(change);
    } else {
      rest.push_back(std::move(change));
    }
  }
  name_changes_ = std::move(rest);
  return {};
}

Result<void> SimulatedFileSystem::truncate(const std::string& path, std::uint64_t bytes) {
  std::lock_guard lock(mutex_);
  auto [fault, happens] = begin_operation("truncate", path);
  if (!happens) return *std::move(fault);
  const auto found = names_.find(path);
  if (found == names_.end()) return error(Code::kNotFound, "cannot truncate {}: no such file", path);
  Node& node = *found->second;
  node.pending.push_back({.truncation = true, .offset = bytes});
  node.content.resize(bytes);
  if (fault) return *std::move(fault);
  Random unused(0);
  node.durable = survive(node, CrashMode::kKeepUnsynced, unused);
  node.pending.clear();
  return {};
}

Result<std::unique_ptr<FileLock>> SimulatedFileSystem::lock(const std::string& path) {
  std::lock_guard lock(mutex_);
  if (Start start = begin_operation("lock", path); start.fault) return *std::move(start.fault);
  if (!has_parent(path)) return error(Code::kNotFound, "cannot lock {}: no such folder", path);
  if (!locks_.insert(path).second) return error(Code::kExists, "cannot lock {}: another process holds it", path);
  if (!names_.contains(path)) {
    const NodeRef node = std::make_shared<Node>();
    names_[path] = node;
    name_changes_.push_back({.linked = path, .node = node});
  }
  return std::unique_ptr<FileLock>(std::make_unique<SimulatedLock>(*this, path, generation_));
}

Result<DiskSpace> SimulatedFileSystem::disk_space(const std::string&) {
  std::lock_guard lock(mutex_);
  return DiskSpace{capacity_, capacity_ - std::min(capacity_, used())};
}

std::uint64_t SimulatedFileSystem::operations() const {
  std::lock_guard lock(mutex_);
  return operations_;
}

std::uint64_t SimulatedFileSystem::reads() const {
  std::lock_guard lock(mutex_);
  return reads_;
}

void SimulatedFileSystem::cut_power_at(std::uint64_t number) {
  std::lock_guard lock(mutex_);
  power_cut_ = number;
}

void SimulatedFileSystem::fail_at(std::uint64_t number, Code code, Repeat repeat) {
  std::lock_guard lock(mutex_);
  fault_ = Fault{number, code, repeat};
}

void SimulatedFileSystem::fail_read_at(std::uint64_t number, Code code) {
  std::lock_guard lock(mutex_);
  read_fault_ = Fault{number, code, Repeat::kOnce};
}

void SimulatedFileSystem::clear_faults() {
  std::lock_guard lock(mutex_);
  fault_.reset();
  read_fault_.reset();
  power_cut_.reset();
}

std::string SimulatedFileSystem::survive(const Node& node, CrashMode mode, Random& random) {
  std::string out = node.durable;
  if (mode == CrashMode::kDropUnsynced) return out;
  const auto kept = [&] { return mode == CrashMode::kKeepUnsynced || random.coin(); };
  for (const Change& change : node.pending) {
    if (change.truncation) {
      if (kept()) out.resize(change.offset, '\0');
      continue;
    }
    // Sectors are aligned in the file, so two appends may share one.
    for (std::size_t at = 0; at < change.bytes.size();) {
      const std::uint64_t offset = change.offset + at;
      const std::size_t length = std::min<std::size_t>(change.bytes.size() - at, kSectorBytes - offset % kSectorBytes);
      if (kept()) {
        if (out.size() < offset + length) out.resize(offset + length, '\0');
        out.replace(offset, length, change.bytes, at, length);
      }
      at += length;
    }
  }
  return out;
}

void SimulatedFileSystem::crash(CrashMode mode, std::uint64_t seed) {
  std::lock_guard lock(mutex_);
  Random random(seed);
  for (const NameChange& change : name_changes_) {
    if (mode == CrashMode::kKeepUnsynced || (mode == CrashMode::kTear && random.coin())) apply_to_disk(change);
  }
  name_changes_.clear();
  // Files in order of their names, so that a seed always means the same.
  for (auto& [path, node] : durable_names_) {
    auto after = std::make_shared<Node>();
    after->durable = survive(*node, mode, random);
    after->content = after->durable;
    node = std::move(after);
  }
  names_ = durable_names_;
  locks_.clear();
  ++generation_;
  fault_.reset();
  read_fault_.reset();
  power_cut_.reset();
  power_off_ = false;
}

void SimulatedFileSystem::set_capacity(std::uint64_t bytes) {
  std::lock_guard lock(mutex_);
  capacity_ = bytes;
}

void SimulatedFileSystem::corrupt(const std::string& path, std::uint64_t offset, char mask) {
  std::lock_guard lock(mutex_);
  const auto found = names_.find(path);
  CHECK(found != names_.end());
  Node& node = *found->second;
  CHECK(offset < node.content.size());
  node.content[offset] = static_cast<char>(node.content[offset] ^ mask);
  if (offset < node.durable.size()) node.durable[offset] = node.content[offset];
}

void SimulatedFileSystem::write_durable(const std::string& path, std::string_view content) {
  std::lock_guard lock(mutex_);
  auto node = std::make_shared<Node>();
  node->content = node->durable = std::string(content);
  names_[path] = durable_names_[path] = std::move(node);
}

}  // namespace trilobite
