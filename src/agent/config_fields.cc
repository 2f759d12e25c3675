#include "agent/config_fields.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "agent/duration.h"

namespace trilobite::agent {

Fields::Fields(const yaml::Node* node, std::string where) : node_(node), where_(std::move(where)) {
  if (node_ != nullptr && node_->kind == yaml::Kind::kNull) node_ = nullptr;
  if (node_ != nullptr && node_->kind != yaml::Kind::kMap) {
    keep(error(Code::kInvalid, "line {}: {}: must be a mapping", node_->line, where_));
    node_ = nullptr;
  }
}

void Fields::keep(Error error) {
  if (!first_) first_ = std::move(error);
}

std::string Fields::where(std::string_view name) const {
  return where_.empty() ? std::string(name) : fmt::format("{}.{}", where_, name);
}

void Fields::mistake(std::string_view name, const std::string& what) {
  const yaml::Node* node = node_ == nullptr ? nullptr : node_->find(name);
  const int line = node != nullptr ? node->line : node_ != nullptr ? node_->line : 0;
  keep(error(Code::kInvalid, "line {}: {}: {}", line, where(name), what));
}

const yaml::Node* Fields::take(std::string_view name) {
  known_.emplace_back(name);
  const yaml::Node* node = node_ == nullptr ? nullptr : node_->find(name);
  return node == nullptr || node->kind == yaml::Kind::kNull ? nullptr : node;
}

const yaml::Node* Fields::node(std::string_view name) { return take(name); }

const std::string* Fields::scalar(std::string_view name) {
  const yaml::Node* node = take(name);
  if (node == nullptr) return nullptr;
  if (node->kind == yaml::Kind::kScalar) return &node->text;
  mistake(name, "must be a single value");
  return nullptr;
}

void Fields::text(std::string_view name, std::string& out) {
  if (const std::string* value = scalar(name)) out = *value;
}

void Fields::texts(std::string_view name, std::vector<std::string>& out) {
  const yaml::Node* node = take(name);
  if (node == nullptr) return;
  out.clear();
  if (node->kind == yaml::Kind::kScalar) {
    out.push_back(node->text);
    return;
  }
  if (node->kind != yaml::Kind::kList) return mistake(name, "must be a list");
  for (const yaml::Node& item : node->list) {
    if (item.kind != yaml::Kind::kScalar) return mistake(name, "must be a list of single values");
    out.push_back(item.text);
  }
}

void Fields::text_map(std::string_view name, std::vector<std::pair<std::string, std::string>>& out) {
  const yaml::Node* node = take(name);
  if (node == nullptr) return;
  if (node->kind != yaml::Kind::kMap) return mistake(name, "must be a mapping");
  out.clear();
  for (const auto& [key, value] : node->map) {
    if (value.kind != yaml::Kind::kScalar && value.kind != yaml::Kind::kNull) {
      return mistake(name, fmt::format("\"{}\" must be a single value", key));
    }
    out.emplace_back(key, value.text);
  }
}

void Fields::labels(std::string_view name, Labels& out) {
  std::vector<std::pair<std::string, std::string>> pairs;
  text_map(name, pairs);
  for (const auto& [key, value] : pairs) {
    if (!valid_label_name(key)) mistake(name, fmt::format("\"{}\" is not a label name", key));
    out.set(key, value);
  }
}

void Fields::boolean(std::string_view name, bool& out) {
  const std::string* value = scalar(name);
  if (value == nullptr) return;
  if (*value == "true" || *value == "True" || *value == "yes" || *value == "on") {
    out = true;
  } else if (*value == "false" || *value == "False" || *value == "no" || *value == "off") {
    out = false;
  } else {
    mistake(name, fmt::format("\"{}\" is neither true nor false", *value));
  }
}

void Fields::number(std::string_view name, double& out) {
  const std::string* value = scalar(name);
  if (value == nullptr) return;
  auto parsed = parse_number(*value);
  if (!parsed.ok()) return mistake(name, parsed.error().message);
  out = *parsed;
}

void Fields::integer(std::string_view name, std::int64_t& out, std::int64_t min, std::int64_t max) {
  const std::string* value = scalar(name);
  if (value == nullptr) return;
  auto parsed = parse_integer(*value);
  if (!parsed.ok()) return mistake(name, parsed.error().message);
  if (*parsed < min || *parsed > max)
    return mistake(name, fmt::format("{} is not within {} and {}", *parsed, min, max));
  out = *parsed;
}

void Fields::duration(std::string_view name, std::chrono::nanoseconds& out) {
  const std::string* value = scalar(name);
  if (value == nullptr) return;
  auto parsed = parse_duration(*value);
  if (!parsed.ok()) return mistake(name, parsed.error().message);
  if (parsed->count() < 0) return mistake(name, "must not be negative");
  out = *parsed;
}

void Fields::byte_size(std::string_view name, std::uint64_t& out) {
  const std::string* value = scalar(name);
  if (value == nullptr) return;
  auto parsed = parse_byte_size(*value);
  if (!parsed.ok()) return mistake(name, parsed.error().message);
  out = *parsed;
}

std::vector<Fields::Item> Fields::items(std::string_view name) {
  std::vector<Item> out;
  const yaml::Node* node = take(name);
  if (node == nullptr) return out;
  if (node->kind != yaml::Kind::kList) {
    mistake(name, "must be a list");
    return out;
  }
  for (std::size_t i = 0; i < node->list.size(); ++i) {
    out.push_back({&node->list[i], fmt::format("{}[{}]", where(name), i)});
  }
  return out;
}

void Fields::ignore(std::string_view name) { known_.emplace_back(name); }

void Fields::unsupported(std::string_view name) {
  if (take(name) != nullptr) mistake(name, "is not supported yet");
}

// An unknown name comes first: it is often the misspelt one that another message misses.
Result<void> Fields::finish() {
  if (node_ != nullptr) {
    for (const auto& [name, value] : node_->map) {
      if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
      std::sort(known_.begin(), known_.end());
      return error(Code::kInvalid, "line {}: {}: unknown name; known are {}", value.line, where(name),
                   fmt::join(known_, ", "));
    }
  }
  if (first_) return *first_;
  return {};
}

}  // namespace trilobite::agent
