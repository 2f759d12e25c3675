#!/usr/bin/env python3
"""`trilobite query metrics`, `import` and `export` against a real server, and `check config|rules` on files.

usage: metrics_test.py --binary build/release/trilobite
"""
import argparse, csv, io, json, os, shutil, subprocess, sys, tempfile, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from server import Server

START = 1_768_435_200  # 2026-01-15T00:00:00Z
BINARY = None

# Ten minutes of two counters and a gauge, every 15 seconds.
def samples():
    lines = ["# TYPE requests counter", "# HELP requests Requests by code."]
    for code, rate in (("200", 2), ("500", 0.5)):
        lines += ['requests_total{job="api",code="%s"} %g %d' % (code, rate * 15 * i, START + 15 * i) for i in range(41)]
    lines += ["# TYPE depth gauge"]
    lines += ['depth{job="api",note="a \\"b\\", c"} %d %d' % (i % 5, START + 15 * i) for i in range(41)]
    return "\n".join(lines + ["# EOF", ""])


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="trilobite-cli-")
        cls.server = Server(BINARY, os.path.join(cls.folder, "data")).start()
        cls.file = cls.write(cls, "samples.om", samples())
        cls.trilobite(cls, "import", cls.file)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        shutil.rmtree(cls.folder)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def trilobite(self, *arguments, status=0, server=None, stdin=None, where=None):
        if where is None and arguments[0] in ("query", "import", "export"):
            where = ["--addr", "http://127.0.0.1:%d" % (server or self.server).port]
        plain = {k: v for k, v in os.environ.items() if not k.startswith(("LOKI_", "TRILOBITE_"))}
        done = subprocess.run([BINARY, *arguments, *(where or [])], capture_output=True, text=True, env=plain, timeout=60, input=stdin)
        if done.returncode != status:
            raise AssertionError("%s ended with %d: %s" % (arguments, done.returncode, done.stderr))
        return done.stdout, done.stderr

    def metrics(self, *arguments, **more):
        return self.trilobite("query", "metrics", *arguments, "--timezone", "UTC", **more)

    def test_an_instant_query_is_a_table(self):
        out, _ = self.metrics("sum by (code) (requests_total) / 600", "--at", "2026-01-15T00:10:00Z")
        self.assertEqual(out.splitlines()[0].split(), ["code", "VALUE"])
        self.assertEqual(sorted(line.split() for line in out.splitlines()[1:]), [["200", "2"], ["500", "0.5"]])

    def test_a_range_has_a_row_for_each_time(self):
        out, _ = self.metrics('requests_total{code="200"}', "--from", "2026-01-15T00:00:00Z", "--to", "2026-01-15T00:10:00Z",
                              "--step", "5m")
        self.assertEqual([line.split() for line in out.splitlines()[1:]],
                         [["2026-01-15T00:00:00Z", "0"], ["2026-01-15T00:05:00Z", "600"], ["2026-01-15T00:10:00Z", "1200"]])

    def test_csv_json_and_lines_of_json(self):
        out, _ = self.metrics("depth", "--at", "2026-01-15T00:01:00Z", "-o", "csv")
        self.assertEqual(list(csv.DictReader(io.StringIO(out))),
                         [{"time": "2026-01-15T00:01:00Z", "__name__": "depth", "job": "api", "note": 'a "b", c', "value": "4"}])
        out, _ = self.metrics("1 + 1", "-o", "json", "--at", "2026-01-15")
        self.assertEqual(json.loads(out)["data"], {"resultType": "scalar", "result": [START, "2"]})
        out, _ = self.metrics("count(requests_total)", "-o", "jsonl", "--at", "2026-01-15T00:01:00Z")
        self.assertEqual(json.loads(out), {"metric": {}, "timestamp": "2026-01-15T00:01:00Z", "value": "2"})

    def test_a_plot_has_axes_and_a_legend(self):
        out, _ = self.metrics("sum by (code) (requests_total)", "--from", "2026-01-15T00:00:00Z", "--to", "2026-01-15T00:10:00Z",
                              "-o", "plot")
        self.assertIn('  * {code="200"}  1.2k\n', out)
        self.assertIn('  + {code="500"}  300\n', out)
        self.assertIn("2026-01-15T00:10:00Z", out)

    def test_errors_and_remarks(self):
        _, wrong = self.metrics("sum(", status=1)
        self.assertIn("1:5: parse error: unclosed left parenthesis", wrong)
        _, remarks = self.metrics("quantile(2, depth)", "--at", "2026-01-15T00:01:00Z")
        self.assertIn("warning: ", remarks)
        out, remarks = self.metrics("nothing_here")
        self.assertEqual((out, remarks), ("", "no series\n"))
        self.metrics("up", "--step", "soon", status=1)
        self.metrics("up", "-o", "pie", status=2)

    def test_labels_and_series(self):
        window = ["--from", "2026-01-15T00:00:00Z", "--to", "2026-01-15T00:10:00Z"]
        out, _ = self.trilobite("query", "labels", "--metrics", "code", *window)
        self.assertEqual(out, "200\n500\n")
        out, _ = self.trilobite("query", "series", "--metrics", "requests_total", *window)
        self.assertEqual(out.splitlines()[0], '{__name__="requests_total", code="200", job="api"}')

    def test_what_is_exported_can_be_imported(self):
        window = ["--from", "2026-01-15T00:00:00Z", "--to", "2026-01-15T00:10:00Z", "--window", "90s"]
        for form in ("openmetrics", "jsonl"):
            out, remarks = self.trilobite("export", '{job="api"}', "-f", form, *window)
            self.assertIn("123 samples of 3 series of 2 metrics", remarks)
            other = Server(BINARY, os.path.join(self.folder, "other-" + form)).start()
            try:
                self.trilobite("import", "-", "--format", form, server=other, stdin=out)
                again, _ = self.trilobite("export", '{job="api"}', "-f", form, *window, server=other)
            finally:
                other.stop()
            strip = lambda text: sorted(line for line in text.splitlines() if not line.startswith("#"))
            self.assertEqual(strip(again), strip(out))

    def test_native_histograms_and_the_ends_of_series_go_there_and_back(self):
        line = {"metric": {"__name__": "lag", "job": "h"}, "values": [1, "StaleNaN", None, "Infinity", 0.1],
                "timestamps": [(START + i) * 1000 for i in range(5)]}
        literals = ["{{schema:1 count:7 sum:5.5 z_bucket:1 z_bucket_w:0.001 offset:-1 buckets:[1 0 2] n_buckets:[3]}}",
                    "{{schema:-53 count:3 sum:2 custom_values:[0.5 1] buckets:[1 2]}}"]
        histograms = {"metric": line["metric"], "values": [], "timestamps": [], "histograms": literals,
                      "histogram_timestamps": [(START + 10) * 1000, (START + 11) * 1000], "whole_numbers": True}
        self.trilobite("import", self.write("h.jsonl", json.dumps(line) + "\n" + json.dumps(histograms) + "\n"))
        window = ["--from", "2026-01-15T00:00:00Z", "--to", "2026-01-15T00:10:00Z"]
        out, remarks = self.trilobite("export", '{job="h"}', "-f", "jsonl", *window)
        self.assertIn("7 samples of 1 series of 1 metrics", remarks)
        self.assertNotIn("left out", remarks)
        read = [json.loads(each) for each in out.splitlines()]
        self.assertEqual(read[0], line)
        # How a histogram stands to the one before it is worked out anew.
        read[1]["histograms"] = [text.replace(" counter_reset_hint:not_reset", "") for text in read[1]["histograms"]]
        self.assertEqual(read[1:], [histograms])
        _, remarks = self.trilobite("export", '{job="h"}', "-f", "openmetrics", *window)
        self.assertIn("2 samples of native histograms left out", remarks)

    def test_graphite_and_influx_lines(self):
        self.trilobite("import", self.write("g.txt", "web.load;job=g 1.5 %d\n" % START), "--format", "graphite")
        self.trilobite("import", self.write("i.txt", "cpu,job=i usage=2 %d\n" % (START * 10**9)), "--format", "influx")
        out, _ = self.metrics('{job=~"g|i"}', "--at", "2026-01-15T00:00:00Z", "-o", "csv")
        self.assertEqual({(row["__name__"], row["value"]) for row in csv.DictReader(io.StringIO(out))},
                         {("web.load", "1.5"), ("cpu_usage", "2")})
        _, wrong = self.trilobite("import", self.write("g.bad", "web.load\n"), "--format", "graphite", status=1)
        self.assertIn("missing value", wrong)

    def test_z_the_data_folder_answers_the_same(self):
        """Last: it stops the server."""
        window = ["--from", "2026-01-15T00:00:00Z", "--to", "2026-01-15T00:10:00Z"]
        queries = [("query", "metrics", "sum by (code) (rate(requests_total[5m]))", "--step", "1m", "-o", "json", *window),
                   ("query", "metrics", "depth", "--at", "2026-01-15T00:05:00Z", "-o", "csv"),
                   ("query", "labels", "--metrics", "code", *window), ("query", "series", "--metrics", "depth", *window),
                   ("export", '{job="api"}', "-f", "jsonl", *window)]
        before = [self.trilobite(*query)[0] for query in queries]
        self.trilobite("import", self.write("late.txt", "late 1 %d\n" % (START * 1000)))
        self.server.kill()
        folder = ["--data", self.server.data]
        for query, want in zip(queries, before):
            lines = lambda text: sorted(text.splitlines())
            self.assertEqual(lines(self.trilobite(*query, where=folder)[0]), lines(want))
        out, _ = self.metrics("late", "--at", "2026-01-15T00:00:00Z", "-o", "csv", where=folder)
        self.assertIn("late,", out.splitlines()[1])
        _, wrong = self.metrics("sum(", where=folder, status=1)
        self.assertEqual(wrong, "trilobite: invalid parameter \"query\": 1:5: parse error: unclosed left parenthesis\n")
        _, wrong = self.trilobite("import", self.file, where=folder, status=1)
        self.assertIn("cannot be written to", wrong)

    def test_a_file_that_is_refused_is_an_error(self):
        bad = self.write("bad.om", "# TYPE a gauge\na{ 1 1\n# EOF\n")
        _, wrong = self.trilobite("import", bad, status=1)
        self.assertIn("bad.om", wrong)
        self.trilobite("import", os.path.join(self.folder, "missing"), status=1)

    def test_check_config_with_its_rules(self):
        self.write("rules.yml", "groups:\n- name: a\n  rules:\n  - {record: b, expr: sum(up)}\n")
        good = self.write("prometheus.yml", "scrape_configs:\n- job_name: a\n  static_configs: [{targets: ['b:1']}]\nrule_files: [rules*.yml]\n")
        out, _ = self.trilobite("check", "config", good)
        self.assertRegex(out, r"ok +\S+prometheus.yml: 1 scrape jobs\nok +\S+rules.yml: 1 groups, 1 rules\n")
        bad = self.write("bad.yml", "scrape_configs:\n- job_name: a\n  scrape_intervall: 5s\n")
        out, _ = self.trilobite("check", "config", bad, status=1)
        self.assertRegex(out, r"WRONG .*line 3: .*scrape_intervall")

    def test_check_rules(self):
        bad = self.write("bad_rules.yml", "groups:\n- name: a\n  rules:\n  - {alert: b, expr: sum(}\n  - {record: c}\n")
        out, _ = self.trilobite("check", "rules", bad, status=1)
        self.assertRegex(out, r"line 4: .*1:5: parse error: unclosed left parenthesis")
        self.assertRegex(out, r"line 5: .*field 'expr' must be set")


    def test_templates_and_sections_for_others_are_checked(self):
        rule = "groups:\n- name: a\n  rules:\n  - alert: b\n    expr: up\n    annotations: {s: '%s'}\n"
        for text, error in (("{{ $labels.job }}", None), ("{{ nofunc 1 }}", 'function "nofunc" not defined'),
                            ("{{ $labels.job", "unclosed action"), ("{{ if true }}", "unexpected EOF")):
            out, _ = self.trilobite("check", "rules", self.write("t.yml", rule % text), status=1 if error else 0)
            self.assertIn(error or "ok ", out)
        for text, error in (("remote_write: [{name: a}]\n", "url is empty"), ("rule_files: ['[.yml']\n", "syntax error in pattern"),
                            ("tracing: {client_type: grpc}\n", "endpoint must be set"),
                            ("scrape_configs: [{job_name: a, authorization: {credentials_file: absent}}]\n", "no such file"),
                            ("scrape_configs: [{job_name: a, static_configs: [null]}]\n", "empty or null"),
                            ("scrape_configs: [{job_name: a, proxy_url: ':::'}]\n", "missing protocol scheme")):
            out, _ = self.trilobite("check", "config", self.write("s.yml", text), status=1)
            self.assertIn(error, out)

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
    def test_promtool_says_the_same(self):
        rules = ["", "groups: []\n", "groups:\n", "foo: 1\n", "- a\n", "groups: [\n", "groups:\n- rules: []\n",
                 "groups:\n- name: a\n- name: a\n", "groups:\n- name: a\n  interval: x\n"]
        one = "groups:\n- name: a\n  rules:\n  - %s\n"
        rules += [one % text for text in (
            "{record: x, expr: y}", "{alert: x, expr: y, for: 5m, labels: {a: b}}", "{record: x, alert: y, expr: z}", "{expr: z}",
            "{record: x}", "{record: x, expr: sum(}", "{record: x, expr: z, for: 5m}", "{alert: x, expr: z, for: 5x}",
            "{record: x, expr: z, foo: 1}", "{record: x, expr: z, labels: {__name__: c}}",
            "{alert: x, expr: z, annotations: {a: '{{ $value | humanize }}'}}", "{alert: x, expr: z, labels: {a: '{{ x }}'}}",
            "{alert: x, expr: z, annotations: {a: '{{ range query \"up\" }}{{ .Value }}{{ end }}'}}",
            "{alert: x, expr: z, annotations: {a: '{{ end }}'}}", "{alert: x, expr: z, annotations: {a: '{{ $foo }}'}}")]
        job = "scrape_configs:\n- {job_name: a, %s}\n"
        configs = ["", "global: {scrape_interval: 15s}\n", "foo: 1\n", "global: {scrape_interval: 5s, scrape_timeout: 6s}\n",
                   "global: {scrape_interval: 15}\n", "scrape_configs: [{job_name: a}, {job_name: a}]\n",
                   "remote_write: [{url: 'http://x'}]\n", "remote_write: [{name: x}]\n", "remote_read: [{name: x}]\n",
                   "remote_write: [{url: 'http://x', headers: {Host: a}}]\n", "tracing: {client_type: grpc}\n",
                   "rule_files: ['[.yml']\n", "rule_files: ['none*.yml']\n",
                   "alerting: {alertmanagers: [{api_version: v3}]}\n"]
        configs += [job % text for text in (
            "scheme: ftp", "params: {a: [b]}", "params: {a: b}", "sample_limit: x", "honor_labels: maybe",
            "static_configs: [{targets: ['x:1']}]", "static_configs: [{targets: ['http://x']}]", "static_configs: [null]",
            "relabel_configs: [{action: foo}]", "relabel_configs: [{regex: '(', target_label: x}]",
            "relabel_configs: [{action: hashmod, target_label: x}]", "relabel_configs: [{source_labels: [a], action: keep}]",
            "basic_auth: {username: x, password: y, password_file: z}", "authorization: {type: Basic, credentials: x}",
            "authorization: {credentials_file: absent}", "bearer_token: x, basic_auth: {username: x}",
            "tls_config: {cert_file: x.pem}", "proxy_url: ':::'", "file_sd_configs: [{files: [x.txt]}]",
            "http_sd_configs: [{url: 'ftp://x'}]", "dns_sd_configs: [{names: [x], type: A}]", "dns_sd_configs: [{names: [x]}]",
            "body_size_limit: x", "body_size_limit: 10MB")]
        for kind, texts in (("rules", rules), ("config", configs)):
            for text in texts:
                path = self.write("same.yml", text)
                theirs = subprocess.run(["promtool", "check", kind, path], capture_output=True, text=True)
                ours = subprocess.run([BINARY, "check", kind, path], capture_output=True, text=True)
                self.assertEqual(ours.returncode == 0, theirs.returncode == 0,
                                 "%s\n%s%s%s" % (text, ours.stdout, theirs.stdout, theirs.stderr))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    known, rest = parser.parse_known_args()
    BINARY = os.path.abspath(known.binary)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
