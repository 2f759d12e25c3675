// Answers of name servers and of Kubernetes API servers: any bytes are records, objects or an error.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "scrape/discovery_dns.h"
#include "scrape/kubernetes_objects.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trilobite::scrape;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] < 128) {
    static_cast<void>(parse_dns_answer(text, static_cast<DnsType>(data[0] % 5)));
    return 0;
  }
  const auto resource = static_cast<KubernetesResource>(data[0] % 7);
  json::Document document;
  const json::Value object = document.parse(text);
  KubernetesCluster cluster;
  cluster.objects[resource][key_of(object)] = parse_kubernetes_object(resource, object);
  for (int role = 0; role < 6; ++role) {
    KubernetesDiscoveryConfig config;
    config.role = static_cast<KubernetesRole>(role);
    config.attach_node = config.attach_namespace = true;
    static_cast<void>(kubernetes_groups(config, cluster));
  }
  return 0;
}
