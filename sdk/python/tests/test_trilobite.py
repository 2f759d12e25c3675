#!/usr/bin/env python3
"""The Python module over the real library: each case is a program of its own, whose lines are read back.
TRILOBITE_LIBRARY names libtrilobite_c.so. usage: test_trilobite.py [unittest arguments]
"""
import json
import os
import re
import subprocess
import sys
import textwrap
import unittest

MODULE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")


def run(program, **environment):
    """The result of a program that has `import trilobite` done: its output, and its JSON lines."""
    environment = {"PATH": os.environ["PATH"], "TRILOBITE_LIBRARY": os.environ["TRILOBITE_LIBRARY"],
                   "PYTHONPATH": MODULE, "PYTHONDONTWRITEBYTECODE": "1", "DYN_LOGGING_JSONL": "1", **environment}
    done = subprocess.run([sys.executable, "-c", "import trilobite\n" + textwrap.dedent(program)], env=environment,
                          capture_output=True, text=True, timeout=60, check=False)
    lines = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
    return done, [line for line in lines if not line["target"].startswith("trilobite")]


class Logging(unittest.TestCase):
    def test_records_become_lines_with_typed_fields(self):
        done, lines = run("""
            import logging
            trilobite.init()
            logging.getLogger("shop.pay").warning("retrying %s", "A-7", extra={"attempt": 2, "ratio": 0.5, "ok": True,
                                                  "more": {"a": [1]}, "odd": object})
        """)
        self.assertEqual(done.returncode, 0, done.stderr)
        line, = lines
        self.assertEqual((line["level"], line["target"], line["message"]), ("WARN", "log", "retrying A-7"))
        self.assertEqual((line["attempt"], line["ratio"], line["ok"], line["more"]), (2, 0.5, True, {"a": [1]}))
        self.assertEqual(line["odd"], "<class 'object'>")
        self.assertEqual(line["log.target"], "shop.pay")
        self.assertEqual(line["log.line"], 5)
        self.assertNotIn("trace_id", line)

    def test_the_filter_of_the_environment_decides(self):
        program = """
            import logging
            trilobite.init()
            logging.debug("quiet")
            logging.info("told")
        """
        self.assertEqual([line["message"] for line in run(program)[1]], ["told"])
        self.assertEqual([line["message"] for line in run(program, DYN_LOG="debug")[1]], ["quiet", "told"])

    def test_the_filter_changes_at_run_time_and_bad_directives_are_refused(self):
        _, lines = run("""
            import logging
            trilobite.init()
            trilobite.set_filter("debug")
            logging.debug("now told")
            try:
                trilobite.set_filter("a=b=c")
            except ValueError as error:
                logging.info("refused")
        """)
        self.assertEqual([line["message"] for line in lines], ["now told", "refused"])

    def test_exceptions_are_told_with_their_stack(self):
        _, lines = run("""
            import logging
            trilobite.init()
            try:
                1 / 0
            except ZeroDivisionError:
                logging.exception("failed")
        """)
        self.assertEqual(lines[0]["exception.type"], "ZeroDivisionError")
        self.assertIn("ZeroDivisionError: division by zero", lines[0]["exception.stacktrace"])
        self.assertEqual(lines[0]["level"], "ERROR")

    def test_texts_that_are_no_utf8_and_huge_ones_survive(self):
        done, lines = run("""
            import logging
            trilobite.init()
            logging.info("bad %s" % chr(0xd800), extra={"zero": "a" + chr(0) + "b", "long": "x" * 1000000, "big": 1 << 70})
        """)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(lines[0]["message"], "bad ?")
        self.assertEqual(lines[0]["zero"], "a\0b")
        self.assertEqual(len(lines[0]["long"]), 1000000)

    def test_a_library_that_is_not_there_is_named(self):
        done, _ = run("", TRILOBITE_LIBRARY="/nowhere/lib.so")
        self.assertIn("/nowhere/lib.so", done.stderr)
        self.assertIn("ImportError", done.stderr)


