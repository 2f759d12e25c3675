// Roles of Kubernetes discovery on objects as the API server gives them, and list and watch against a small one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scrape/discovery.h"
#include "scrape/kubernetes_objects.h"
#include "scrape/test_support.h"

namespace trilobite::scrape {
namespace {

using ::testing::HasSubstr;
using testing::TinyAnswer;
using testing::TinyRequest;
using testing::TinyServer;
using testing::wait_until;
using Resource = KubernetesResource;

constexpr const char* kPod = R"({"metadata": {"name": "p", "namespace": "n", "uid": "u", "resourceVersion": "5",
  "labels": {"app.io/name": "web"}, "annotations": {"prometheus.io/scrape": "true"},
  "ownerReferences": [{"kind": "ReplicaSet", "name": "rs", "controller": true}]},
  "spec": {"nodeName": "node1", "containers": [{"name": "c", "image": "i:1", "ports": [
    {"name": "http", "containerPort": 8080, "protocol": "TCP"}, {"name": "admin", "containerPort": 9090}]}, {"name": "bare", "image": "b"}]},
  "status": {"podIP": "10.0.0.1", "hostIP": "192.168.0.1", "phase": "Running", "conditions": [{"type": "Ready", "status": "True"}],
    "containerStatuses": [{"name": "c", "containerID": "docker://x"}]}})";
constexpr const char* kNode =
    R"({"metadata": {"name": "node1", "labels": {"zone": "a"}}, "spec": {"providerID": "aws:///x"},
  "status": {"addresses": [{"type": "Hostname", "address": "node1"}, {"type": "InternalIP", "address": "192.168.0.1"}],
    "conditions": [{"type": "Ready", "status": "True"}], "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}}}})";
constexpr const char* kService = R"({"metadata": {"name": "s", "namespace": "n", "labels": {"team": "t"}},
  "spec": {"type": "ClusterIP", "clusterIP": "10.1.0.1", "ports": [{"name": "http", "port": 80, "protocol": "TCP"}]}})";
constexpr const char* kEndpoints = R"({"metadata": {"name": "s", "namespace": "n"}, "subsets": [{
  "addresses": [{"ip": "10.0.0.1", "nodeName": "node1", "targetRef": {"kind": "Pod", "name": "p", "namespace": "n"}}],
  "notReadyAddresses": [{"ip": "10.0.0.9"}], "ports": [{"name": "http", "port": 8080}]}]})";
constexpr const char* kSlice =
    R"({"metadata": {"name": "s-1", "namespace": "n", "labels": {"kubernetes.io/service-name": "s"}},
  "addressType": "IPv4", "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}], "endpoints": [
  {"addresses": ["10.0.0.1"], "conditions": {"ready": true, "serving": true, "terminating": false}, "zone": "z",
   "targetRef": {"kind": "Pod", "name": "p", "namespace": "n"}}]})";
constexpr const char* kIngress = R"({"metadata": {"name": "i", "namespace": "n"}, "spec": {"ingressClassName": "nginx",
  "tls": [{"hosts": ["*.x.io"]}], "rules": [{"host": "a.x.io", "http": {"paths": [{"path": "/p"}, {}]}}, {"host": "b.io"}]}})";

class Kubernetes : public ::testing::Test {
 protected:
  void SetUp() override {
    add(Resource::kPods, kPod);
    add(Resource::kNodes, kNode);
    add(Resource::kServices, kService);
    add(Resource::kEndpoints, kEndpoints);
    add(Resource::kEndpointSlices, kSlice);
    add(Resource::kIngresses, kIngress);
    add(Resource::kNamespaces, R"({"metadata": {"name": "n", "labels": {"env": "prod"}}})");
  }
  void add(Resource resource, const char* text) {
    json::Document document;
    const json::Value object = document.parse(text);
    ASSERT_TRUE(object.is_object()) << text;
    cluster_.objects[resource][key_of(object)] = parse_kubernetes_object(resource, object);
  }
  // Group and target together, without "__meta_kubernetes_".
  std::map<std::string, Labels> targets(KubernetesRole role, bool attach = false) {
    KubernetesDiscoveryConfig config;
    config.role = role;
    config.attach_node = config.attach_namespace = attach;
    std::map<std::string, Labels> out;
    for (const TargetGroup& group : kubernetes_groups(config, cluster_)) {
      for (const Labels& target : group.targets) {
        Labels all;
        for (const Labels* from : {&group.labels, &target}) {
          for (const auto& [name, value] : *from) {
            constexpr std::string_view kPrefix = "__meta_kubernetes_";
            all.set(name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name, value);
          }
        }
        out[std::string(all.get("__address__")) + std::string(all.get("ingress_path"))] = all;
      }
    }
    return out;
  }

