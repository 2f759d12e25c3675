#!/usr/bin/env python3
"""Measures metrics end to end beside Debian's prometheus and victoria-metrics: the same corpus over remote write into each.

  metrics.py --tools FOLDER --corpus FOLDER --binary FILE [--only NAME,NAME] [--repeat N] [--results FOLDER]

FOLDER of --tools has bench.py (reading /proc, the corpus, the queries). Each server runs alone, in a folder of its own:
  load      all requests, one connection, in the order of time: CPU of the server, highest memory. Beside the corpus
            go series that come and go, 1 % of all an hour, and histograms of 2,000 buckets (metrics_more.py)
  restart   killed as it stands, so that its write-ahead log is as full as it gets (victoria-metrics, which has none, is
            asked to stop): time until it says it is ready, and the samples of one metric are counted
  settle    what is in memory goes to the disk in its final form: flush and merge here and in victoria-metrics, in
            prometheus a snapshot, which writes the block that its head would become. CPU of that counts for the ingest.
  disk      everything without logs of its own (prometheus: the blocks of the snapshot, no write-ahead log;
            victoria-metrics: without its caches)
  queries   median of --repeat after one that warms up
With --results the figures of each server are kept there, and those of servers that are not in --only taken from there.
"""
import argparse
import http.client
import importlib.util
import json
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

import metrics_more


