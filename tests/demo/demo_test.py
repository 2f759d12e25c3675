#!/usr/bin/env python3
"""The demo against the platform: its metrics and logs arrive, its traces reach a collector and hang together, an incident
shows. usage: demo_test.py --binary build/release/trilobite --program build/release/llm_serving
"""
import argparse, http.server, json, os, shutil, subprocess, sys, tempfile, threading, time, unittest

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
from otlp_collector import Collector
from server import Server

OPTIONS = None


class DemoTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="trilobite-demo-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.server = Server(OPTIONS.binary, os.path.join(self.folder, "data")).start()
        self.addCleanup(self.server.stop)
        Collector.spans.clear()
        self.collector = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector)
        threading.Thread(target=self.collector.serve_forever, daemon=True).start()
        self.addCleanup(self.collector.server_close)
        self.addCleanup(self.collector.shutdown)

    def start(self, *more):
        demo = subprocess.Popen(
            [sys.executable, os.path.join(ROOT, "examples", "llm-serving", "demo.py"), "--program", OPTIONS.program,
             "--agent", OPTIONS.binary, "--platform", "http://127.0.0.1:%d" % self.server.port, "--folder",
             os.path.join(self.folder, "demo"), "--rate", "8", "--traces",
             "http://127.0.0.1:%d/v1/traces" % self.collector.server_port, *more],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(demo.stdout.close)
        self.demo = demo
        return demo

    def value(self, query):
        result = self.server.get_json("/api/v1/query", query=query)["data"]["result"]
        return float(result[0]["value"][1]) if result else 0.0

    def wait_for(self, what, test, seconds=120):
        deadline = time.monotonic() + seconds
        while not test():
            self.assertIsNone(self.demo.poll(), "the demo has ended before " + what)
            self.assertLess(time.monotonic(), deadline, what + " did not come")
            time.sleep(0.5)

    def lines(self, query):
        now = int(time.time() * 1e9)
        answer = self.server.get_json("/loki/api/v1/query_range", query=query, start=now - 600 * 10**9, end=now, limit=50)
        return [json.loads(line) for stream in answer["data"]["result"] for _, line in stream["values"]]

    def check(self, *more):
        demo = self.start("--break", "decode", *more)
        try:
            self.wait_for("requests", lambda: self.value(
                'sum(dynamo_frontend_requests_total{status="success"})') > 10)
            for name in ("dynamo_frontend_time_to_first_token_seconds_count", "dynamo_component_requests_total",
                         "kvbm_matched_tokens", "dynamo_router_requests_total", "dynamo_component_uptime_seconds",
                         "dynamo_frontend_output_tokens_total"):
                self.wait_for(name, lambda name=name: self.value("sum(%s)" % name) > 0)
            # The router and the workers start after the frontend, and are each seen at their own scrape.
            self.wait_for("all six targets", lambda: self.value("count(up{job='llm-serving'} == 1)") == 6)
            self.wait_for("errors of the incident", lambda: self.value(
                'sum(dynamo_component_errors_total{dynamo_component="decode",error_type="generate"})') > 0)
            self.wait_for("lines of the incident", lambda: self.lines(
                '{job="llm-serving",service_name="decode-1",level="ERROR"} |= "NIXL"'))
            answered = []

            def frontend_has_answered():
                answered[:] = self.lines('{service_name="frontend"} |= "answered"')
                return answered

            self.wait_for("lines of the frontend", frontend_has_answered)
            for line in answered:
                self.assertEqual(line["target"], "llm::frontend")
                self.assertGreater(line["output_tokens"], 0)
                self.assertRegex(line["trace_id"], "^[0-9a-f]{32}$")
            # One request is one trace, from the client to the workers. The processes export each by itself, so the
            # trace is looked at once its last span has come: every span but the client's hangs below another.
            trace = answered[0]["trace_id"]

            def spans_of_the_request():
                return [span for span in list(Collector.spans) if span[1] == trace]

            def request_is_whole():
                mine = spans_of_the_request()
                ids = {id for _, _, id, _, _ in mine}
                services = {service.split("-")[0] for service, *_ in mine}
                return {"load", "frontend", "router", "decode"} <= services and all(
                    parent in ids for _, _, _, parent, name in mine if parent)

            self.wait_for("the spans of a request", request_is_whole)
            mine = spans_of_the_request()
            self.assertEqual([name for _, _, _, parent, name in mine if not parent], ["ask"])
            names = {(service, name) for service, _, _, _, name in mine}
            self.assertIn(("frontend", "http-request"), names)
            self.assertIn(("router", "handle_payload"), names)
        finally:
            demo.terminate()  # it stops what it started
            output, _ = demo.communicate(timeout=120)
        self.assertEqual(demo.returncode, 0, output)
        self.assertIn("decode-1: fail", output)

    def test_over_http(self):
        self.check("--http")

    @unittest.skipUnless(shutil.which("nats-server"), "nats-server is not installed")
    def test_over_nats(self):
        self.check()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--program", required=True)
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
