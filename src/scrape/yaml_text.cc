#include "scrape/yaml_text.h"

#include <algorithm>
#include <array>
#include <functional>
#include <vector>

#include "base/json_writer.h"

namespace trilobite::scrape {
namespace {

using agent::yaml::Kind;
using agent::yaml::Node;

constexpr auto kSecretNames = std::to_array<std::string_view>(
    {"password", "credentials", "bearer_token", "client_secret", "secrets", "key", "token", "secret_key", "secret",
     "refresh_token", "application_credential_secret"});

// "key" and "token" are secrets where they are texts; `params: {token: [..]}` is part of a URL that everybody sees.
bool is_secret(std::string_view name, const Node& value) {
  if (name == "key" || name == "token") return value.kind == Kind::kScalar;
  return std::find(kSecretNames.begin(), kSecretNames.end(), name) != kSecretNames.end();
}

bool plain(std::string_view text) {
  if (text.empty() || text == "~") return false;
  if (text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos) return false;
  if (text.back() == ':' || text.back() == ' ' || text.front() == ' ') return false;
  constexpr std::string_view kOpeners = "-?:,[]{}#&*!|>'\"%@`=";
  if (kOpeners.find(text.front()) != std::string_view::npos) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

std::string quoted(std::string_view text) {
  if (plain(text)) return std::string(text);
  std::string out;
  append_json_string(out, text);  // a JSON string is a YAML string
  return out;
}

// http://user:password@host: the password goes.
std::string without_password(std::string_view text) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return std::string(text);
  const std::size_t begin = scheme + 3, end = std::min(text.find('/', begin), text.size());
  const std::size_t at = text.substr(0, end).rfind('@');
  const std::size_t colon = text.find(':', begin);
  if (at == std::string_view::npos || colon == std::string_view::npos || colon > at) return std::string(text);
  return fmt::format("{}:xxxxx{}", text.substr(0, colon), text.substr(at));
}

class Printer {
 public:
  explicit Printer(Secrets secrets) : hide_(secrets == Secrets::kHidden) {}

  // The text begins behind `name:` or `-`; mappings and lists start on the next line.
  void value(const Node& node, std::size_t depth) {
    switch (node.kind) {
      case Kind::kNull:
        out_ += " null\n";
        return;
      case Kind::kScalar:
        out_ += " " + quoted(hide_ ? without_password(node.text) : node.text) + "\n";
        return;
      case Kind::kList:
        if (node.list.empty()) {
          out_ += " []\n";
          return;
        }
        out_ += "\n";
        list(node, depth);
        return;
      case Kind::kMap:
        if (node.map.empty()) {
          out_ += " {}\n";
          return;
        }
        out_ += "\n";
        map(node, depth + 1, true);
        return;
    }
  }

  void list(const Node& node, std::size_t depth) {
    for (const Node& item : node.list) {
      indent(depth);
      out_ += "-";
      if (item.kind == Kind::kMap && !item.map.empty()) {
        out_ += " ";
        map(item, depth + 1, false);
      } else {
        value(item, depth + 1);
      }
    }
  }

  void map(const Node& node, std::size_t depth, bool indent_first) {
    bool first = !indent_first;
    for (const auto& [name, item] : node.map) {
      if (!first) indent(depth);
      first = false;
      out_ += quoted(name) + ":";
      if (hide_ && is_secret(name, item) && item.kind != Kind::kNull) {
        out_ += " <secret>\n";
      } else {
        value(item, depth);
      }
    }
  }

  std::string out_;

 private:
  void indent(std::size_t depth) { out_.append(depth * 2, ' '); }
  bool hide_;
};

constexpr std::size_t kSecretsMax = 1000;  // each is looked for in the whole text

struct Replacement {
  std::string secret, shown;
};

void collect_secrets(const Node& node, bool secret, std::vector<Replacement>& out) {
  if (node.kind == Kind::kScalar) {
    std::string shown = secret ? "<secret>" : without_password(node.text);
    if (!node.text.empty() && shown != node.text) out.push_back({node.text, std::move(shown)});
  }
  for (const Node& item : node.list) collect_secrets(item, secret, out);
  for (const auto& [name, value] : node.map) collect_secrets(value, secret || is_secret(name, value), out);
}

// A job's former password may stand in a comment.
void hide_in_comment(std::string& line) {
  for (std::size_t hash = line.find('#'); hash != std::string::npos; hash = line.find('#', hash + 1)) {
    if (hash > 0 && line[hash - 1] != ' ' && line[hash - 1] != '\t') continue;
    const std::string_view comment = std::string_view(line).substr(hash);
    for (const std::string_view name : kSecretNames) {
      for (std::size_t at = comment.find(name); at != std::string_view::npos; at = comment.find(name, at + 1)) {
        const std::size_t mark = comment.find_first_not_of("\"' ", at + name.size());
        if (mark == std::string_view::npos || (comment[mark] != ':' && comment[mark] != '=')) continue;
        if (comment.find_first_not_of(" \r", mark + 1) == std::string_view::npos) continue;
        line.resize(hash + mark + 1);
        line += " <secret>";
        return;
      }
    }
    line = line.substr(0, hash) + without_password(line.substr(hash));
    return;
  }
}

}  // namespace

std::string to_yaml(const Node& node, Secrets secrets) {
  Printer printer(secrets);
  if (node.kind == Kind::kMap) {
    printer.map(node, 0, true);
  } else if (node.kind == Kind::kList) {
    printer.list(node, 0);
  } else {
    printer.value(node, 0);
  }
  return std::move(printer.out_);
}

std::optional<std::string> hide_secrets(std::string_view text, const Node& node) {
  std::vector<Replacement> replacements;
  collect_secrets(node, false, replacements);
  if (replacements.size() > kSecretsMax) return std::nullopt;
  // One may begin with another.
  std::ranges::sort(replacements, std::greater(), [](const Replacement& each) { return each.secret.size(); });
  std::string out(text);
  for (const auto& [secret, shown] : replacements) {
    for (std::size_t at = out.find(secret); at != std::string::npos; at = out.find(secret, at + shown.size())) {
      out.replace(at, secret.size(), shown);
    }
  }
  std::string lines;
  for (std::size_t begin = 0; begin < out.size();) {
    const std::size_t end = std::min(out.find('\n', begin), out.size());
    std::string line = out.substr(begin, end - begin);
    hide_in_comment(line);
    lines += line + "\n";
    begin = end + 1;
  }
  const Result<Node> again = agent::yaml::parse(lines);
  if (!again.ok() || to_yaml(*again, Secrets::kShown) != to_yaml(node, Secrets::kHidden)) return std::nullopt;
  return lines;
}

}  // namespace trilobite::scrape
