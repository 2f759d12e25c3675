#!/usr/bin/env python3
"""manage.sh as a newcomer uses it: start, see lines, status, a second start, a taken port, stop, clean.

Uses the release build that exists; building is what `./manage.sh start` does first and is a no-op here.
"""
import http.client, json, os, shutil, socket, subprocess, sys, tempfile, time, urllib.parse

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))
from server import free_port


def manage(*arguments, environment=None):
    run = subprocess.run([os.path.join(ROOT, "manage.sh"), *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                         env={**os.environ, **(environment or {})}, timeout=600)
    print("$ manage.sh %s -> %d\n%s%s" % (" ".join(arguments), run.returncode, run.stdout, run.stderr))
    return run


def ask(port, path, **parameters):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path + ("?" + urllib.parse.urlencode(parameters) if parameters else ""))
    response = connection.getresponse()
    return response.status, response.read()


def wait_for(what, condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited %d s for %s" % (seconds, what)
        time.sleep(0.1)


def rows(port, query):
    status, body = ask(port, "/loki/api/v1/query_range", query=query, limit="1000")
    assert status == 200, body
    return [v for s in json.loads(body)["data"]["result"] for v in s["values"]]


def main():
    folder = tempfile.mkdtemp(prefix="trilobite-manage-")
    data = os.path.join(folder, "data")
    port = free_port()
    options = ["--data", data, "--listen", "127.0.0.1:%d" % port]
    try:
        run = manage("status", *options)
        assert run.returncode == 3 and "not running" in run.stdout

        run = manage("start", *options)
        assert run.returncode == 0, "start failed"
        assert "http://localhost:%d" % port in run.stdout and data in run.stdout

        # The platform's own log is collected without any configuration.
        wait_for("the platform's own lines", lambda: rows(port, '{job="trilobite"}'))

        # So are its metrics.
        def up():
            status, body = ask(port, "/api/v1/query", query='up{job="trilobite"}')
            return status == 200 and [s["value"][1] for s in json.loads(body)["data"]["result"]] == ["1"]
        wait_for("the platform's own metrics", up)

        status, body = ask(port, "/")
        assert status == 200 and b"<html" in body.lower(), "the UI is not served"

        run = manage("start", *options)
        assert run.returncode == 0 and "already running" in run.stdout

        run = manage("status", *options)
        assert run.returncode == 0
        for word in ("server", "agent", "storage", "ready", "running", "writable"):
            assert word in run.stdout, word

        run = manage("logs", *options)
        assert run.returncode == 0 and run.stdout.strip()

        # Another data folder on the same port: the message names the address.
        other = os.path.join(folder, "other")
        run = manage("start", "--data", other, "--listen", "127.0.0.1:%d" % port)
        assert run.returncode == 4 and str(port) in run.stderr, run

        # The same data folder from a second process: refused by name.
        second = subprocess.run([os.path.join(ROOT, "build", "release", "trilobite"), "server", "--data", data, "--listen", "127.0.0.1:0",
                                 "--no-agent"], capture_output=True, text=True, timeout=60)
        assert second.returncode == 5 and data in second.stderr, second

        assert manage("clean", *options, "--yes").returncode == 1, "clean must refuse while the platform runs"

        lines = len(rows(port, '{job="trilobite"}'))
        run = manage("restart", *options)
        assert run.returncode == 0
        wait_for("the lines from before the restart", lambda: len(rows(port, '{job="trilobite"}')) >= lines)

        assert manage("stop", *options).returncode == 0
        assert manage("stop", *options).returncode == 0, "a second stop is no error"
        assert manage("clean", *options).returncode == 2, "clean without a terminal needs --yes"
        assert os.path.exists(data)
        assert manage("clean", *options, "--yes").returncode == 0
        assert not os.path.exists(data)

        assert manage("nonsense").returncode == 2
        assert manage("start", "--nonsense").returncode == 2
        print("passed")
    finally:
        manage("stop", *options)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
