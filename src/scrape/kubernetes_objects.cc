#include "scrape/kubernetes_objects.h"

#include <algorithm>
#include <array>
#include <set>

#include "scrape/discovery.h"

namespace trilobite::scrape {
namespace {

using json::Value;
using Resource = KubernetesResource;

constexpr std::string_view kMeta = "__meta_kubernetes_";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c ^ 0x20);
  }
  return out;
}

void put(Labels& labels, std::string_view name, std::string_view value) {
  if (!value.empty()) labels.set(fmt::format("{}{}", kMeta, name), value);
}

// Name, labels and annotations, as every kind has them.
void add_metadata(const Value& object, std::string_view role, Labels& out) {
  const Value metadata = object["metadata"];
  put(out, fmt::format("{}_name", role), metadata["name"].text());
  const auto add = [&](const char* field, std::string_view kind) {
    metadata[field].each_field([&](std::string_view name, const Value& value) {
      const std::string safe = label_name_from(name);
      out.set(fmt::format("{}{}_{}_{}", kMeta, role, kind, safe), value.text());
      out.set(fmt::format("{}{}_{}present_{}", kMeta, role, kind, safe), "true");
    });
  };
  add("labels", "label");
  add("annotations", "annotation");
}

void parse_node(const Value& object, KubernetesObject& out) {
  add_metadata(object, "node", out.labels);
  put(out.labels, "node_provider_id", object["spec"]["providerID"].text());
  object["status"]["conditions"].each([&](const Value& condition) {
    put(out.labels, "node_condition_" + label_name_from(condition["type"].text()), lower(condition["status"].text()));
  });
  // The order in which the API server itself chooses how to reach a kubelet.
  static constexpr std::array<std::string_view, 6> kOrder{"InternalIP",  "InternalDNS",  "ExternalIP",
                                                          "ExternalDNS", "LegacyHostIP", "Hostname"};
  std::map<std::string, std::string, std::less<>> first;
  object["status"]["addresses"].each([&](const Value& address) {
    first.emplace(std::string(address["type"].text()), std::string(address["address"].text()));
  });
  for (const auto& [type, address] : first) put(out.labels, "node_address_" + label_name_from(type), address);
  const std::int64_t port = object["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"].number();
  for (const std::string_view type : kOrder) {
    const auto found = first.find(type);
    if (found == first.end()) continue;
    out.address = join_host_port(found->second, std::to_string(port));
    return;
  }
}

void add_ports(const Value& list, const char* number, std::vector<KubernetesPort>& out) {
  list.each([&](const Value& port) {
    KubernetesPort parsed;
    parsed.name = port["name"].text();
    parsed.protocol = port["protocol"].there() ? port["protocol"].text() : "TCP";
    parsed.app_protocol = port["appProtocol"].text();
    parsed.number = port[number].number();
    out.push_back(std::move(parsed));
  });
}

void add_containers(const Value& pod, bool init, KubernetesObject& out) {
  std::map<std::string, std::string, std::less<>> ids;
  pod["status"][init ? "initContainerStatuses" : "containerStatuses"].each([&](const Value& status) {
    ids.emplace(std::string(status["name"].text()), std::string(status["containerID"].text()));
  });
  pod["spec"][init ? "initContainers" : "containers"].each([&](const Value& container) {
    KubernetesContainer parsed;
    put(parsed.labels, "pod_container_name", container["name"].text());
    if (const auto id = ids.find(container["name"].text()); id != ids.end()) {
      put(parsed.labels, "pod_container_id", id->second);
    }
    put(parsed.labels, "pod_container_image", container["image"].text());
    put(parsed.labels, "pod_container_init", init ? "true" : "false");
    add_ports(container["ports"], "containerPort", parsed.ports);
    out.containers.push_back(std::move(parsed));
  });
}