  KubernetesCluster cluster_;
};

TEST_F(Kubernetes, Pods) {
  const auto all = targets(KubernetesRole::kPod);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all.at("10.0.0.1:8080"), (Labels{{"__address__", "10.0.0.1:8080"},
                                             {"namespace", "n"},
                                             {"pod_annotation_prometheus_io_scrape", "true"},
                                             {"pod_annotationpresent_prometheus_io_scrape", "true"},
                                             {"pod_container_id", "docker://x"},
                                             {"pod_container_image", "i:1"},
                                             {"pod_container_init", "false"},
                                             {"pod_container_name", "c"},
                                             {"pod_container_port_name", "http"},
                                             {"pod_container_port_number", "8080"},
                                             {"pod_container_port_protocol", "TCP"},
                                             {"pod_controller_kind", "ReplicaSet"},
                                             {"pod_controller_name", "rs"},
                                             {"pod_host_ip", "192.168.0.1"},
                                             {"pod_ip", "10.0.0.1"},
                                             {"pod_label_app_io_name", "web"},
                                             {"pod_labelpresent_app_io_name", "true"},
                                             {"pod_name", "p"},
                                             {"pod_node_name", "node1"},
                                             {"pod_phase", "Running"},
                                             {"pod_ready", "true"},
                                             {"pod_uid", "u"}}));
  EXPECT_EQ(all.at("10.0.0.1").get("pod_container_name"), "bare")
      << "a container without ports is a target without one";
  const auto attached = targets(KubernetesRole::kPod, true);
  EXPECT_EQ(attached.at("10.0.0.1:8080").get("node_label_zone"), "a");
  EXPECT_EQ(attached.at("10.0.0.1:8080").get("namespace_label_env"), "prod");
}

TEST_F(Kubernetes, NodesServicesAndIngresses) {
  const Labels node = targets(KubernetesRole::kNode).at("192.168.0.1:10250");
  EXPECT_EQ(node.get("instance"), "node1");
  EXPECT_EQ(node.get("node_provider_id"), "aws:///x");
  EXPECT_EQ(node.get("node_address_Hostname"), "node1");
  const Labels service = targets(KubernetesRole::kService).at("s.n.svc:80");
  EXPECT_EQ(service.get("service_cluster_ip"), "10.1.0.1");
  EXPECT_EQ(service.get("service_port_name"), "http");
  EXPECT_EQ(service.get("service_label_team"), "t");
  const auto ingress = targets(KubernetesRole::kIngress);
  ASSERT_EQ(ingress.size(), 3u);
  EXPECT_EQ(ingress.at("a.x.io/p").get("ingress_scheme"), "https");
  EXPECT_EQ(ingress.at("a.x.io/").get("ingress_class_name"), "nginx");
  EXPECT_EQ(ingress.at("b.io/").get("ingress_scheme"), "http");
}

TEST_F(Kubernetes, EndpointsAndTheirPodsAndServices) {
  const auto all = targets(KubernetesRole::kEndpoints);
  ASSERT_EQ(all.size(), 3u);
  const Labels& named = all.at("10.0.0.1:8080");
  EXPECT_EQ(named.get("endpoint_ready"), "true");
  EXPECT_EQ(named.get("endpoint_port_name"), "http");
  EXPECT_EQ(named.get("endpoint_address_target_name"), "p");
  EXPECT_EQ(named.get("service_name"), "s");
  EXPECT_EQ(named.get("pod_container_port_name"), "http");
  EXPECT_EQ(all.at("10.0.0.9:8080").get("endpoint_ready"), "false");
  EXPECT_EQ(all.at("10.0.0.1:9090").get("pod_container_port_name"), "admin") << "a port that the service does not name";

  const auto slices = targets(KubernetesRole::kEndpointSlice, true);
  const Labels& slice = slices.at("10.0.0.1:8080");
  EXPECT_EQ(slice.get("endpointslice_endpoint_conditions_ready"), "true");
  EXPECT_EQ(slice.get("endpointslice_endpoint_conditions_terminating"), "false");
  EXPECT_EQ(slice.get("endpointslice_endpoint_zone"), "z");
  EXPECT_EQ(slice.get("endpointslice_port"), "8080");
  EXPECT_EQ(slice.get("service_label_team"), "t");
  EXPECT_EQ(slice.get("node_label_zone"), "a");
}

