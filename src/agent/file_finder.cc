#include "agent/file_finder.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <memory>

#include "agent/limits.h"

namespace trilobite::agent {
namespace {

bool is_folder(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

std::string join(const std::string& folder, const std::string& name) {
  if (folder == ".") return name;
  return folder == "/" ? "/" + name : folder + "/" + name;
}

// Calls visit(path, is_file, is_folder) for each entry; links to files are files, links to folders are nothing.
template <class Visit>
void each_entry(const std::string& folder, const Visit& visit) {
  DIR* handle = ::opendir(folder.c_str());
  if (handle == nullptr) return;  // no permission: its files cannot be read either
  const std::unique_ptr<DIR, int (*)(DIR*)> closer(handle, ::closedir);
  while (const dirent* entry = ::readdir(handle)) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    const std::string path = join(folder, name);
    bool is_directory = entry->d_type == DT_DIR;
    bool is_file = entry->d_type == DT_REG;
    if (entry->d_type == DT_UNKNOWN || entry->d_type == DT_LNK) {
      struct stat status {};
      if (::stat(path.c_str(), &status) != 0) continue;
      is_file = S_ISREG(status.st_mode);
      is_directory = S_ISDIR(status.st_mode) && entry->d_type == DT_UNKNOWN;
    }
    visit(path, is_file, is_directory);
  }
}

void walk(const std::string& folder, const Glob& path, const Glob* exclude, FoundFiles& out) {
  if (out.folders.size() >= kFoldersMax || out.files.size() >= kFilesMax) {
    out.limited = true;
    return;
  }
  out.folders.insert(folder);
  std::vector<std::string> below;
  each_entry(folder, [&](const std::string& full, bool is_file, bool is_directory) {
    if (is_directory && path.may_match_below(full)) below.push_back(full);
    if (is_file && path.matches(full) && (exclude == nullptr || !exclude->matches(full))) out.files.push_back(full);
  });
  for (const std::string& next : below) walk(next, path, exclude, out);
}

}  // namespace

std::vector<std::string> list_files(const std::string& folder) {
  std::vector<std::string> out;
  each_entry(folder, [&](const std::string& path, bool is_file, bool) {
    if (is_file) out.push_back(path);
  });
  return out;
}

std::string parent_folder(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string file_name(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

void find_files(const Glob& path, const Glob* exclude, FoundFiles& out) {
  for (const std::string& root : path.roots()) {
    if (is_folder(root)) {
      walk(root, path, exclude, out);
      continue;
    }
    std::string ancestor = root;
    while (ancestor != "/" && ancestor != "." && !is_folder(ancestor)) ancestor = parent_folder(ancestor);
    out.ancestors.insert(ancestor);
  }
  std::sort(out.files.begin(), out.files.end());
  out.files.erase(std::unique(out.files.begin(), out.files.end()), out.files.end());
}

}  // namespace trilobite::agent
