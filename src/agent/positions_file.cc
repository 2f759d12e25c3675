#include "agent/positions_file.h"

#include "agent/duration.h"
#include "agent/yaml_tree.h"
#include "base/json_writer.h"

namespace trilobite::agent {

Result<PathOffsets> read_positions_file(FileSystem& files, const std::string& path) {
  PathOffsets out;
  auto text = files.read_all(path);
  if (!text.ok() && text.error().code == Code::kNotFound) return out;
  if (!text.ok()) return std::move(text).error();
  auto root = yaml::parse(*text);
  if (!root.ok()) return std::move(root).error().within("cannot read the positions in {}", path);
  const yaml::Node* positions = root->find("positions");
  if (positions == nullptr) return out;
  for (const auto& [name, value] : positions->map) {
    auto offset = parse_integer(value.text);
    if (offset.ok() && *offset >= 0 && name.starts_with('/')) out[name] = static_cast<std::uint64_t>(*offset);
  }
  return out;
}

Result<void> write_positions_file(FileSystem& files, const std::string& path, const PathOffsets& offsets) {
  std::string text = "positions:\n";
  for (const auto& [name, offset] : offsets) {
    text += "  ";
    append_json_string(text, name);  // a JSON string is a YAML one
    text += fmt::format(": \"{}\"\n", offset);
  }
  return write_file_atomically(files, path, text);
}

}  // namespace trilobite::agent
