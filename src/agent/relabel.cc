#include "agent/relabel.h"

#include <openssl/evp.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>

namespace trilobite::agent {
namespace {

struct ActionName {
  std::string_view name;
  RelabelAction action;
};
constexpr std::array kActions{
    ActionName{"replace", RelabelAction::kReplace},     ActionName{"keep", RelabelAction::kKeep},
    ActionName{"drop", RelabelAction::kDrop},           ActionName{"labelmap", RelabelAction::kLabelMap},
    ActionName{"labeldrop", RelabelAction::kLabelDrop}, ActionName{"labelkeep", RelabelAction::kLabelKeep},
    ActionName{"hashmod", RelabelAction::kHashMod},     ActionName{"lowercase", RelabelAction::kLowercase},
    ActionName{"uppercase", RelabelAction::kUppercase}, ActionName{"keepequal", RelabelAction::kKeepEqual},
    ActionName{"dropequal", RelabelAction::kDropEqual},
};

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

std::string change_case(std::string text, bool upper) {
  for (char& c : text) {
    if (upper ? c >= 'a' && c <= 'z' : c >= 'A' && c <= 'Z') c = static_cast<char>(c ^ 0x20);
  }
  return text;
}

// Prometheus takes the last eight bytes of the MD5 sum, so that every agent of a fleet picks the same shard.
std::uint64_t md5_tail(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE] = {};
  unsigned int length = 0;
  if (EVP_Digest(text.data(), text.size(), digest, &length, EVP_md5(), nullptr) != 1 || length < 16) return 0;
  std::uint64_t out = 0;
  for (int i = 8; i < 16; ++i) out = out << 8 | digest[i];
  return out;
}

// Prometheus refuses fields that an action does not look at: they are a misunderstanding.
std::string_view superfluous_field(RelabelAction action, const yaml::Node& node) {
  const auto first_of = [&](std::initializer_list<std::string_view> names) -> std::string_view {
    for (const std::string_view name : names) {
      const yaml::Node* given = node.find(name);
      if (given != nullptr && given->kind != yaml::Kind::kNull) return name;
    }
    return {};
  };
  switch (action) {
    case RelabelAction::kLabelDrop:
    case RelabelAction::kLabelKeep:
      return first_of({"source_labels", "target_label", "modulus", "separator", "replacement"});
    case RelabelAction::kKeepEqual:
    case RelabelAction::kDropEqual:
      return first_of({"regex", "modulus", "separator", "replacement"});
    case RelabelAction::kLowercase:
    case RelabelAction::kUppercase:
      return first_of({"replacement"});
    default:
      return {};
  }
}

bool apply_rule(const RelabelRule& rule, Labels& labels) {
  std::string value;
  for (std::size_t i = 0; i < rule.source_labels.size(); ++i) {
    if (i > 0) value += rule.separator;
    value += labels.get(rule.source_labels[i]);
  }
  const auto put = [&](std::string_view name, std::string_view text) {
    if (text.empty()) {
      labels.erase(name);
    } else {
      labels.set(name, text);
    }
  };
  switch (rule.action) {
    case RelabelAction::kKeep:
      return re2::RE2::FullMatch(value, *rule.regex);
    case RelabelAction::kDrop:
      return !re2::RE2::FullMatch(value, *rule.regex);
    case RelabelAction::kKeepEqual:
      return labels.get(rule.target_label) == value;
    case RelabelAction::kDropEqual:
      return labels.get(rule.target_label) != value;
    case RelabelAction::kLowercase:
      put(rule.target_label, change_case(value, false));
      return true;
    case RelabelAction::kUppercase:
      put(rule.target_label, change_case(value, true));
      return true;
    case RelabelAction::kHashMod:
      put(rule.target_label, fmt::format("{}", md5_tail(value) % rule.modulus));
      return true;
    case RelabelAction::kReplace: {
      if (!re2::RE2::FullMatch(value, *rule.regex)) return true;
      const std::string target = expand_template(*rule.regex, value, rule.target_label);
      const bool valid = rule.utf8_names ? !target.empty() : valid_label_name(target);
      if (valid) put(target, expand_template(*rule.regex, value, rule.replacement));
      return true;
    }
    case RelabelAction::kLabelMap: {
      const Labels before = labels;
      for (const auto& [name, text] : before) {
        if (re2::RE2::FullMatch(name, *rule.regex)) put(expand_template(*rule.regex, name, rule.replacement), text);
      }
      return true;
    }
    case RelabelAction::kLabelDrop:
      labels.erase_if([&](const Labels::Pair& pair) { return re2::RE2::FullMatch(pair.first, *rule.regex); });
      return true;
    case RelabelAction::kLabelKeep:
      labels.erase_if([&](const Labels::Pair& pair) { return !re2::RE2::FullMatch(pair.first, *rule.regex); });
      return true;
  }
  return true;
}

}  // namespace

