#include "ingest/otlp_mapping.h"

#include <algorithm>
#include <array>

namespace trilobite::ingest {
namespace {

constexpr std::array<std::string_view, 18> kDefaultLabels = {"service.name",        "service.namespace",
                                                             "service.instance.id", "deployment.environment",
                                                             "cloud.region",        "deployment.environment.name",
                                                             "container.name",      "cloud.availability_zone",
                                                             "k8s.cluster.name",    "k8s.namespace.name",
                                                             "k8s.pod.name",        "k8s.container.name",
                                                             "k8s.replicaset.name", "k8s.deployment.name",
                                                             "k8s.daemonset.name",  "k8s.statefulset.name",
                                                             "k8s.cronjob.name",    "k8s.job.name"};

constexpr std::array<std::string_view, 3> kActions = {"structured_metadata", "index_label", "drop"};

OtlpAction decide(const std::vector<OtlpRule>& rules, std::string_view attribute) {
  for (const OtlpRule& rule : rules) {
    if (rule.matches(attribute)) return rule.action;
  }
  return OtlpAction::kStructuredMetadata;
}

}  // namespace

std::string_view otlp_action_name(OtlpAction action) { return kActions[static_cast<std::size_t>(action)]; }

std::optional<OtlpAction> parse_otlp_action(std::string_view name) {
  const auto found = std::find(kActions.begin(), kActions.end(), name);
  if (found == kActions.end()) return std::nullopt;
  return static_cast<OtlpAction>(found - kActions.begin());
}

bool OtlpRule::matches(std::string_view attribute) const {
  if (std::find(attributes.begin(), attributes.end(), attribute) != attributes.end()) return true;
  return regex && regex->matches(attribute);
}

Result<OtlpRule> make_otlp_rule(OtlpAction action, std::vector<std::string> attributes, std::string regex) {
  OtlpRule rule{action, std::move(attributes), std::move(regex), {}};
  if (rule.attributes.empty() == rule.regex_text.empty()) {
    return error(Code::kInvalid, "an entry of attributes_config needs either attributes or regex");
  }
  if (rule.regex_text.empty()) return rule;
  TRY(compiled, logql::Regex::compile(rule.regex_text, {.anchored = true}));
  rule.regex = std::move(compiled);
  return rule;
}

bool otlp_default_label(std::string_view attribute) {
  return std::find(kDefaultLabels.begin(), kDefaultLabels.end(), attribute) != kDefaultLabels.end();
}

OtlpAction OtlpMapping::of_resource(std::string_view attribute) const {
  if (!ignore_defaults && otlp_default_label(attribute)) return OtlpAction::kIndexLabel;
  return decide(resource, attribute);
}
OtlpAction OtlpMapping::of_scope(std::string_view attribute) const { return decide(scope, attribute); }
OtlpAction OtlpMapping::of_record(std::string_view attribute) const { return decide(record, attribute); }

}  // namespace trilobite::ingest
