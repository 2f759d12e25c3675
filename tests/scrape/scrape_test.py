#!/usr/bin/env python3
"""The whole program scrapes real exporters: Debian's node exporter and Prometheus where they are installed, itself, and
hostile targets. usage: scrape_test.py --binary build/release/trilobite
"""
import argparse, gzip, http.server, json, os, shutil, signal, subprocess, sys, tempfile, threading, time, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from server import Server, free_port

BINARY = None


class Target(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        kind = self.path.strip("/")
        try:
            if kind == "endless":
                self.begin(chunked=False)
                line = b'metric_without_end{x="y"} 1\n' * 1000
                while True:
                    self.wfile.write(line)
            elif kind == "drip":
                self.begin(chunked=False)
                while True:
                    self.wfile.write(b"a")
                    self.wfile.flush()
                    time.sleep(0.05)
            elif kind == "bomb":
                self.answer(gzip.compress(b"#" * (200 << 20), 1), [("Content-Encoding", "gzip")])
            elif kind == "not_utf8":
                self.answer(b'bad{x="\xff\xfe"} 1\n')
            else:
                self.answer(b"good 1\n")
        except OSError:
            pass
        if kind in ("endless", "drip"):
            self.close_connection = True

    def begin(self, chunked):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Connection", "close")
        self.end_headers()

    def answer(self, body, headers=()):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen within %d s" % seconds)


class Scrape(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="trilobite-scrape-")
        self.config = os.path.join(self.folder, "prometheus.yml")
        self.processes = []
        self.server = None
        self.targets = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Target)
        self.targets.daemon_threads = True
        threading.Thread(target=self.targets.serve_forever, daemon=True).start()

    def tearDown(self):
        if self.server is not None and self.server.process.poll() is None:
            self.server.stop()
        for process in self.processes:
            process.terminate()
            process.wait()
        self.targets.shutdown()
        self.targets.server_close()
        shutil.rmtree(self.folder)

    def write(self, text):
        with open(self.config, "w") as f:
            f.write(text)

    def start(self, text, *extra):
        self.write(text)
        self.server = Server(BINARY, os.path.join(self.folder, "data"), ["--prometheus-config", self.config, *extra]).start()

    def active(self):
        return {t["labels"]["job"]: t for t in self.server.get_json("/api/v1/targets")["data"]["activeTargets"]}

    def settled(self, job, health):
        return wait_for(lambda: (t := self.active().get(job)) and t["health"] == health and t)

    def run_exporter(self, program, *arguments):
        if shutil.which(program) is None:
            self.skipTest("%s is not installed" % program)
        self.processes.append(subprocess.Popen([program, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL,
                                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def test_node_exporter(self):
        port = free_port()
        self.run_exporter("prometheus-node-exporter", "--web.listen-address=127.0.0.1:%d" % port)
        self.start("global: {scrape_interval: 1s}\nscrape_configs: [{job_name: node, static_configs: [{targets: ['127.0.0.1:%d']}]}]" % port)
        target = self.settled("node", "up")
        self.assertGreater(target["lastSamples"], 100)
        self.assertEqual(target["lastError"], "")

    def test_prometheus(self):
        port = free_port()
        with open(os.path.join(self.folder, "peer.yml"), "w") as f:
            f.write("global: {scrape_interval: 1s}\nscrape_configs: [{job_name: ours, static_configs: [{targets: ['127.0.0.1:1']}]}]")
        self.run_exporter("prometheus", "--config.file=peer.yml", "--web.listen-address=127.0.0.1:%d" % port,
                          "--storage.tsdb.path=%s" % os.path.join(self.folder, "tsdb"))
        self.start("global: {scrape_interval: 1s}\nscrape_configs:\n- {job_name: peer, static_configs: [{targets: ['127.0.0.1:%d']}]}\n"
                   "- {job_name: federate, honor_labels: true, metrics_path: /federate, params: {'match[]': ['{job=~\".+\"}']},"
                   " static_configs: [{targets: ['127.0.0.1:%d']}]}" % (port, port))
        self.assertGreater(self.settled("peer", "up")["lastSamples"], 100)
        self.settled("federate", "up")

    def test_hostile_targets_are_bounded_and_reported(self):
        address = "127.0.0.1:%d" % self.targets.server_port
        jobs = "".join("- {job_name: %s, metrics_path: /%s, scrape_timeout: %s, static_configs: [{targets: ['%s']}]}\n" %
                       (kind, kind, "1s" if kind == "drip" else "5s", address) for kind in ("endless", "drip", "bomb", "not_utf8", "good"))
        self.start("global: {scrape_interval: 5s, body_size_limit: 2MB}\nscrape_configs:\n" + jobs)
        self.assertEqual(self.settled("good", "up")["lastError"], "")
        self.assertIn("body size limit exceeded", self.settled("endless", "down")["lastError"])
        self.assertIn("context deadline exceeded", self.settled("drip", "down")["lastError"])
        self.assertIn("body size limit exceeded", self.settled("bomb", "down")["lastError"])
        self.assertNotEqual(self.settled("not_utf8", "down")["lastError"], "")
        with open("/proc/%d/status" % self.server.process.pid) as f:
            peak = int([line for line in f if line.startswith("VmHWM")][0].split()[1])
        self.assertLess(peak, 600 << 10, "peak memory in KiB")
        self.assertEqual(self.settled("good", "up")["health"], "up")

    def test_reload(self):
        address = "127.0.0.1:%d" % self.targets.server_port
        job = "- {job_name: %s, scrape_interval: 1s, static_configs: [{targets: ['%s']}]}\n"
        self.start("scrape_configs:\n" + job % ("one", address))
        self.settled("one", "up")
        self.write("scrape_configs:\n" + job % ("one", address) + "- {job_name: two, nonsense: 1}")
        status, body = self.server.request("POST", "/-/reload")
        self.assertEqual(status, 500)
        self.assertIn(b"nonsense: unknown name", body)
        self.assertEqual(list(self.active()), ["one"])
        self.write("scrape_configs:\n" + job % ("one", address) + job % ("two", address))
        self.server.process.send_signal(signal.SIGHUP)
        self.settled("two", "up")
        self.assertEqual(self.server.request("POST", "/-/reload")[0], 200)

    def test_jobs_over_the_api_outlive_a_restart(self):
        address = "127.0.0.1:%d" % self.targets.server_port
        self.start("global: {scrape_interval: 1s}")
        body = json.dumps({"job_name": "mine", "static_configs": [{"targets": [address]}]})
        self.assertEqual(self.server.request("PUT", "/api/v1/scrape_configs/mine", body)[0], 200)
        self.settled("mine", "up")
        self.server.kill()
        self.server.start()
        self.settled("mine", "up")
        self.assertEqual(self.server.request("DELETE", "/api/v1/scrape_configs/mine")[0], 200)
        self.assertEqual(self.active(), {})

    def test_itself(self):
        config = os.path.join(self.folder, "trilobite.yml")
        with open(config, "w") as f:
            f.write("scrape: {self: true}")
        self.server = Server(BINARY, os.path.join(self.folder, "data"), ["--config", config]).start()
        # Every 15 seconds, at a time of its own.
        wait_for(lambda: (t := self.active().get("trilobite")) and t["health"] == "up", 40)

    def test_a_bad_file_at_the_start(self):
        self.write("scrape_configs: [{job: x}]")
        run = subprocess.run([BINARY, "server", "--data", os.path.join(self.folder, "data"), "--listen", "127.0.0.1:0",
                              "--no-agent", "--prometheus-config", self.config], capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 2)
        self.assertIn("job: unknown name", run.stderr)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    known, rest = parser.parse_known_args()
    BINARY = os.path.abspath(known.binary)
    unittest.main(argv=[sys.argv[0], *rest])
