#include "alerting/rule_groups.h"

#include <fmt/ranges.h>
#include <trilobite/log.h>

#include <algorithm>
#include <tuple>

#include "agent/file_finder.h"
#include "agent/glob.h"
#include "alerting/limits.h"
#include "logs/text.h"

namespace trilobite::alerting {
namespace {

constexpr log::Target kLog{"trilobite::alerting"};
constexpr std::string_view kSuffix = ".yml";

// Any text as a file name: a dot is escaped as well, so that no name is "..".
std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter || (c >= '0' && c <= '9') || c == '-' || c == '_') {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string unescape(std::string_view name) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'A' + 10; };
  std::string out;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '%' && name.size() - i > 2) {
      out += static_cast<char>(digit(name[i + 1]) * 16 + digit(name[i + 2]));
      i += 2;
    } else {
      out += name[i];
    }
  }
  return out;
}

std::string file_name_of(std::string_view group) { return escape(group) + std::string(kSuffix); }

Result<void> check_name(std::string_view kind, std::string_view name) {
  if (name.empty()) return error(Code::kInvalid, "a {} needs a name", kind);
  if (!logql::is_utf8(name)) return error(Code::kInvalid, "the name of the {} is no UTF-8", kind);
  if (escape(name).size() + kSuffix.size() > kFileNameBytesMax) {
    return error(Code::kInvalid, "the name of the {} is too long: {} bytes", kind, name.size());
  }
  return {};
}

Error mistakes(const RuleFileReport& report) {
  return error(Code::kInvalid, "{}", fmt::join(report.errors, "; "));
}

Result<std::vector<RuleGroupRef>> read_files(FileSystem& files, const std::vector<std::string>& patterns,
                                             const metrics::ParseOptions& language) {
  std::vector<RuleGroupRef> out;
  for (const std::string& pattern : patterns) {
    auto glob = agent::Glob::parse(pattern);
    if (!glob.ok()) return std::move(glob).error().within("rule_files: {}", pattern);
    agent::FoundFiles found;
    agent::find_files(*glob, nullptr, found);
    for (const std::string& file : found.files) {
      auto text = files.read_all(file);
      if (!text.ok()) return std::move(text).error().within("cannot read {}", file);
      RuleFileReport report = check_rule_file(*text, language);
      if (!report.errors.empty()) return mistakes(report).within("{}", file);
      for (RuleGroup& group : report.content) {
        std::string shown = group.yaml;
        out.push_back(std::make_shared<const RuleGroupEntry>(
            RuleGroupEntry{file, false, std::move(group), std::move(shown)}));
      }
    }
  }
  return out;
}

}  // namespace

std::string RuleGroups::folder_of(std::string_view tenant, std::string_view name_space) const {
  return fmt::format("{}/{}/{}", options_.directory, escape(tenant), escape(name_space));
}

Result<void> RuleGroups::open() {
  if (options_.directory.empty() || !files_.exists(options_.directory)) return {};
  TRY(tenants, files_.list(options_.directory));
  for (const FileInfo& tenant : tenants) {
    if (!tenant.directory) continue;
    const std::string folder = options_.directory + "/" + tenant.name;
    TRY(spaces, files_.list(folder));
    for (const FileInfo& space : spaces) {
      if (!space.directory) continue;
      TRY_VOID(open_namespace(unescape(tenant.name), folder + "/" + space.name, unescape(space.name)));
    }
  }
  return {};
}

Result<void> RuleGroups::open_namespace(const std::string& tenant, const std::string& folder,
                                        const std::string& name_space) {
  TRY(listed, files_.list(folder));
  for (const FileInfo& file : listed) {
    if (!file.name.ends_with(kSuffix)) continue;
    const std::string path = folder + "/" + file.name;
    const auto text = files_.read_all(path);
    RuleFileReport report;
    if (text.ok()) report = check_rule_group(*text, options_.language);
    if (!text.ok() || !report.errors.empty()) {
      kLog.warn("{} is no group of rules and is left alone: {}", path,
                text.ok() ? report.errors.front() : text.error().message);
      continue;
    }
    insert(tenant, std::make_shared<const RuleGroupEntry>(
                       RuleGroupEntry{name_space, true, std::move(report.content.front()), *text}));
  }
  return {};
}

Result<void> RuleGroups::set_files(const std::vector<std::string>& patterns) {
  const std::lock_guard change(change_mutex_);
  TRY(read, read_files(files_, patterns, options_.language));
  const std::lock_guard lock(mutex_);
  of_files_ = std::move(read);
  return {};
}

std::vector<RuleGroupRef> RuleGroups::list(std::string_view tenant) const {
  std::vector<RuleGroupRef> out;
  const std::lock_guard lock(mutex_);
  if (tenant == options_.file_tenant) out = of_files_;
  for (const Kept& kept : put_) {
    if (kept.tenant == tenant) out.push_back(kept.entry);
  }
  return out;
}

