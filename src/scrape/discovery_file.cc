// file_sd_configs: targets in files, read again when they change.
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "agent/file_finder.h"
#include "agent/watcher.h"
#include "scrape/discovery.h"
#include "scrape/limits.h"

namespace trilobite::scrape {
namespace {

Result<std::vector<TargetGroup>> read_groups(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return error(Code::kIo, "cannot read {}", path);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  auto groups = parse_target_groups(text, path);
  if (!groups.ok()) return std::move(groups).error().within("{}", path);
  for (TargetGroup& group : *groups) group.labels.set("__meta_filepath", path);
  return groups;
}

class FileDiscovery final : public Discovery {
 public:
  explicit FileDiscovery(const FileDiscoveryConfig& config) : config_(config) {
    for (const std::string& pattern : config_.files) {
      if (auto glob = agent::Glob::parse(pattern); glob.ok()) globs_.push_back(std::move(*glob));
    }
  }

  void run(DiscoveryRun& run) override {
    agent::Watcher watcher;
    for (;;) {
      look(run, watcher);
      if (!run.wait(config_.refresh_interval, watcher.descriptor())) return;
      // Editors write a file in several steps.
      if (!run.wait(kDiscoverySettle)) return;
      static_cast<void>(watcher.take());
    }
  }

 private:
  void look(DiscoveryRun& run, agent::Watcher& watcher) {
    agent::FoundFiles found;
    for (const agent::Glob& glob : globs_) agent::find_files(glob, nullptr, found);
    for (const std::string& folder : found.folders) watcher.watch(folder, agent::WatchFor::kFiles);
    for (const std::string& folder : found.ancestors) watcher.watch(folder, agent::WatchFor::kNames);
    const std::set<std::string> files(found.files.begin(), found.files.end());
    std::erase_if(known_, [&](const auto& entry) { return !files.contains(entry.first); });
    std::optional<Error> failed;
    for (const std::string& path : files) {
      auto groups = read_groups(path);
      if (groups.ok()) {
        known_[path] = std::move(*groups);
      } else {
        failed = std::move(groups).error();  // what the file said before stays
      }
    }
    std::vector<TargetGroup> all;
    for (const auto& [path, groups] : known_) all.insert(all.end(), groups.begin(), groups.end());
    run.publish(std::move(all));
    if (failed) run.fail(*failed);
  }

  const FileDiscoveryConfig config_;
  std::vector<agent::Glob> globs_;
  std::map<std::string, std::vector<TargetGroup>> known_;
};

}  // namespace

std::unique_ptr<Discovery> make_file_discovery(const FileDiscoveryConfig& config) {
  return std::make_unique<FileDiscovery>(config);
}

}  // namespace trilobite::scrape