std::string pod_event(const char* type, const char* name, const char* ip, int version) {
  return fmt::format(
             R"({{"type":"{}","object":{{"metadata":{{"name":"{}","namespace":"n","resourceVersion":"{}"}},"spec":{{"containers":[{{"name":"c","ports":[{{"containerPort":80}}]}}]}},"status":{{"podIP":"{}"}}}}}})",
             type, name, version, ip) +
         "\n";
}

// Pages of a list, events of a watch, a version that is gone, a list anew.
TEST(KubernetesWatch, FollowsTheCluster) {
  std::atomic<int> lists{0}, watches{0};
  std::mutex mutex;
  std::vector<std::string> paths;
  TinyServer server([&](const TinyRequest& request) {
    {
      const std::lock_guard lock(mutex);
      paths.push_back(request.path);
    }
    EXPECT_TRUE(request.has("Authorization: Bearer t"));
    TinyAnswer answer{"", "application/json"};
    if (request.path.find("watch=true") != std::string::npos) {
      const int number = ++watches;
      answer.stream = [number](const auto& send) {
        if (number == 1) {
          send(pod_event("ADDED", "c", "10.0.0.3", 12));
          send(R"({"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"13"}}})"
               "\n");
          send(pod_event("DELETED", "a", "10.0.0.1", 14));
        } else if (number == 2) {
          send(R"({"type":"ERROR","object":{"code":410,"message":"too old"}})"
               "\n");
        } else {
          while (send("\n")) std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
      };
      return answer;
    }
    const auto item = [](const char* name, const char* ip) {
      return fmt::format(
          R"({{"metadata":{{"name":"{}","namespace":"n"}},"spec":{{"containers":[{{"name":"c","ports":[{{"containerPort":80}}]}}]}},"status":{{"podIP":"{}"}}}})",
          name, ip);
    };
    const int number = ++lists;
    if (number == 1) {
      answer.body = R"({"metadata":{"resourceVersion":"9","continue":"more"},"items":[)" + item("a", "10.0.0.1") + "]}";
    } else if (number == 2) {
      answer.body = R"({"metadata":{"resourceVersion":"10"},"items":[)" + item("b", "10.0.0.2") + "]}";
    } else {
      answer.body = R"({"metadata":{"resourceVersion":"20"},"items":[)" + item("z", "10.0.0.26") + "]}";
    }
    return answer;
  });
  KubernetesDiscoveryConfig config;
  config.api_server = server.url();
  config.namespaces = {"n"};
  config.selectors = {{KubernetesRole::kPod, "app=x", ""}};
  config.http.authorization_type = "Bearer";
  config.http.authorization.text = "t";
  DiscoveryFeed feed(config);
  std::vector<std::string> addresses;
  std::vector<std::vector<std::string>> told;
  feed.listen([&](const std::vector<TargetGroup>& groups) {
    const std::lock_guard lock(mutex);
    addresses.clear();
    for (const auto& group : groups) addresses.emplace_back(group.targets.at(0).get("__address__"));
    told.push_back(addresses);
  });
  ASSERT_TRUE(wait_until([&] {
    const std::lock_guard lock(mutex);
    return addresses == std::vector<std::string>{"10.0.0.26:80"};
  }));
  const std::lock_guard lock(mutex);
  EXPECT_THAT(paths.at(0), ::testing::StartsWith("/api/v1/namespaces/n/pods?limit=500"));
  EXPECT_THAT(paths.at(0), HasSubstr("labelSelector=app%3Dx"));
  EXPECT_THAT(paths.at(1), HasSubstr("continue=more"));
  EXPECT_THAT(paths.at(2), HasSubstr("resourceVersion=10"));
  EXPECT_THAT(paths.at(3), HasSubstr("resourceVersion=14"));
  EXPECT_THAT(told, ::testing::Contains(std::vector<std::string>{"10.0.0.2:80", "10.0.0.3:80"}));
}

}  // namespace
}  // namespace trilobite::scrape