class Tracing(unittest.TestCase):
    def test_lines_in_spans_have_their_ids_and_fields(self):
        _, lines = run("""
            import logging
            trilobite.init()
            with trilobite.span("outer", order=7) as outer:
                with trilobite.span("inner", step="pay"):
                    logging.info("in")
                logging.info("out")
            logging.info("after")
        """)
        inside, outside, after = lines
        self.assertEqual((inside["span_name"], inside["step"]), ("inner", "pay"))
        self.assertEqual(inside["trace_id"], outside["trace_id"])
        self.assertEqual(inside["parent_id"], outside["span_id"])
        self.assertEqual((outside["span_name"], str(outside["order"])), ("outer", "7"))
        self.assertNotIn("trace_id", after)

    def test_tasks_of_asyncio_keep_their_spans_apart(self):
        _, lines = run("""
            import asyncio, logging
            trilobite.init()
            async def work(name):
                with trilobite.span(name):
                    for _ in range(5):
                        await asyncio.sleep(0)
                        logging.info(name)
            async def main():
                await asyncio.gather(*(work(f"task-{i}") for i in range(10)))
            asyncio.run(main())
        """)
        self.assertEqual(len(lines), 50)
        for line in lines:
            self.assertEqual(line["span_name"], line["message"])
        self.assertEqual(len({line["trace_id"] for line in lines}), 10)

    def test_headers_carry_the_trace(self):
        done, lines = run("""
            import json, logging
            trilobite.init()
            parent = trilobite.extract({"Traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                        "X-Request-Id": "cart-17", "traceState": "a=1"})
            with trilobite.span("http-request", parent=parent) as span:
                logging.info("in")
                print(json.dumps(trilobite.inject()))
            print(trilobite.extract({"traceparent": "00-nonsense"}), trilobite.inject())
        """)
        headers, rest = done.stdout.splitlines()
        headers = json.loads(headers)
        self.assertRegex(headers["traceparent"], "^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$")
        self.assertEqual((headers["tracestate"], headers["x-request-id"]), ("a=1", "cart-17"))
        self.assertEqual(rest, "None {}")
        self.assertEqual((lines[0]["parent_id"], lines[0]["x_request_id"]), ("b7ad6b7169203331", "cart-17"))

    def test_a_span_the_filter_rejects_does_nothing(self):
        done, lines = run("""
            import logging
            trilobite.init()
            with trilobite.span("quiet", level="debug", a=1) as span:
                span.set(b=2).event("nothing")
                logging.info("in")
            span.end()
        """)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("span_name", lines[0])


class Metrics(unittest.TestCase):
    def test_levels_and_exposition(self):
        done, _ = run("""
            endpoint = trilobite.metrics.runtime().child("prod").child("backend").child("generate")
            endpoint.counter("requests_total", "Requests").inc(3)
            endpoint.gauge("depth", "Depth", ["queue"]).labels(queue="a\\"b").set(1.5)
            endpoint.histogram("took_seconds", "Duration", buckets=[0.1, 1]).observe(0.5)
            print(trilobite.metrics.runtime().expose().decode())
        """)
        labels = 'dynamo_component="backend",dynamo_endpoint="generate",dynamo_namespace="prod"'
        self.assertIn("dynamo_component_requests_total{%s} 3\n" % labels, done.stdout)
        self.assertIn('dynamo_component_depth{%s,queue="a\\"b"} 1.5\n' % labels, done.stdout)
        self.assertIn('dynamo_component_took_seconds_bucket{%s,le="1"} 1\n' % labels, done.stdout)

    def test_what_is_counted_in_a_span_names_it(self):
        done, lines = run("""
            from trilobite import metrics
            registry = metrics.Registry()
            jobs, times = registry.counter("jobs_total", "Jobs"), registry.histogram("job_seconds", "Time")
            jobs.inc()
            times.observe(100)
            with trilobite.span("charge") as span:
                jobs.inc(2)
                times.observe(0.3)
                ids = '{trace_id="%s",span_id="%s"}' % (span.context.trace_id, span.context.span_id)
            page = registry.expose(metrics.OPENMETRICS).decode()
            print(f"jobs_total 3 # {ids} 2 " in page, f'job_seconds_bucket{{le="0.5"}} 1 # {ids} 0.3 ' in page)
            print(page.count("trace_id"))
        """)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, "True True\n2\n")

    def test_engines_and_other_libraries_are_passed_through(self):
        done, lines = run("""
            from trilobite import metrics
            level = metrics.runtime().child("prod").child("backend").child("generate")
            level.add_engine(lambda: b"# TYPE vllm:running gauge\\nvllm:running{model_name=\\"own\\"} 3\\n\\ngc 1\\n",
                             include=["vllm:"], model="llama", labels={"rack": "7"})
            level.add_text(lambda: "other 1")
            def broken():
                raise KeyError("gone")
            level.add_text(broken)
            print(metrics.runtime().expose().decode(), end="")
            try:
                level.add_engine(lambda: "", labels={"le": "1"})
            except ValueError as error:
                print(error)
        """)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, '# TYPE vllm:running gauge\nvllm:running{model_name="own",dynamo_namespace="prod",'
                         'dynamo_component="backend",dynamo_endpoint="generate",model="llama",rack="7"} 3\nother 1'
                         "label 'le' cannot be injected: it belongs to histograms and summaries themselves\n")
        self.assertIn("Error executing exposition text callback: KeyError: 'gone'", done.stderr)

    def test_mistakes_are_told(self):
        done, _ = run("""
            registry = trilobite.metrics.Registry()
            vector = registry.counter("c_total", "Help", ["a", "b"])
            for wrong in (lambda: registry.counter("c_total", "Help"), lambda: registry.gauge("g", ""),
                          lambda: registry.histogram("h", "Help", buckets=[2, 1]), lambda: vector.labels("x"),
                          lambda: vector.labels(a="x", c="y")):
                try:
                    wrong()
                    print("accepted")
                except ValueError as error:
                    print("refused")
        """)
        self.assertEqual(done.stdout.split(), ["refused"] * 5)


