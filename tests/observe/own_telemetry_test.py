#!/usr/bin/env python3
"""The platform observed with its own means: its spans reach a collector and continue a caller's trace, its lines name the
trace, it scrapes its own metrics with native histograms and examples. usage: own_telemetry_test.py --binary build/release/trilobite
"""
import argparse, http.server, json, os, shutil, sys, tempfile, threading, time, unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
from otlp_collector import Collector
from server import Server

OPTIONS = None
TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = {"traceparent": "00-%s-b7ad6b7169203331-01" % TRACE}


class OwnTelemetryTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="trilobite-own-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        Collector.spans.clear()
        Collector.attributes.clear()
        self.collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
        threading.Thread(target=self.collector.serve_forever, daemon=True).start()
        self.addCleanup(self.collector.server_close)
        self.addCleanup(self.collector.shutdown)

    def start(self, configuration, **environment):
        path = os.path.join(self.folder, "config.yaml")
        with open(path, "w") as file:
            file.write(configuration)
        ours = {"OTEL_BSP_SCHEDULE_DELAY": "100", **environment}
        for name in [name for name in os.environ if name.startswith(("OTEL_", "DYN_"))]:
            ours.setdefault(name, None)
        before = {name: os.environ.get(name) for name in ours}
        try:
            for name, value in ours.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value
            self.server = Server(OPTIONS.binary, os.path.join(self.folder, "data"), ["--config", path]).start()
        finally:
            for name, value in before.items():
                os.environ.pop(name, None)
                if value is not None:
                    os.environ[name] = value
        self.addCleanup(lambda: self.server.process.poll() is None and self.server.stop())

    def wait_for(self, what, test, seconds=60):
        deadline = time.monotonic() + seconds
        while True:
            found = test()
            if found:
                return found
            self.assertLess(time.monotonic(), deadline, "%s did not come\n%s" % (what, self.server.log_tail()))
            time.sleep(0.1)

    def push_and_query(self):
        lines = {"streams": [{"stream": {"app": "a"}, "values": [["1768435200000000000", "a line"]]}]}
        status, _ = self.server.request("POST", "/loki/api/v1/push", json.dumps(lines),
                                        {"Content-Type": "application/json", **CALLER})
        self.assertEqual(status, 204)
        status, _ = self.server.request("GET", "/api/v1/query?query=1%2B1", None, CALLER)
        self.assertEqual(status, 200)
        status, _ = self.server.request(
            "GET", "/loki/api/v1/query_range?query=%7Bapp%3D%22a%22%7D&start=1768435200&end=1768435300", None, CALLER)
        self.assertEqual(status, 200)
        self.assertEqual(self.server.request("POST", "/flush", None, CALLER)[0], 204)

    def traced(self):
        return [span for span in list(Collector.spans) if span[1] == TRACE]

    def test_spans_continue_the_trace_of_the_caller(self):
        self.start("tracing:\n  otlp_endpoint: http://127.0.0.1:%d\nlog:\n  level: info,trilobite::server=debug\n" %
                   self.collector.server_port, DYN_LOGGING_JSONL="1")
        self.push_and_query()
        wanted = {"POST /loki/api/v1/push", "GET /api/v1/query", "GET /loki/api/v1/query_range", "POST /flush",
                  "query.parse", "query.execute", "storage.flush"}
        self.wait_for("the spans", lambda: wanted <= {span[4] for span in self.traced()})
        self.assertEqual(Collector.paths, {"/v1/traces"})
        spans = self.traced()
        self.assertEqual({span[0] for span in spans}, {"trilobite"})
        requests = {span[2]: span[4] for span in spans if span[3] == "b7ad6b7169203331"}
        self.assertEqual(set(requests.values()), {name for name in wanted if " " in name})
        for _, _, _, parent, name in spans:
            if name.startswith("query."):
                self.assertIn(requests[parent], ("GET /api/v1/query", "GET /loki/api/v1/query_range"))
            elif name.startswith("storage."):
                self.assertEqual(requests[parent], "POST /flush")
        push = Collector.attributes[next(id for id, name in requests.items() if "push" in name)]
        self.assertEqual(push["http.request.method"], "POST")
        self.assertEqual(push["http.response.status_code"], 204)
        self.assertGreater(push["http.request.body.size"], 50)
        texts = {Collector.attributes[span[2]].get("query.text") for span in spans if span[4] == "query.parse"}
        self.assertEqual(texts, {"1+1", '{app="a"}'})
        # Probes, our own /metrics and spans that come in beget none.
        self.server.request("GET", "/metrics")
        self.server.request("POST", "/v1/traces", b"")
        # Lines of our own log name the trace.
        self.assertEqual(self.server.stop(), 0)
        self.assertFalse([span for span in Collector.spans if "metrics" in span[4] or "traces" in span[4] or "ready" in span[4]])
        with open(self.server.log_path) as file:
            lines = [json.loads(line) for line in file if line.startswith("{")]
        mine = [line for line in lines if line.get("message") == "request" and line.get("path") == "/loki/api/v1/push"]
        self.assertEqual([line["trace_id"] for line in mine], [TRACE])

    def test_the_environment_of_opentelemetry_is_enough(self):
        self.start("log:\n  level: warn\n", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:%d" % self.collector.server_port,
                   OTEL_EXPORTER_OTLP_PROTOCOL="http/protobuf", OTEL_SERVICE_NAME="own-name")
        self.push_and_query()
        self.wait_for("spans", lambda: ("own-name", "GET /api/v1/query") in {(s[0], s[4]) for s in self.traced()})

    def test_nothing_leaves_unless_configured(self):
        self.start("")
        self.push_and_query()
        self.assertEqual(self.server.stop(), 0)
        self.assertEqual(Collector.spans, [])

    def test_it_scrapes_itself(self):
        prometheus = os.path.join(self.folder, "prometheus.yml")
        with open(prometheus, "w") as file:
            file.write("global: {scrape_interval: 1s}\n")
        self.start("scrape:\n  self: true\n  config_file: %s\n" % prometheus)
        self.push_and_query()

        def value(query):
            result = self.server.get_json("/api/v1/query", query=query)["data"]["result"]
            return float(result[0]["value"][1]) if result else 0

        self.wait_for("our own metrics", lambda: value('up{job="trilobite"}') == 1)
        route = 'route="/loki/api/v1/push",job="trilobite"'
        name = "trilobite_http_request_duration_seconds"
        self.wait_for("a native histogram", lambda: value("histogram_count(%s{%s})" % (name, route)) == 1)
        self.assertEqual(value("%s_count{%s}" % (name, route)), 1)
        self.assertEqual(value('%s_bucket{%s,le="60.0"}' % (name, route)), 1)
        self.assertEqual(value("trilobite_ingest_rows_total"), 1)
        now = time.time()
        found = self.server.get_json("/api/v1/query_exemplars", query=name + "_bucket", start=now - 600, end=now + 60)["data"]
        self.assertIn(TRACE, {exemplar["labels"].get("trace_id") for series in found for exemplar in series["exemplars"]})


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
