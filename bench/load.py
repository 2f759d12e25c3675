#!/usr/bin/env python3
"""Many streams at once, while others ask: pushes lines of 2,000 streams from several clients as fast as they are taken, with
eight clients that query all the while. Reports the peak memory of the server, what was refused and why, and counts every
acknowledged line afterwards, stream by stream: a line lost or doubled makes the exit status 1, as does a refusal that no
limit explains.

usage: load.py --binary build/release/trilobite [--lines 4000000] [--streams 2000] [--queriers 8] [--pushers 4]
"""
import argparse, collections, http.client, json, multiprocessing, os, random, shutil, sys, tempfile, time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "support"))
from server import Server

ROWS = 2000          # in a request
STREAMS_AT_ONCE = 40  # that it has rows of
EXPLAINED = {429, 507}

QUERIES = [
    '{job="load", stream="s%(n)d"}',
    '{job="load"} |= "request %(n)d "',
    'sum by (level) (count_over_time({job="load", shard="%(shard)d"}[5m]))',
    '{job="load", shard="%(shard)d"} | logfmt | took > 900',
    'topk(5, sum by (stream) (rate({job="load", shard="%(shard)d"} |= "error" [5m])))',
]


def labels(number):
    return {"job": "load", "stream": "s%d" % number, "shard": str(number % 50), "level": ("info", "warn", "error")[number % 3]}


def body(options, first_line, pusher):
    """ROWS lines from `first_line` on; each of this pusher's own streams, with times that no other line of it has."""
    own = [n for n in range(options.streams) if n % options.pushers == pusher]
    count = min(STREAMS_AT_ONCE, len(own))
    start = (first_line // ROWS * count) % len(own)
    chosen = [own[(start + i) % len(own)] for i in range(count)]
    values = collections.defaultdict(list)
    for i in range(ROWS):
        line = first_line + i
        values[chosen[i % count]].append(
            [str(options.base + line * 1000), "request %d took=%d path=/api/v1/items/%x user=u%d" % (line, line * 7919 % 1000, line * 2654435761 % 2**32, line % 997)])
    return json.dumps({"streams": [{"stream": labels(n), "values": v} for n, v in values.items()]}), {n: len(v) for n, v in values.items()}


def push(options, port, pusher, results):
    """Sends its share; a refused request is repeated until it is taken."""
    stored, refused = collections.Counter(), collections.Counter()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    for first_line in range(0, options.lines // options.pushers, ROWS):
        text, counts = body(options, first_line, pusher)
        while True:
            connection.request("POST", "/loki/api/v1/push", text, {"Content-Type": "application/json"})
            response = connection.getresponse()
            answer = response.read().decode(errors="replace")
            if response.status == 204:
                stored.update(counts)
                break
            refused[(response.status, answer[:120])] += 1
            if response.status not in EXPLAINED:
                results.put((pusher, dict(stored), dict(refused)))
                return
            time.sleep(0.5)
    results.put((pusher, dict(stored), dict(refused)))


def query(options, port, seed, stop, results):
    chance, answered, failed, slowest = random.Random(seed), 0, collections.Counter(), 0.0
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    while not stop.is_set():
        n = chance.randrange(options.streams)
        text = chance.choice(QUERIES) % {"n": n, "shard": n % 50}
        parameters = {"query": text, "start": str(options.base), "end": str(options.base + options.lines * 1000), "limit": "100", "step": "60"}
        began = time.monotonic()
        connection.request("GET", "/loki/api/v1/query_range?" + urllib.parse.urlencode(parameters))
        response = connection.getresponse()
        answer = response.read()
        slowest = max(slowest, time.monotonic() - began)
        answered += response.status == 200
        if response.status != 200:
            failed[(response.status, answer[:120].decode(errors="replace"))] += 1
    results.put((answered, dict(failed), slowest))


def memory_peak(process):
    with open("/proc/%d/status" % process.pid) as status:
        return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM"))


def count_stored(server, options):
    end = options.base + options.lines * 1000
    answer = server.get_json("/loki/api/v1/query", time=str(end), query='sum by (shard) (count_over_time({job="load"}[%ds]))' % (options.lines // 10**6 + 60))
    by_shard = {r["metric"]["shard"]: int(float(r["value"][1])) for r in answer["data"]["result"]}
    by_stream = {}
    for shard in by_shard:
        answer = server.get_json("/loki/api/v1/query", time=str(end), query='sum by (stream) (count_over_time({job="load", shard="%s"}[%ds]))' % (shard, options.lines // 10**6 + 60))
        by_stream.update({int(r["metric"]["stream"][1:]): int(float(r["value"][1])) for r in answer["data"]["result"]})
    return sum(by_shard.values()), by_stream


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", required=True)
    parser.add_argument("--lines", type=int, default=4_000_000)
    parser.add_argument("--streams", type=int, default=2000)
    parser.add_argument("--queriers", type=int, default=8)
    parser.add_argument("--pushers", type=int, default=4)
    parser.add_argument("--memory-max", type=int, default=0, help="MiB; above it the exit status is 1")
    options = parser.parse_args()
    options.lines -= options.lines % (ROWS * options.pushers)
    options.base = (int(time.time()) - options.lines // 10**6 - 600) * 10**9

    folder = tempfile.mkdtemp(prefix="trilobite-load-")
    server = Server(options.binary, os.path.join(folder, "data")).start()
    try:
        pushed, asked, stop = multiprocessing.Queue(), multiprocessing.Queue(), multiprocessing.Event()
        queriers = [multiprocessing.Process(target=query, args=(options, server.port, i, stop, asked)) for i in range(options.queriers)]
        pushers = [multiprocessing.Process(target=push, args=(options, server.port, i, pushed)) for i in range(options.pushers)]
        began = time.monotonic()
        for process in queriers + pushers:
            process.start()
        shares = [pushed.get(timeout=3600) for _ in pushers]
        seconds = time.monotonic() - began
        stop.set()
        answers = [asked.get(timeout=300) for _ in queriers]
        for process in queriers + pushers:
            process.join()
        server.request("POST", "/flush")
        want, refused, failed = collections.Counter(), collections.Counter(), collections.Counter()
        for _, stored, refusals in shares:
            want.update(stored)
            refused.update(refusals)
        for _, failures, _ in answers:
            failed.update(failures)
        total, by_stream = count_stored(server, options)
        peak = memory_peak(server.process)
        print("%d lines acknowledged of %d in %.0f s, %d streams" % (sum(want.values()), options.lines, seconds, len(want)))
        print("%d queries answered meanwhile, the slowest in %.1f s" % (sum(a[0] for a in answers), max(a[2] for a in answers)))
        print("peak memory %d MiB" % peak)
        for what, counts in (("push refused", refused), ("query failed", failed)):
            for (status, text), times in counts.items():
                print("%s %d times: %d %s" % (what, times, status, text.strip()))
        wrong = {n: (want[n], by_stream.get(n, 0)) for n in want if want[n] != by_stream.get(n, 0)}
        print("counted %d, %d streams differ" % (total, len(wrong)))
        bad = wrong or total != sum(want.values()) or any(s not in EXPLAINED for s, _ in refused)
        bad = bad or (options.memory_max and peak > options.memory_max)
        server.stop()
        return 1 if bad else 0
    finally:
        if server.process.poll() is None:
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