class Server:
    """One program under measurement. PORT and DATA in its command are put in when it starts."""

    def __init__(self, name, command, ready, work, environment=None):
        self.name, self.command, self.ready_path = name, command, ready
        self.data = os.path.join(work, name)
        self.environment = {**os.environ, **(environment or {})}
        self.process, self.port = None, 0

    def start(self):
        """Seconds until it says that it is ready."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        os.makedirs(self.data, exist_ok=True)
        put = lambda text: text.replace("PORT", str(self.port)).replace("DATA", self.data)
        with open(self.data + ".log", "ab") as log:
            began = time.monotonic()
            self.process = subprocess.Popen([put(text) for text in self.command], stdout=log, stderr=log,
                                            env=self.environment)
        while True:
            try:
                if self.ask("GET", self.ready_path)[0] == 200:
                    return time.monotonic() - began
            except OSError:
                pass
            if self.process.poll() is not None:
                sys.exit("%s ended: %s" % (self.name, open(self.data + ".log").read()[-2000:]))
            time.sleep(0.005)

    def stop(self, sent=signal.SIGTERM):
        if self.process:
            self.process.send_signal(sent)
            self.process.wait()
        self.process = None

    def ask(self, method, path, timeout=1200):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        connection.request(method, path)
        answer = connection.getresponse()
        return answer.status, answer.read()

    @property
    def pid(self):
        return self.process.pid


def settle_trilobite(server):
    status, body = server.ask("POST", "/internal/force_merge")
    if status >= 300:
        sys.exit("force_merge: %d %r" % (status, body))
    return server.data


def settle_prometheus(server):
    status, body = server.ask("POST", "/api/v1/admin/tsdb/snapshot")
    if status != 200:
        sys.exit("snapshot: %d %r" % (status, body))
    return os.path.join(server.data, "snapshots", json.loads(body)["data"]["name"])


def settle_victoria(server):
    server.ask("GET", "/internal/force_flush")
    server.ask("GET", "/internal/force_merge")
    while True:
        page = server.ask("GET", "/metrics")[1].decode()
        active = [line for line in page.splitlines() if line.startswith(("vm_active_force_merges", "vm_active_merges"))]
        if not any(float(line.rsplit(" ", 1)[1]) for line in active):
            break
        time.sleep(0.25)
    return server.data


def quiet(tools, server):
    """Until the server does nothing any more."""
    for _ in range(60):
        before = tools.cpu(server.pid)
        time.sleep(1)
        if tools.cpu(server.pid) - before < 0.03:
            return


def all_requests(tools, corpus, meta, more):
    """Those of the corpus, which sends 2,000 series at a time, and after each step of it what it lacks."""
    of_step = math.ceil(meta["series"] / 2000)
    for number, body in enumerate(tools.requests(corpus)):
        yield body
        if (number + 1) % of_step == 0:
            yield more.request(number // of_step)


def load(server, requests):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
    headers = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
               "X-Prometheus-Remote-Write-Version": "0.1.0"}
    for body in requests:
        while True:
            connection.request("POST", "/api/v1/write", body, headers)
            answer = connection.getresponse()
            text = answer.read()
            if answer.status in (200, 204):
                break
            if answer.status not in (429, 503):
                sys.exit("%s: %d %r" % (server.name, answer.status, text[:300]))
            time.sleep(0.05)


def instant(server, query, at):
    parameters = urllib.parse.urlencode({"query": query, "time": at, "nocache": 1})
    status, body = server.ask("GET", "/api/v1/query?" + parameters)
    result = json.loads(body)["data"]["result"] if status == 200 else []
    return int(float(result[0]["value"][1])) if result else 0


def ask_queries(tools, server, meta, repeat):
    out = {}
    for name, (query, step) in {**tools.QUERIES, **metrics_more.QUERIES}.items():
        parameters = {"query": query, "nocache": 1}
        if step:
            parameters.update(start=meta["start"] + 300, end=meta["end"] - 15, step=step)
        else:
            parameters.update(time=meta["end"] - 15)
        path = "/api/v1/query%s?%s" % ("_range" if step else "", urllib.parse.urlencode(parameters))
        times = []
        for _ in range(repeat + 1):
            began = time.monotonic()
            status, body = server.ask("GET", path)
            times.append((time.monotonic() - began) * 1000)
            if status != 200:
                out[name] = {"error": "%d %r" % (status, body[:200])}
                break
        else:
            out[name] = {"median_ms": round(sorted(times[1:])[repeat // 2], 1), "first_ms": round(times[0], 1)}
        print("  %-26s %s" % (name, out[name]), flush=True)
    return out


def measure(tools, server, settle, corpus, repeat, how_to_end):
    meta = json.load(open(os.path.join(corpus, "meta.json")))
    more = metrics_more.MoreSeries(meta)
    out = {"first_start_s": round(server.start(), 3)}
    began, before = time.monotonic(), tools.cpu(server.pid)
    load(server, all_requests(tools, corpus, meta, more))
    samples = meta["samples"] + more.samples
    million = samples / 1e6
    out["load_s"] = round(time.monotonic() - began, 2)
    cpu_load = tools.cpu(server.pid) - before
    out["memory_peak_load"] = tools.memory(server.pid)["VmHWM"]
    server.stop(how_to_end)
    out["restart_s"] = round(server.start(), 3)
    out["memory_peak_restart"] = tools.memory(server.pid)["VmHWM"]
    counted = instant(server, "sum(count_over_time(node_load1[3h]))", meta["end"])
    wanted = meta["samples"] // meta["series"] * instant(server, "count(node_load1)", meta["end"])
    if counted != wanted:
        print("  %s lost samples: %d of %d of node_load1 are there" % (server.name, counted, wanted), flush=True)
        out["lost"] = wanted - counted
    quiet(tools, server)
    before = tools.cpu(server.pid)
    folder = settle(server)
    quiet(tools, server)
    cpu_settle = tools.cpu(server.pid) - before
    out["memory_peak_settle"] = tools.memory(server.pid)["VmHWM"]
    out["cpu_s_per_million_load"] = round(cpu_load / million, 3)
    out["cpu_s_per_million"] = round((cpu_load + cpu_settle) / million, 3)
    skipped = os.path.join(folder, "cache")
    out["disk_bytes"] = tools.disk(folder) - (tools.disk(skipped) if os.path.exists(skipped) else 0)
    out["bytes_per_sample"] = round(out["disk_bytes"] / samples, 3)
    print(json.dumps(out), flush=True)
    out["queries"] = ask_queries(tools, server, meta, repeat)
    out["memory_peak_queries"] = tools.memory(server.pid)["VmHWM"]
    server.stop()
    shutil.rmtree(server.data)
    return out


COMPARED = ("cpu_s_per_million_load", "cpu_s_per_million", "memory_peak_load", "memory_peak_restart",
            "memory_peak_settle", "memory_peak_queries", "disk_bytes", "bytes_per_sample", "restart_s")


def compare(results, peer):
    own, other = results["trilobite"], results[peer]
    print("== trilobite / %s" % peer)
    for key in COMPARED:
        print("  %-26s %.2f   (%s / %s)" % (key, own[key] / other[key], own[key], other[key]))
    ratios = []
    for name, there in other["queries"].items():
        a, b = own["queries"].get(name, {}).get("median_ms"), there.get("median_ms")
        if not a or not b:
            print("  %-26s no answer: %s" % (name, own["queries"].get(name, {}).get("error") or there.get("error")))
            continue
        ratios.append(a / b)
        print("  %-26s %.2f   (%s / %s ms)" % (name, a / b, a, b))
    print("  geometric mean of queries  %.2f" % math.exp(sum(map(math.log, ratios)) / len(ratios)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", required=True)
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--only", default="trilobite,prometheus,victoria")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--results", default="")
    options = parser.parse_args()
    # The measuring script beside the generator of the corpus; its own imports know another file of its name.
    specification = importlib.util.spec_from_file_location("metrics_tools", os.path.join(options.tools, "bench.py"))
    tools = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(tools)

    work = tempfile.mkdtemp(prefix="metrics-bench-")
    configuration = os.path.join(work, "prometheus.yml")
    with open(configuration, "w") as file:
        file.write("global: {}\n")
    listen = "127.0.0.1:PORT"
    # Without the reserve for a full disk: 4 MiB whatever the data, which would count for a byte per sample of the short
    # form. Without caches of results in any of them.
    plan = {
        "trilobite": (Server("trilobite", [options.binary, "server", "--data", "DATA", "--listen", listen, "--no-agent"],
                             "/ready", work, {"TRILOBITE_QUERY_RESULT_CACHE_BYTES": "0",
                                              "TRILOBITE_STORAGE_RESERVE_BYTES": "0"}),
                      settle_trilobite, signal.SIGKILL),
        "prometheus": (Server("prometheus", ["prometheus", "--config.file=" + configuration, "--storage.tsdb.path=DATA",
                                             "--web.listen-address=" + listen, "--web.enable-remote-write-receiver",
                                             "--web.enable-admin-api", "--storage.tsdb.retention.time=100y",
                                             "--query.max-samples=500000000"], "/-/ready", work),
                       settle_prometheus, signal.SIGKILL),
        "victoria": (Server("victoria", ["victoria-metrics", "-storageDataPath=DATA", "-httpListenAddr=" + listen,
                                         "-retentionPeriod=100y", "-search.disableCache",
                                         "-search.maxUniqueTimeseries=1000000"], "/health", work),
                     settle_victoria, signal.SIGTERM),
    }
    meta = json.load(open(os.path.join(options.corpus, "meta.json")))
    print("%d series, %d samples" % (meta["series"], meta["samples"]), flush=True)
    results = {}
    try:
        for name, (server, settle, how_to_end) in plan.items():
            kept = os.path.join(options.results, name + ".json") if options.results else ""
            if name not in options.only.split(","):
                if kept and os.path.exists(kept):
                    results[name] = json.load(open(kept))
                continue
            if not shutil.which(server.command[0]):
                print("%s: not installed, left out" % server.command[0], file=sys.stderr)
                continue
            print("== " + name, flush=True)
            try:
                results[name] = measure(tools, server, settle, options.corpus, options.repeat, how_to_end)
            finally:
                server.stop(signal.SIGKILL)
            if kept:
                os.makedirs(options.results, exist_ok=True)
                json.dump(results[name], open(kept, "w"), indent=1)
    finally:
        shutil.rmtree(work)
    for peer in ("prometheus", "victoria"):
        if "trilobite" in results and peer in results:
            compare(results, peer)


if __name__ == "__main__":
    main()
