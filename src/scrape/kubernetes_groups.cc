// From the objects of a cluster to target groups, by role.
#include <set>

#include "scrape/discovery.h"
#include "scrape/kubernetes_objects.h"

namespace trilobite::scrape {
namespace {

using Resource = KubernetesResource;

void merge(const Labels& from, Labels& into) {
  for (const auto& [name, value] : from) into.set(name, value);
}

void set_meta(Labels& labels, std::string_view name, std::string_view value) {
  if (!value.empty()) labels.set(fmt::format("__meta_kubernetes_{}", name), value);
}

void add_container_port(const KubernetesContainer& container, const KubernetesPort& port, Labels& out) {
  merge(container.labels, out);
  set_meta(out, "pod_container_port_name", port.name);
  set_meta(out, "pod_container_port_number", std::to_string(port.number));
  set_meta(out, "pod_container_port_protocol", port.protocol);
}

class GroupBuilder {
 public:
  GroupBuilder(const KubernetesDiscoveryConfig& config, const KubernetesCluster& cluster)
      : config_(config), cluster_(cluster) {}

  std::vector<TargetGroup> build() {
    const Resource resource = resource_of(config_.role);
    std::vector<TargetGroup> out;
    const auto found = cluster_.objects.find(resource);
    if (found == cluster_.objects.end()) return out;
    for (const auto& [key, object] : found->second) {
      TargetGroup group;
      group.source = fmt::format("{}/{}", plural(resource), key);
      group.labels = object.labels;
      set_meta(group.labels, "namespace", object.ns);
      attach_namespace(object, group.labels);
      fill(resource, object, group);
      if (!group.targets.empty()) out.push_back(std::move(group));
    }
    return out;
  }

 private:
  void fill(Resource resource, const KubernetesObject& object, TargetGroup& group) {
    switch (resource) {
      case Resource::kNodes: {
        if (object.address.empty()) return;
        Labels target{{"__address__", object.address}};
        target.set("instance", object.name);
        group.targets.push_back(std::move(target));
        return;
      }
      case Resource::kPods:
        return fill_pod(object, group);
      case Resource::kEndpoints:
      case Resource::kEndpointSlices:
        return fill_endpoints(resource, object, group);
      default:
        group.targets = object.targets;
    }
  }

  void attach_node(const std::string& node, Labels& labels) const {
    if (!config_.attach_node || node.empty()) return;
    if (const auto* object = cluster_.find(Resource::kNodes, "/" + node)) merge(object->labels, labels);
  }

  void attach_namespace(const KubernetesObject& object, Labels& labels) const {
    if (!config_.attach_namespace || object.ns.empty()) return;
    if (const auto* ns = cluster_.find(Resource::kNamespaces, "/" + object.ns)) merge(ns->labels, labels);
  }

  // One target per declared port; a container that declares none is one without a port.
  void fill_pod(const KubernetesObject& pod, TargetGroup& group) const {
    if (pod.address.empty()) return;
    attach_node(pod.node, group.labels);
    for (const KubernetesContainer& container : pod.containers) {
      if (container.ports.empty()) {
        Labels target = container.labels;
        target.set("__address__",
                   pod.address.find(':') == std::string::npos ? pod.address : fmt::format("[{}]", pod.address));
        group.targets.push_back(std::move(target));
      }
      for (const KubernetesPort& port : container.ports) {
        Labels target;
        target.set("__address__", join_host_port(pod.address, std::to_string(port.number)));
        add_container_port(container, port, target);
        group.targets.push_back(std::move(target));
      }
    }
  }

