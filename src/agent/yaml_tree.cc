#include "agent/yaml_tree.h"

#include <yaml-cpp/yaml.h>

#include "agent/limits.h"

namespace trilobite::agent::yaml {
namespace {

constexpr int kDepthMax = 64;

struct Conversion {
  std::size_t nodes = 0;

  Result<Node> convert(const YAML::Node& from, int depth);
  Result<void> convert_map(const YAML::Node& from, int depth, Node& out);
};

Result<void> Conversion::convert_map(const YAML::Node& from, int depth, Node& out) {
  std::vector<Node> merged;
  for (const auto& entry : from) {
    if (!entry.first.IsScalar()) return error(Code::kInvalid, "line {}: a name must be plain text", out.line);
    const std::string& name = entry.first.Scalar();
    TRY(value, convert(entry.second, depth + 1));
    if (value.kind == Kind::kNull) value.line = entry.first.Mark().line + 1;
    if (name == "<<") {
      if (value.kind == Kind::kList) {
        for (Node& node : value.list) merged.push_back(std::move(node));
      } else {
        merged.push_back(std::move(value));
      }
      continue;
    }
    if (out.find(name) != nullptr) {
      return error(Code::kInvalid, "line {}: \"{}\" is given twice", entry.first.Mark().line + 1, name);
    }
    out.map.emplace_back(name, std::move(value));
  }
  for (const Node& node : merged) {
    for (const auto& [name, value] : node.map) {
      if (out.find(name) == nullptr) out.map.emplace_back(name, value);
    }
  }
  return {};
}

Result<Node> Conversion::convert(const YAML::Node& from, int depth) {
  Node out;
  out.line = from.Mark().line + 1;
  if (depth > kDepthMax) return error(Code::kLimit, "line {}: nested deeper than {} levels", out.line, kDepthMax);
  if (++nodes > kYamlNodesMax) return error(Code::kLimit, "line {}: more than {} values", out.line, kYamlNodesMax);
  switch (from.Type()) {
    case YAML::NodeType::Undefined:
    case YAML::NodeType::Null:
      break;
    case YAML::NodeType::Scalar:
      out.kind = Kind::kScalar;
      out.text = from.Scalar();
      break;
    case YAML::NodeType::Sequence:
      out.kind = Kind::kList;
      for (const auto& item : from) {
        TRY(node, convert(item, depth + 1));
        out.list.push_back(std::move(node));
      }
      break;
    case YAML::NodeType::Map:
      out.kind = Kind::kMap;
      TRY_VOID(convert_map(from, depth, out));
      break;
  }
  return out;
}

}  // namespace

Node::Node() = default;
Node::~Node() = default;
Node::Node(const Node&) = default;
Node::Node(Node&&) noexcept = default;
Node& Node::operator=(const Node&) = default;
Node& Node::operator=(Node&&) noexcept = default;

const Node* Node::find(std::string_view name) const {
  for (const auto& [key, value] : map) {
    if (key == name) return &value;
  }
  return nullptr;
}

Result<Node> parse(std::string_view text) {
  try {
    Conversion conversion;
    return conversion.convert(YAML::Load(std::string(text)), 0);
  } catch (const YAML::Exception& failure) {
    return error(Code::kInvalid, "line {}: {}", failure.mark.line + 1, failure.msg);
  } catch (const std::exception& failure) {
    return error(Code::kInvalid, "cannot parse YAML: {}", failure.what());
  }
}

}  // namespace trilobite::agent::yaml
