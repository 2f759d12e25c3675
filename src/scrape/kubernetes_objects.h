// What Kubernetes discovery keeps of the objects of a cluster: the labels that targets get from them, not the objects.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "scrape/discovery_config.h"
#include "scrape/json_value.h"

namespace trilobite::scrape {

enum class KubernetesResource : std::uint8_t {
  kNodes,
  kServices,
  kPods,
  kEndpoints,
  kEndpointSlices,
  kIngresses,
  kNamespaces
};

struct KubernetesPort {
  std::string name, protocol, app_protocol;
  std::int64_t number = 0;  // 0: none
};

struct KubernetesContainer {
  Labels labels;  // name, id, image, init
  std::vector<KubernetesPort> ports;
};

struct KubernetesAddress {
  std::string ip;
  std::string ready;  // "true", "false"; of endpoint slices "" when unknown
  Labels labels;      // hostname, node, target, conditions
  std::string pod;    // namespace/name of the pod behind it; "" when it is none
};

struct KubernetesSubset {
  std::vector<KubernetesPort> ports;
  std::vector<KubernetesAddress> addresses;
};

// One object of any of the resources; what does not belong to its resource is empty.
struct KubernetesObject {
  std::string ns, name;
  Labels labels;                                // __meta_kubernetes_ROLE_...
  std::string address;                          // node: host:port; pod: its IP
  std::string node;                             // of a pod
  std::string service;                          // of endpoints: the name of their service
  std::vector<KubernetesContainer> containers;  // of a pod
  std::vector<KubernetesSubset> subsets;        // of endpoints
  std::vector<Labels> targets;                  // of services and ingresses, complete
};

std::string_view plural(KubernetesResource resource);  // "pods"
std::string key_of(const json::Value& object);         // namespace/name
KubernetesObject parse_kubernetes_object(KubernetesResource resource, const json::Value& object);

struct KubernetesCluster {
  using Objects = std::map<std::string, KubernetesObject>;
  std::map<KubernetesResource, Objects> objects;

  const KubernetesObject* find(KubernetesResource resource, const std::string& key) const;
};

// The groups of a role, one per object.
std::vector<TargetGroup> kubernetes_groups(const KubernetesDiscoveryConfig& config, const KubernetesCluster& cluster);
// What a role must look at.
std::vector<KubernetesResource> resources_of(const KubernetesDiscoveryConfig& config);
KubernetesResource resource_of(KubernetesRole role);

}  // namespace trilobite::scrape
