"""Debian's prometheus as a client: it writes to us by remote write, another one reads from us by remote read and
federates from us, and promtool queries us. Everything on free loopback ports, stopped by its own id.
Exit status 77: prometheus is not installed."""
import argparse, json, os, shutil, subprocess, sys, tempfile, time, urllib.error, urllib.parse, urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from server import Server, free_port

SKIPPED = 77
PATIENCE = 90  # seconds; a loaded machine is slow


class Prometheus:
    def __init__(self, folder, config):
        os.makedirs(folder)
        self.port = free_port()
        self.url = "http://127.0.0.1:%d" % self.port
        path = os.path.join(folder, "prometheus.yml")
        with open(path, "w") as f:
            f.write(config.replace("OWN_PORT", str(self.port)))
        self.log_path = os.path.join(folder, "log")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                ["prometheus", "--config.file=" + path, "--storage.tsdb.path=" + os.path.join(folder, "data"),
                 "--web.listen-address=127.0.0.1:%d" % self.port], stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def query(self, expression, **parameters):
        """The result of an instant query; [] while it does not answer."""
        text = urllib.parse.urlencode(dict(parameters, query=expression))
        try:
            with urllib.request.urlopen(self.url + "/api/v1/query?" + text, timeout=20) as answer:
                return json.load(answer)["data"]["result"]
        except (OSError, urllib.error.URLError):
            return []

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)

    def log_tail(self):
        with open(self.log_path, errors="replace") as f:
            return "".join(f.readlines()[-20:])


def wait_for(what, condition):
    deadline = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError("not within %d s: %s" % (PATIENCE, what))
        time.sleep(0.2)


def federated(server, selector, accept="text/plain"):
    status, body = server.request("GET", "/federate?" + urllib.parse.urlencode({"match[]": selector}),
                                  headers={"Accept": accept})
    assert status == 200, body
    return body.decode()


def values_of(result):
    """{time: value} of the one series of a range vector."""
    assert len(result) == 1, result
    return dict(map(tuple, result[0]["values"]))


def run(binary, folder):
    server = Server(binary, os.path.join(folder, "trilobite"))
    server.start()
    running = []
    try:
        base = "http://127.0.0.1:%d" % server.port
        writer = Prometheus(os.path.join(folder, "writer"), """
global: {scrape_interval: 500ms, scrape_timeout: 400ms, external_labels: {origin: writer}}
scrape_configs:
- job_name: self
  static_configs: [{targets: ['127.0.0.1:OWN_PORT']}]
remote_write:
- {url: %s/api/v1/write, send_exemplars: true, send_native_histograms: true,
   queue_config: {batch_send_deadline: 200ms}}
""" % base)
        running.append(writer)
        text = wait_for("samples by remote write", lambda: federated(server, '{__name__=~"up|prometheus_build_info"}'))
        assert 'up{instance="127.0.0.1:%d",job="self",origin="writer"} 1 ' % writer.port in text, text
        assert "# TYPE up untyped" in text, text
        openmetrics = federated(server, "up", "application/openmetrics-text;version=1.0.0")
        assert openmetrics.endswith("# EOF\n") and "# TYPE up unknown\n" in openmetrics, openmetrics
        metrics = server.request("GET", "/metrics")[1].decode()
        for reason in ("out_of_order", "too_old", "duplicate", "out_of_bounds"):
            assert 'samples_refused_total{reason="%s"} 0' % reason in metrics, metrics
        print("remote write: taken, nothing refused")

        reader = Prometheus(os.path.join(folder, "reader"), """
global: {scrape_interval: 500ms, scrape_timeout: 400ms}
scrape_configs:
- job_name: federate
  honor_labels: true
  metrics_path: /federate
  params: {'match[]': ['{job="self",__name__=~"go_.*"}']}
  static_configs: [{targets: ['127.0.0.1:%d']}]
remote_read:
- {url: %s/api/v1/read, read_recent: true}
""" % (server.port, base))
        running.append(reader)
        wait_for("an own scrape of /federate", lambda: reader.query('up{job="federate"} == 1'))
        goroutines = wait_for("federated series", lambda: reader.query('go_goroutines{job="self",origin="writer"}'))
        assert goroutines[0]["metric"]["instance"] == "127.0.0.1:%d" % writer.port, goroutines
        print("federation: scraped, labels kept")

        # What the writer scraped until now is the same through us and back, sample for sample.
        now = time.time()
        counter = "prometheus_engine_queries"
        wait_for("the newest samples", lambda: len(reader.query("%s[1h]" % counter, time=now)) == 1)
        def same():
            own = values_of(writer.query("%s[1h]" % counter, time=now))
            back = values_of(reader.query("%s[1h]" % counter, time=now))
            assert set(back.items()) <= set(own.items()), "a sample that was never written"
            return own == back
        wait_for("every sample through remote read", same)
        ranges = reader.query('count({origin="writer"})')
        assert int(ranges[0]["value"][1]) > 200, ranges
        print("remote read: every sample, nothing else")

        if server.request("GET", "/api/v1/query?query=1")[0] == 404:
            print("promtool: this build has no query API")
            return
        answer = subprocess.run(["promtool", "query", "instant", base, 'sum(up{origin="writer"})'],
                                capture_output=True, text=True, timeout=60)
        assert answer.returncode == 0 and "=> 1 @" in answer.stdout, (answer.stdout, answer.stderr)
        labels = subprocess.run(["promtool", "query", "labels", base, "job"], capture_output=True, text=True, timeout=60)
        assert labels.returncode == 0 and "self" in labels.stdout.split(), (labels.stdout, labels.stderr)
        series = subprocess.run(["promtool", "query", "series", "--match=up", base], capture_output=True, text=True,
                                timeout=60)
        assert series.returncode == 0 and 'origin="writer"' in series.stdout, (series.stdout, series.stderr)
        print("promtool: queried")
    except Exception:
        for each in running:
            print(each.log_tail(), file=sys.stderr)
        print(server.log_tail(), file=sys.stderr)
        raise
    finally:
        for each in running:
            each.stop()
        server.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    options = parser.parse_args()
    if not shutil.which("prometheus") or not shutil.which("promtool"):
        print("prometheus is not installed")
        return SKIPPED
    with tempfile.TemporaryDirectory() as folder:
        run(os.path.abspath(options.binary), folder)
    return 0


sys.exit(main())
