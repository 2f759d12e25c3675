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

    def trilobite(self, *arguments, status=0, server=None, stdin=None):
        where = []
        if arguments[0] in ("query", "import", "export"):
            where = ["--addr", "http://127.0.0.1:%d" % (server or self.server).port]
        plain = {k: v for k, v in os.environ.items() if not k.startswith(("LOKI_", "TRILOBITE_"))}
        done = subprocess.run([BINARY, *arguments, *where], capture_output=True, text=True, env=plain, timeout=60, input=stdin)
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


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    known, rest = parser.parse_known_args()
    BINARY = os.path.abspath(known.binary)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