void parse_pod(const Value& object, KubernetesObject& out) {
  add_metadata(object, "pod", out.labels);
  const Value status = object["status"];
  out.address = status["podIP"].text();
  out.node = object["spec"]["nodeName"].text();
  std::string ready = "unknown";
  status["conditions"].each([&](const Value& condition) {
    if (condition["type"].text() == "Ready") ready = lower(condition["status"].text());
  });
  put(out.labels, "pod_ip", out.address);
  put(out.labels, "pod_ready", ready);
  put(out.labels, "pod_phase", status["phase"].text());
  put(out.labels, "pod_node_name", out.node);
  put(out.labels, "pod_host_ip", status["hostIP"].text());
  put(out.labels, "pod_uid", object["metadata"]["uid"].text());
  object["metadata"]["ownerReferences"].each([&](const Value& owner) {
    if (!owner["controller"].flag()) return;
    put(out.labels, "pod_controller_kind", owner["kind"].text());
    put(out.labels, "pod_controller_name", owner["name"].text());
  });
  add_containers(object, false, out);
  add_containers(object, true, out);
}

void parse_service(const Value& object, KubernetesObject& out) {
  add_metadata(object, "service", out.labels);
  const Value spec = object["spec"];
  const std::string_view type = spec["type"].there() ? spec["type"].text() : "ClusterIP";
  std::vector<KubernetesPort> ports;
  add_ports(spec["ports"], "port", ports);
  for (const KubernetesPort& port : ports) {
    Labels target;
    const std::string number = std::to_string(port.number);
    target.set("__address__", fmt::format("{}.{}.svc:{}", out.name, out.ns, number));
    put(target, "service_port_name", port.name);
    put(target, "service_port_number", number);
    put(target, "service_port_protocol", port.protocol);
    put(target, "service_type", type);
    if (type == "ExternalName") {
      put(target, "service_external_name", spec["externalName"].text());
    } else {
      put(target, "service_cluster_ip", spec["clusterIP"].text());
    }
    if (type == "LoadBalancer") put(target, "service_loadbalancer_ip", spec["loadBalancerIP"].text());
    out.targets.push_back(std::move(target));
  }
}

void add_target_reference(const Value& reference, std::string_view prefix, KubernetesObject& owner,
                          KubernetesAddress& out) {
  if (!reference.there()) return;
  put(out.labels, fmt::format("{}_address_target_kind", prefix), reference["kind"].text());
  put(out.labels, fmt::format("{}_address_target_name", prefix), reference["name"].text());
  if (reference["kind"].text() != "Pod") return;
  const std::string_view ns = reference["namespace"].text();
  out.pod = fmt::format("{}/{}", ns.empty() ? std::string_view(owner.ns) : ns, reference["name"].text());
}

void parse_endpoints(const Value& object, KubernetesObject& out) {
  add_metadata(object, "endpoints", out.labels);
  out.service = out.name;
  object["subsets"].each([&](const Value& given) {
    KubernetesSubset subset;
    add_ports(given["ports"], "port", subset.ports);
    const auto add = [&](const char* field, std::string_view ready) {
      given[field].each([&](const Value& each) {
        KubernetesAddress address;
        address.ip = each["ip"].text();
        address.ready = ready;
        put(address.labels, "endpoint_ready", ready);
        put(address.labels, "endpoint_node_name", each["nodeName"].text());
        put(address.labels, "endpoint_hostname", each["hostname"].text());
        add_target_reference(each["targetRef"], "endpoint", out, address);
        subset.addresses.push_back(std::move(address));
      });
    };
    add("addresses", "true");
    add("notReadyAddresses", "false");
    out.subsets.push_back(std::move(subset));
  });
}

