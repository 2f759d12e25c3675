// The groups of rules in force: those of the files that Prometheus' configuration names, and those that were put over
// the API, which are kept in the data folder as DIRECTORY/TENANT/NAMESPACE/GROUP.yml. Nothing is evaluated here.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "alerting/rule_file.h"
#include "base/file_system.h"

namespace trilobite::alerting {

struct RuleGroupsOptions {
  std::string directory;              // "": nothing can be put
  std::string file_tenant = "fake";   // whose rules those of files are
  metrics::ParseOptions language;
};

struct RuleGroupEntry {
  std::string name_space;  // of a file: its path
  bool over_api = false;
  RuleGroup group;
  std::string text;        // as it was put; of a file: as printed
};
using RuleGroupRef = std::shared_ptr<const RuleGroupEntry>;

// Any thread.
class RuleGroups {
 public:
  RuleGroups(FileSystem& files, RuleGroupsOptions options) : files_(files), options_(std::move(options)) {}

  // What was put before. A file that is no group any more is left where it is, and named in our log.
  Result<void> open();
  // From now on the rules of these files; patterns that match none are no error. On an error, which has the place of
  // every mistake of the first wrong file, everything stays as it was.
  Result<void> set_files(const std::vector<std::string>& patterns);

  // By namespace, files first, then in order of the file or by name.
  std::vector<RuleGroupRef> list(std::string_view tenant) const;
  RuleGroupRef find(std::string_view tenant, std::string_view name_space, std::string_view group) const;  // or null

  // One group as YAML or JSON; one of its name in the namespace is replaced. `name`: what it must be called; "": any.
  // kInvalid: it is wrong, with the place of every mistake; kExists: the namespace is a file; kLimit: too many.
  Result<void> put(std::string_view tenant, std::string_view name_space, std::string_view text,
                   std::string_view name = "");
  Result<void> remove(std::string_view tenant, std::string_view name_space, std::string_view group);  // kNotFound
  Result<void> remove_namespace(std::string_view tenant, std::string_view name_space);                // kNotFound

 private:
  struct Kept {
    std::string tenant;
    RuleGroupRef entry;
  };
  std::string folder_of(std::string_view tenant, std::string_view name_space) const;
  Result<void> open_namespace(const std::string& tenant, const std::string& folder, const std::string& name_space);
  Result<void> check_changeable(std::string_view name_space) const;
  void insert(std::string_view tenant, RuleGroupRef entry);
  Result<void> remove_file(const Kept& kept);

  FileSystem& files_;
  const RuleGroupsOptions options_;
  std::mutex change_mutex_;    // one change at a time
  mutable std::mutex mutex_;   // guards the rest
  std::vector<RuleGroupRef> of_files_;
  std::vector<Kept> put_;      // by tenant, namespace, name
};

}  // namespace trilobite::alerting
