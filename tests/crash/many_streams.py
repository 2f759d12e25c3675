#!/usr/bin/env python3
"""A mistaken client puts a number that changes with every line into a label: a million label sets. It is refused with an
error that names the limit, before it costs much memory; others go on pushing and asking.

usage: many_streams.py --binary build/release/trilobite [--streams 1000000]
"""
import argparse, collections, json, os, shutil, sys, tempfile, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from server import Server

STREAMS = 1000  # in a request
MEMORY_MAX_MIB = 400


def push(connection, streams):
    text = json.dumps({"streams": [{"stream": labels, "values": [[str(time.time_ns()), line]]} for labels, line in streams]})
    connection.request("POST", "/loki/api/v1/push", text, {"Content-Type": "application/json"})
    response = connection.getresponse()
    return response.status, response.read().decode()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--streams", type=int, default=1_000_000)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="trilobite-streams-")
    server = Server(options.binary, os.path.join(folder, "data")).start()
    try:
        good, bad = server.connect(), server.connect()
        assert push(good, [({"app": "good"}, "first")])[0] == 204
        answers, text = collections.Counter(), ""
        for first in range(0, options.streams, STREAMS):
            status, answer = push(bad, [({"app": "mistaken", "request": "r%d" % n}, "x") for n in range(first, first + STREAMS)])
            answers[status] += 1
            text = answer if status != 204 else text
            if first % (100 * STREAMS) == 0:
                assert push(good, [({"app": "good"}, "line %d" % first)])[0] == 204, "a known stream is refused"
        with open("/proc/%d/status" % server.process.pid) as status:
            peak = next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM"))
        found = server.get_json("/loki/api/v1/query_range", query='{app="good"}', since="1h", limit="1000")
        lines = sum(len(stream["values"]) for stream in found["data"]["result"])
        stats = server.get_json("/loki/api/v1/index/stats", query='{app="mistaken"}', start=str(int(time.time()) - 3600))
        print("answers %s, last: %s" % (dict(answers), text.strip()[:160]))
        print("%d label sets taken, peak memory %d MiB, %d good lines" % (stats["streams"], peak, lines))
        assert answers[429] > 0.9 * sum(answers.values()), "not refused"
        assert "maximum active stream limit exceeded" in text, text
        assert stats["streams"] <= 60_000, stats
        assert peak < MEMORY_MAX_MIB, peak
        assert lines == 1 + (options.streams + 100 * STREAMS - 1) // (100 * STREAMS), lines
        assert server.stop() == 0
        print("ok")
        return 0
    finally:
        if server.process.poll() is None:
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