std::string_view name_of(RelabelAction action) {
  const auto at =
      std::find_if(kActions.begin(), kActions.end(), [&](const ActionName& a) { return a.action == action; });
  return at == kActions.end() ? std::string_view() : at->name;
}

std::string regex_text(const RelabelRule& rule) {
  constexpr std::string_view kOpen = "(?s:";  // put around by parse_relabel_rule
  const std::string& pattern = rule.regex->pattern();
  return pattern.starts_with(kOpen) ? pattern.substr(kOpen.size(), pattern.size() - kOpen.size() - 1) : pattern;
}

std::string expand_template(const re2::RE2& regex, std::string_view text, std::string_view replacement) {
  std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) + 1);
  if (!regex.Match({text.data(), text.size()}, 0, text.size(), re2::RE2::UNANCHORED, groups.data(),
                   static_cast<int>(groups.size()))) {
    return {};
  }
  std::string out;
  for (std::size_t i = 0; i < replacement.size(); ++i) {
    if (replacement[i] != '$' || i + 1 == replacement.size()) {
      out += replacement[i];
      continue;
    }
    if (replacement[i + 1] == '$') {
      out += '$';
      ++i;
      continue;
    }
    const bool braces = replacement[i + 1] == '{';
    const std::size_t begin = i + 1 + braces;
    std::size_t end = begin;
    while (end < replacement.size() && is_word(replacement[end])) ++end;
    if (end == begin || (braces && (end == replacement.size() || replacement[end] != '}'))) {
      out += '$';  // not a reference
      continue;
    }
    const std::string name(replacement.substr(begin, end - begin));
    std::size_t group = groups.size();
    if (std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; })) {
      if (name.size() < 4) group = std::stoul(name);
    } else if (const auto at = regex.NamedCapturingGroups().find(name); at != regex.NamedCapturingGroups().end()) {
      group = static_cast<std::size_t>(at->second);
    }
    if (group < groups.size()) out.append(groups[group].data() ? groups[group].data() : "", groups[group].size());
    i = end - 1 + braces;
  }
  return out;
}

Result<RelabelRule> parse_relabel_rule(const yaml::Node& node, const std::string& where, LabelNames names) {
  RelabelRule rule;
  rule.utf8_names = names == LabelNames::kUtf8;
  Fields fields(&node, where);
  std::string action = "replace", regex = "(.*)";
  std::int64_t modulus = 0;
  fields.text("action", action);
  fields.texts("source_labels", rule.source_labels);
  fields.text("separator", rule.separator);
  fields.text("target_label", rule.target_label);
  fields.text("replacement", rule.replacement);
  fields.text("regex", regex);
  fields.integer("modulus", modulus, 0, INT64_MAX);
  rule.modulus = static_cast<std::uint64_t>(modulus);
  const std::string lower = change_case(action, false);
  const auto at = std::find_if(kActions.begin(), kActions.end(), [&](const ActionName& a) { return a.name == lower; });
  if (at == kActions.end()) {
    fields.mistake("action", fmt::format("unknown action \"{}\"", action));
  } else {
    rule.action = at->action;
  }
  rule.regex = std::make_shared<const re2::RE2>("(?s:" + regex + ")", re2::RE2::Quiet);
  if (!rule.regex->ok()) fields.mistake("regex", rule.regex->error());
  if (rule.action == RelabelAction::kHashMod && modulus == 0) fields.mistake("modulus", "must be given for hashmod");
  const bool needs_target = rule.action == RelabelAction::kReplace || rule.action == RelabelAction::kHashMod ||
                            rule.action == RelabelAction::kLowercase || rule.action == RelabelAction::kUppercase ||
                            rule.action == RelabelAction::kKeepEqual || rule.action == RelabelAction::kDropEqual;
  if (needs_target && rule.target_label.empty()) fields.mistake("target_label", "must be given for this action");
  if (const std::string_view wrong = superfluous_field(rule.action, node); !wrong.empty()) {
    fields.mistake(wrong, fmt::format("has no meaning for action {}", lower));
  }
  TRY_VOID(fields.finish());
  return rule;
}

bool relabel(const std::vector<RelabelRule>& rules, Labels& labels) {
  return std::all_of(rules.begin(), rules.end(), [&](const RelabelRule& rule) { return apply_rule(rule, labels); });
}

}  // namespace trilobite::agent
