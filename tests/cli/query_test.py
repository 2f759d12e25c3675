#!/usr/bin/env python3
"""`trilobite query` against a real server, and against its data folder once it is stopped: both print the same.

usage: query_test.py --binary build/release/trilobite
"""
import argparse, json, os, queue, shutil, signal, subprocess, sys, tempfile, threading, time, unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from server import Server, free_port

START = 1_768_435_200_000_000_000  # 2026-01-15T00:00:00Z
SECOND = 1_000_000_000
WINDOW = ["--from", "2026-01-15T00:00:00Z", "--to", "2026-01-15T01:00:00Z"]
BINARY = None


def push(server, labels, lines):
    body = json.dumps({"streams": [{"stream": labels, "values": [[str(t), line] for t, line in lines]}]})
    status, text = server.request("POST", "/loki/api/v1/push", body, {"Content-Type": "application/json"})
    assert status == 204, text


class Query(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="trilobite-cli-")
        cls.server = Server(BINARY, os.path.join(cls.folder, "data")).start()
        push(cls.server, {"app": "web", "host": "a"}, [(START + i * SECOND, "request %d" % i) for i in range(20)])
        push(cls.server, {"app": "web", "host": "b"}, [(START + i * SECOND, "level=error call %d" % i) for i in range(5)])
        push(cls.server, {"app": "db"}, [(START, "\x1b[31mred\x1b[0m \x07bell")])
        # Many lines, many of one time: pages must neither lose nor repeat any.
        push(cls.server, {"app": "many"}, [(START + (i // 40) * SECOND, "line %05d" % i) for i in range(1000)])

    @classmethod
    def tearDownClass(cls):
        if cls.server.process.poll() is None:
            cls.server.stop()
        shutil.rmtree(cls.folder)

    def run_query(self, *arguments, where=None, status=0, environment=None):
        where = ["--addr", "http://127.0.0.1:%d" % self.server.port] if where is None else where
        plain = {k: v for k, v in os.environ.items() if not k.startswith(("LOKI_", "TRILOBITE_"))}
        done = subprocess.run([BINARY, "query", arguments[0], *where, *arguments[1:]], capture_output=True, text=True,
                              env={**plain, **(environment or {})}, timeout=60)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout, done.stderr

    def test_default_output_shows_time_labels_and_line(self):
        out, remarks = self.run_query("logs", '{app="web"} |= "call 4"', "--timezone", "UTC", *WINDOW)
        self.assertRegex(out, r'^2026-01-15T00:00:04Z \{.*\} +level=error call 4\n$')
        self.assertIn("Common labels:", remarks)
        out, remarks = self.run_query("logs", '{app="web"}', "--limit", "40", "--quiet", "--timezone", "UTC",
                                      "--include-label", "host", "--forward", *WINDOW)
        lines = out.splitlines()
        self.assertEqual(len(lines), 25)
        self.assertEqual(lines[-1], '2026-01-15T00:00:19Z {host="a"} request 19')
        self.assertEqual(remarks, "")

    def test_raw_and_jsonl(self):
        out, _ = self.run_query("logs", '{app="db"}', "-o", "raw", *WINDOW)
        self.assertEqual(out, "\x1b[31mred\x1b[0m \x07bell\n")
        out, _ = self.run_query("logs", '{app="db"}', "-o", "jsonl", "--timezone", "UTC", *WINDOW)
        line = json.loads(out)
        self.assertEqual((line["timestamp"], line["line"]), ("2026-01-15T00:00:00Z", "\x1b[31mred\x1b[0m \x07bell"))
        self.assertEqual(line["labels"]["app"], "db")

    def test_colors_only_when_asked(self):
        self.assertNotIn("\x1b[34m", self.run_query("logs", '{app="web"}', *WINDOW)[0])
        self.assertIn("\x1b[34m", self.run_query("logs", '{app="web"}', "--color", "always", *WINDOW)[0])

    def test_limit_and_pages(self):
        for order in ([], ["--forward"]):
            for plain in ([], ["--no-extensions"]):
                out, _ = self.run_query("logs", '{app="many"}', "-o", "raw", "--limit", "0", "--batch", "64", *order,
                                        *plain, *WINDOW)
                lines = out.splitlines()
                self.assertEqual(sorted(lines), ["line %05d" % i for i in range(1000)])
                out, _ = self.run_query("logs", '{app="many"}', "-o", "raw", "--limit", "150", "--batch", "64", *order,
                                        *plain, *WINDOW)
                self.assertEqual(out.splitlines(), lines[:150])

    def test_pages_say_when_they_cannot_go_on(self):
        _, remarks = self.run_query("logs", '{app="many"}', "--limit", "0", "--batch", "16", "--no-extensions", *WINDOW,
                                    status=1)
        self.assertIn("--batch", remarks)

    def test_metric_queries_print_a_table(self):
        out, _ = self.run_query("logs", 'sum by (host) (count_over_time({app="web"}[1m]))', "--step", "60",
                                "--timezone", "UTC", "--from", "2026-01-15T00:01:00Z", "--to", "2026-01-15T00:01:00Z")
        self.assertEqual(out, 'TIME                  {host="a"}  {host="b"}\n'
                              '2026-01-15T00:01:00Z          19           4\n')
        out, _ = self.run_query("instant", 'sum by (host) (count_over_time({app="web"}[5m]))', "--at",
                                "2026-01-15T00:01:00Z")
        self.assertEqual(out, "host  VALUE\na        20\nb         5\n")
        out, _ = self.run_query("instant", "1 + 1", "-o", "raw", "--at", "2026-01-15T00:01:00Z", "--timezone", "utc")
        self.assertEqual(out, "2026-01-15T00:01:00Z\t{}\t2\n")

    def test_labels_series_stats_volume(self):
        self.assertEqual(set(self.run_query("labels", *WINDOW)[0].split()) - {"service_name"}, {"app", "host"})
        self.assertEqual(self.run_query("labels", "app", *WINDOW)[0], "db\nmany\nweb\n")
        self.assertEqual(self.run_query("labels", "app", "--match", '{host="a"}', *WINDOW)[0], "web\n")
        out, _ = self.run_query("series", '{app="web"}', *WINDOW)
        self.assertEqual(len(out.splitlines()), 2)
        self.assertIn('{app="web", host="a"', out)
        self.assertIn("4 streams", self.run_query("series", "--analyze-labels", *WINDOW)[0])
        out, _ = self.run_query("stats", '{app="web"}', *WINDOW)
        self.assertEqual(out.split()[:4], ["STREAMS", "CHUNKS", "LINES", "BYTES"])
        self.assertEqual(out.split()[6], "25")
        out, _ = self.run_query("volume", "{}", "--target-labels", "app", *WINDOW)
        self.assertEqual([line.split()[0] for line in out.splitlines()], ["app", "many", "web", "db"])

    def test_extensions_are_on(self):
        out, _ = self.run_query("logs", '{} |= i"LEVEL=error CALL 3"', "-o", "raw", *WINDOW)
        self.assertEqual(out, "level=error call 3\n")
        self.run_query("logs", '{} |= "call 3"', "--no-extensions", *WINDOW, status=1)
        out, _ = self.run_query("logs", '{host="a"} | pattern "request <n>" | sort by (n) desc', "-o", "raw",
                                "--limit", "3", *WINDOW)
        self.assertEqual(out, "request 19\nrequest 18\nrequest 17\n")
        _, remarks = self.run_query("logs", '{app="many"}', "--limit", "10", *WINDOW)
        self.assertIn("990 more lines match", remarks)
        _, remarks = self.run_query("logs", '{app="many"}', "--max-bytes", "100B", *WINDOW, status=1)
        self.assertIn("too many bytes", remarks)

    def test_errors_and_exit_status(self):
        _, remarks = self.run_query("logs", '{app="web"', *WINDOW, status=1)
        self.assertIn("parse error", remarks)
        _, remarks = self.run_query("logs", '{app="web"}', where=["--addr", "http://127.0.0.1:%d" % free_port()], status=1)
        self.assertIn("cannot reach", remarks)
        _, remarks = self.run_query("logs", '{app="web"}', "--from", "tomorrow", status=2)
        self.assertIn('"tomorrow" is no time', remarks)
        self.run_query("logs", status=2)
        self.run_query("logs", '{app="web"}', "-o", "xml", status=2)
        _, remarks = self.run_query("logs", '{app="web"}', where=["--data", self.server.data], status=5)
        self.assertIn("another process", remarks)
        _, remarks = self.run_query("logs", '{app="web"}', where=["--data", self.folder + "/nothing"], status=1)
        self.assertIn("no data directory", remarks)

    def test_the_address_comes_from_the_environment(self):
        address = "http://127.0.0.1:%d" % self.server.port
        for name in ("LOKI_ADDR", "TRILOBITE_ADDR"):
            out, _ = self.run_query("labels", "app", *WINDOW, where=[], environment={name: address})
            self.assertEqual(out, "db\nmany\nweb\n")

    def test_tail_follows(self):
        process = subprocess.Popen([BINARY, "query", "logs", '{app="live"} |= "new"', "--tail", "-o", "raw",
                                    "--addr", "http://127.0.0.1:%d" % self.server.port],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        lines = queue.Queue()
        threading.Thread(target=lambda: [lines.put(line) for line in process.stdout], daemon=True).start()
        try:
            now = time.time_ns()
            push(self.server, {"app": "live"}, [(now - 5 * SECOND, "new 1"), (now - 4 * SECOND, "other")])
            self.assertEqual(lines.get(timeout=20), "new 1\n")  # out of the history, or as it comes
            push(self.server, {"app": "live"}, [(now, "new 2")])
            self.assertEqual(lines.get(timeout=20), "new 2\n")
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=20)
            process.stderr.close()
            process.stdout.close()
        _, remarks = self.run_query("logs", "sum(1)", "--tail", status=1)
        self.assertIn("trilobite:", remarks)

    def test_z_the_data_folder_answers_the_same(self):
        """Last: it stops the server."""
        queries = [("logs", '{app="many"} |= "7"', "-o", "jsonl", "--limit", "0", *WINDOW),
                   ("logs", 'sum by (app) (count_over_time({app=~".+"}[10m]))', "--step", "10m", *WINDOW),
                   ("series", *WINDOW), ("labels", "app", *WINDOW), ("volume", *WINDOW)]
        before = [self.run_query(*query)[0] for query in queries]
        push(self.server, {"app": "late"}, [(START + 12 * 3600 * SECOND, "in the WAL only")])
        self.server.kill()
        where = ["--data", self.server.data]
        for query, want in zip(queries, before):
            self.assertEqual(self.run_query(*query, where=where)[0], want)
        out, _ = self.run_query("logs", '{app="late"}', "-o", "raw", "--from", "2026-01-15", "--to", "2026-01-16",
                                where=where)
        self.assertEqual(out, "in the WAL only\n")
        _, remarks = self.run_query("logs", '{app="web"}', "--tail", where=where, status=1)
        self.assertIn("cannot be tailed", remarks)


if __name__ == "__main__":
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--binary", required=True)
    o, rest = a.parse_known_args()
    BINARY = os.path.abspath(o.binary)
    unittest.main(argv=[sys.argv[0], *rest])