  void fill_endpoints(Resource resource, const KubernetesObject& object, TargetGroup& group) const {
    if (const auto* service = cluster_.find(Resource::kServices, object.ns + "/" + object.service)) {
      merge(service->labels, group.labels);
    }
    std::map<std::string, std::set<const KubernetesPort*>> seen;  // by pod: ports that an endpoint stands for
    for (const KubernetesSubset& subset : object.subsets) {
      for (const KubernetesPort& port : subset.ports) {
        for (const KubernetesAddress& address : subset.addresses) {
          group.targets.push_back(endpoint(resource, port, address, seen));
        }
      }
    }
    // Ports of the pods behind the endpoints that the service does not name are targets as well.
    for (const auto& [key, ports] : seen) {
      const auto* pod = cluster_.find(Resource::kPods, key);
      if (pod == nullptr || pod->address.empty()) continue;
      for (const KubernetesContainer& container : pod->containers) {
        for (const KubernetesPort& port : container.ports) {
          if (ports.contains(&port)) continue;
          Labels target;
          target.set("__address__", join_host_port(pod->address, std::to_string(port.number)));
          add_container_port(container, port, target);
          merge(pod->labels, target);
          attach_node(pod->node, target);
          group.targets.push_back(std::move(target));
        }
      }
    }
  }

  Labels endpoint(Resource resource, const KubernetesPort& port, const KubernetesAddress& address,
                  std::map<std::string, std::set<const KubernetesPort*>>& seen) const {
    Labels target = address.labels;
    const std::string number = std::to_string(port.number);
    target.set("__address__", port.number == 0 ? address.ip : join_host_port(address.ip, number));
    if (resource == Resource::kEndpoints) {
      set_meta(target, "endpoint_port_name", port.name);
      set_meta(target, "endpoint_port_protocol", port.protocol);
    } else {
      set_meta(target, "endpointslice_port", number);
      set_meta(target, "endpointslice_port_name", port.name);
      set_meta(target, "endpointslice_port_protocol", port.protocol);
      set_meta(target, "endpointslice_port_app_protocol", port.app_protocol);
    }
    const KubernetesObject* pod = address.pod.empty() ? nullptr : cluster_.find(Resource::kPods, address.pod);
    if (pod == nullptr) {
      const std::string_view node =
          target.get(resource == Resource::kEndpoints ? "__meta_kubernetes_endpoint_node_name"
                                                      : "__meta_kubernetes_endpointslice_endpoint_node_name");
      attach_node(std::string(node), target);
      return target;
    }
    merge(pod->labels, target);
    attach_node(pod->node, target);
    auto& ports = seen[address.pod];
    for (const KubernetesContainer& container : pod->containers) {
      for (const KubernetesPort& own : container.ports) {
        if (own.number != port.number) continue;
        add_container_port(container, own, target);
        ports.insert(&own);
        return target;
      }
    }
    return target;
  }

  const KubernetesDiscoveryConfig& config_;
  const KubernetesCluster& cluster_;
};

}  // namespace

const KubernetesObject* KubernetesCluster::find(Resource resource, const std::string& key) const {
  const auto of_resource = objects.find(resource);
  if (of_resource == objects.end()) return nullptr;
  const auto found = of_resource->second.find(key);
  return found == of_resource->second.end() ? nullptr : &found->second;
}

Resource resource_of(KubernetesRole role) {
  switch (role) {
    case KubernetesRole::kNode:
      return Resource::kNodes;
    case KubernetesRole::kService:
      return Resource::kServices;
    case KubernetesRole::kPod:
      return Resource::kPods;
    case KubernetesRole::kEndpoints:
      return Resource::kEndpoints;
    case KubernetesRole::kEndpointSlice:
      return Resource::kEndpointSlices;
    case KubernetesRole::kIngress:
      return Resource::kIngresses;
  }
  return Resource::kPods;
}

std::vector<Resource> resources_of(const KubernetesDiscoveryConfig& config) {
  std::vector<Resource> out{resource_of(config.role)};
  const bool endpoints = config.role == KubernetesRole::kEndpoints || config.role == KubernetesRole::kEndpointSlice;
  if (endpoints) out.insert(out.end(), {Resource::kServices, Resource::kPods});
  if (config.attach_node && (endpoints || config.role == KubernetesRole::kPod)) out.push_back(Resource::kNodes);
  if (config.attach_namespace && config.role != KubernetesRole::kNode) out.push_back(Resource::kNamespaces);
  return out;
}

std::vector<TargetGroup> kubernetes_groups(const KubernetesDiscoveryConfig& config, const KubernetesCluster& cluster) {
  return GroupBuilder(config, cluster).build();
}

}  // namespace trilobite::scrape