RuleGroupRef RuleGroups::find(std::string_view tenant, std::string_view name_space, std::string_view group) const {
  for (RuleGroupRef& entry : list(tenant)) {
    if (entry->name_space == name_space && entry->group.name == group) return std::move(entry);
  }
  return nullptr;
}

Result<void> RuleGroups::check_changeable(std::string_view name_space) const {
  if (options_.directory.empty()) return error(Code::kUnsupported, "there is no folder to keep rules in");
  const std::lock_guard lock(mutex_);
  const auto same = [&](const RuleGroupRef& entry) { return entry->name_space == name_space; };
  if (std::ranges::none_of(of_files_, same)) return {};
  return error(Code::kExists, "namespace \"{}\" is a file of rules and can be changed only there", name_space);
}

// In its place in the order, or instead of the one of its name.
void RuleGroups::insert(std::string_view tenant, RuleGroupRef entry) {
  const auto key = [](const Kept& kept) {
    return std::tie(kept.tenant, kept.entry->name_space, kept.entry->group.name);
  };
  Kept kept{std::string(tenant), std::move(entry)};
  const std::lock_guard lock(mutex_);
  const auto place = std::lower_bound(put_.begin(), put_.end(), kept,
                                      [&](const Kept& a, const Kept& b) { return key(a) < key(b); });
  if (place != put_.end() && key(*place) == key(kept)) {
    *place = std::move(kept);
  } else {
    put_.insert(place, std::move(kept));
  }
}

Result<void> RuleGroups::put(std::string_view tenant, std::string_view name_space, std::string_view text,
                             std::string_view name) {
  const std::lock_guard change(change_mutex_);
  TRY_VOID(check_name("namespace", name_space));
  TRY_VOID(check_changeable(name_space));
  if (text.size() > kGroupBytesMax) {
    return error(Code::kLimit, "a group of rules has at most {} bytes, this one has {}", kGroupBytesMax, text.size());
  }
  RuleFileReport report = check_rule_group(text, options_.language);
  if (!report.errors.empty()) return mistakes(report);
  RuleGroupEntry entry{std::string(name_space), true, std::move(report.content.front()), std::string(text)};
  const std::string& own = entry.group.name;
  TRY_VOID(check_name("group", own));
  if (!name.empty() && own != name) {
    return error(Code::kInvalid, "the group is named \"{}\" but the request is about \"{}\"", own, name);
  }
  {
    const std::lock_guard lock(mutex_);
    const auto of_tenant = std::ranges::count_if(put_, [&](const Kept& kept) { return kept.tenant == tenant; });
    const bool replaced = std::ranges::any_of(put_, [&](const Kept& kept) {
      return kept.tenant == tenant && kept.entry->name_space == name_space && kept.entry->group.name == own;
    });
    if (static_cast<std::size_t>(of_tenant) >= kGroupsMax && !replaced) {
      return error(Code::kLimit, "there are {} groups of rules already, which is as many as may be put", of_tenant);
    }
  }
  const std::string folder = folder_of(tenant, name_space);
  TRY_VOID(files_.make_directories(folder));
  TRY_VOID(write_file_atomically(files_, folder + "/" + file_name_of(own), text));
  insert(tenant, std::make_shared<const RuleGroupEntry>(std::move(entry)));
  return {};
}

// REQUIRES: change_mutex_ is held.
Result<void> RuleGroups::remove_file(const Kept& kept) {
  const std::string folder = folder_of(kept.tenant, kept.entry->name_space);
  TRY_VOID(files_.remove(folder + "/" + file_name_of(kept.entry->group.name)));
  TRY_VOID(files_.sync_directory(folder));
  static_cast<void>(files_.remove(folder));  // only when it is empty
  const std::lock_guard lock(mutex_);
  std::erase_if(put_, [&](const Kept& each) { return each.entry == kept.entry; });
  return {};
}

Result<void> RuleGroups::remove(std::string_view tenant, std::string_view name_space, std::string_view group) {
  const std::lock_guard change(change_mutex_);
  TRY_VOID(check_changeable(name_space));
  const RuleGroupRef found = find(tenant, name_space, group);
  if (found == nullptr) return error(Code::kNotFound, "group does not exist");
  return remove_file({std::string(tenant), found});
}

Result<void> RuleGroups::remove_namespace(std::string_view tenant, std::string_view name_space) {
  const std::lock_guard change(change_mutex_);
  TRY_VOID(check_changeable(name_space));
  bool any = false;
  for (const RuleGroupRef& entry : list(tenant)) {
    if (!entry->over_api || entry->name_space != name_space) continue;
    any = true;
    TRY_VOID(remove_file({std::string(tenant), entry}));
  }
  if (!any) return error(Code::kNotFound, "no rule groups found");
  return {};
}

}  // namespace trilobite::alerting