APP = """
    import asyncio, json, logging
    trilobite.init()
    async def app(scope, receive, send):
        logging.info("in the handler")
        if scope["path"] == "/broken":
            raise RuntimeError("broken")
        scope["route"] = type("Route", (), {"path": "/items/{id}"})
        await send({"type": "http.response.start", "status": 404 if scope["path"] == "/no" else 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})
    app = trilobite.asgi.Middleware(app)
    async def get(path, method="GET", headers=()):
        sent = []
        async def send(message): sent.append(message)
        scope = {"type": "http", "method": method, "path": path, "query_string": b"", "http_version": "1.1",
                 "headers": list(headers)}
        try:
            await app(scope, None, send)
        except RuntimeError:
            pass
        return sent
"""


class Asgi(unittest.TestCase):
    def test_requests_have_spans_lines_and_metrics(self):
        done, lines = run(APP + """
    async def main():
        sent = await get("/items/7", headers=[(b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                                              (b"x-request-id", b"r-1")])
        print(sent[0]["headers"])
        await get("/no", "INVENTED")
        await get("/broken")
        print((await get("/metrics"))[1]["body"].decode())
    asyncio.run(main())
        """)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("(b'x-request-id', b'r-1')", done.stdout)
        first = lines[0]
        self.assertEqual((first["message"], first["span_name"], first["method"], first["uri"]),
                         ("in the handler", "http-request", "GET", "/items/7"))
        self.assertEqual(first["trace_id"], "0af7651916cd43dd8448eb211c80319c")
        told = {line["message"]: line["level"] for line in lines}
        self.assertEqual(told["request completed with client request error"], "WARN")
        self.assertEqual(told["request completed with server error"], "ERROR")
        self.assertRegex(done.stdout, re.escape('http_requests_total{method="GET",route="/items/{id}",status="200"} 1'))
        self.assertRegex(done.stdout, re.escape('http_requests_total{method="_OTHER",route="/items/{id}",status="404"} 1'))
        self.assertRegex(done.stdout, re.escape('http_requests_total{method="GET",route="(none)",status="500"} 1'))
        self.assertIn("http_requests_in_flight 0\n", done.stdout)

    def test_fastapi(self):
        try:
            import fastapi  # noqa: F401
            import starlette.testclient  # noqa: F401
        except (ImportError, RuntimeError):
            self.skipTest("FastAPI and its test client are not installed")
        done, lines = run("""
            import logging
            from fastapi import FastAPI
            from starlette.testclient import TestClient
            trilobite.init()
            app = FastAPI()
            app.add_middleware(trilobite.asgi.Middleware)
            @app.get("/items/{id}")
            async def item(id: int):
                logging.info("looking", extra={"item": id})
                return {"id": id}
            client = TestClient(app)
            assert client.get("/items/7", headers={"x-request-id": "r-9"}).headers["x-request-id"] == "r-9"
            client.get("/items/x")
            print(client.get("/metrics").text)
        """)
        self.assertEqual(done.returncode, 0, done.stderr)
        looked = next(line for line in lines if line["message"] == "looking")
        self.assertEqual((looked["item"], looked["span_name"], looked["x_request_id"]), (7, "http-request", "r-9"))
        self.assertIn('http_requests_total{method="GET",route="/items/{id}",status="200"} 1', done.stdout)
        self.assertIn('status="422"} 1', done.stdout)


class Process(unittest.TestCase):
    def test_status_server_and_health(self):
        done, _ = run("""
            import urllib.error, urllib.request
            trilobite.init()
            port = trilobite.start_status_server()
            def get(path):
                try:
                    return urllib.request.urlopen(f"http://127.0.0.1:{port}{path}").read().decode()
                except urllib.error.HTTPError as error:
                    return str(error.code)
            print(get("/health"))
            trilobite.set_health("generate", True)
            print(get("/nothing"), "uptime_seconds" in get("/metrics"))
        """, DYN_SYSTEM_PORT="0", DYN_SYSTEM_HOST="127.0.0.1")
        self.assertEqual(done.stdout.split(), ["503", "404", "True"], done.stderr)

    def test_no_status_server_unless_asked_for(self):
        self.assertEqual(run("trilobite.init(); print(trilobite.start_status_server())")[0].stdout.strip(), "None")

    def test_forked_children_log_too(self):
        done, lines = run("""
            import logging, os
            trilobite.init()
            logging.info("before")
            child = os.fork()
            logging.info("child" if child == 0 else "parent")
            if child: os.waitpid(child, 0)
        """)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(sorted(line["message"] for line in lines), ["before", "child", "parent"])


if __name__ == "__main__":
    unittest.main()