void parse_endpoint_slice(const Value& object, KubernetesObject& out) {
  add_metadata(object, "endpointslice", out.labels);
  put(out.labels, "endpointslice_address_type", object["addressType"].text());
  out.service = object["metadata"]["labels"]["kubernetes.io/service-name"].text();
  KubernetesSubset subset;
  add_ports(object["ports"], "port", subset.ports);
  object["endpoints"].each([&](const Value& endpoint) {
    KubernetesAddress common;
    for (const char* condition : {"ready", "serving", "terminating"}) {
      put(common.labels, fmt::format("endpointslice_endpoint_conditions_{}", condition),
          endpoint["conditions"][condition].scalar());
    }
    put(common.labels, "endpointslice_endpoint_hostname", endpoint["hostname"].text());
    put(common.labels, "endpointslice_endpoint_node_name", endpoint["nodeName"].text());
    put(common.labels, "endpointslice_endpoint_zone", endpoint["zone"].text());
    add_target_reference(endpoint["targetRef"], "endpointslice", out, common);
    endpoint["deprecatedTopology"].each_field([&](std::string_view name, const Value& value) {
      const std::string safe = label_name_from(name);
      put(common.labels, "endpointslice_endpoint_topology_" + safe, value.text());
      put(common.labels, "endpointslice_endpoint_topology_present_" + safe, "true");
    });
    endpoint["addresses"].each([&](const Value& ip) {
      common.ip = ip.text();
      subset.addresses.push_back(common);
    });
  });
  out.subsets.push_back(std::move(subset));
}

// *.example.com covers one more part of a name.
bool covers(std::string_view pattern, std::string_view host) {
  if (pattern == host) return true;
  if (!pattern.starts_with("*.")) return false;
  const std::size_t dot = host.find('.');
  return dot != std::string_view::npos && dot > 0 && host.substr(dot) == pattern.substr(1);
}

void parse_ingress(const Value& object, KubernetesObject& out) {
  add_metadata(object, "ingress", out.labels);
  put(out.labels, "ingress_class_name", object["spec"]["ingressClassName"].text());
  std::vector<std::string> encrypted;
  object["spec"]["tls"].each(
      [&](const Value& tls) { tls["hosts"].each([&](const Value& host) { encrypted.emplace_back(host.text()); }); });
  object["spec"]["rules"].each([&](const Value& rule) {
    const std::string_view host = rule["host"].there() ? rule["host"].text() : "*";
    const bool tls =
        std::any_of(encrypted.begin(), encrypted.end(), [&](const auto& name) { return covers(name, host); });
    std::vector<std::string> paths;
    rule["http"]["paths"].each(
        [&](const Value& path) { paths.emplace_back(path["path"].text().empty() ? "/" : path["path"].text()); });
    if (paths.empty()) paths.emplace_back("/");
    for (const std::string& path : paths) {
      Labels target;
      target.set("__address__", host);
      put(target, "ingress_scheme", tls ? "https" : "http");
      put(target, "ingress_host", host);
      put(target, "ingress_path", path);
      out.targets.push_back(std::move(target));
    }
  });
}

}  // namespace

std::string_view plural(Resource resource) {
  static constexpr std::array<std::string_view, 7> kNames{"nodes",          "services",  "pods",      "endpoints",
                                                          "endpointslices", "ingresses", "namespaces"};
  return kNames[static_cast<std::size_t>(resource)];
}

std::string key_of(const Value& object) {
  const Value metadata = object["metadata"];
  return fmt::format("{}/{}", metadata["namespace"].text(), metadata["name"].text());
}

KubernetesObject parse_kubernetes_object(Resource resource, const Value& object) {
  KubernetesObject out;
  out.ns = object["metadata"]["namespace"].text();
  out.name = object["metadata"]["name"].text();
  switch (resource) {
    case Resource::kNodes:
      parse_node(object, out);
      break;
    case Resource::kServices:
      parse_service(object, out);
      break;
    case Resource::kPods:
      parse_pod(object, out);
      break;
    case Resource::kEndpoints:
      parse_endpoints(object, out);
      break;
    case Resource::kEndpointSlices:
      parse_endpoint_slice(object, out);
      break;
    case Resource::kIngresses:
      parse_ingress(object, out);
      break;
    case Resource::kNamespaces:
      add_metadata(object, "namespace", out.labels);
      break;
  }
  return out;
}

}  // namespace trilobite::scrape
