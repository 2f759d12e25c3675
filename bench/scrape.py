#!/usr/bin/env python3
"""CPU of scraping: 1,000 targets of 500 series each, every 15 seconds, against Debian's prometheus in the same run.

usage: scrape.py --binary build/release/trilobite [--targets 1000] [--series 500] [--seconds 60]

Prints CPU seconds per million samples and memory of each, and the ratio. The targets are served by this script.
"""
import argparse, asyncio, multiprocessing, os, shutil, subprocess, sys, tempfile, time, urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "support"))
from server import free_port

TICKS = os.sysconf("SC_CLK_TCK")


def make_body(series, step):
    """A fifth of the series counts on at every scrape, as in a node exporter; the rest stays."""
    lines = []
    for i in range(series // 50):
        lines.append("# HELP bench_metric_%d_total What is counted here.\n# TYPE bench_metric_%d_total counter\n" % (i, i))
        for j in range(50):
            value = step * (j + 1) * 13 if j % 5 == 0 else i * 1000 + j
            lines.append('bench_metric_%d_total{device="disk%d",mode="mode_%d",zone="eu-west-1"} %d\n' % (i, j, j % 7, value))
    return "".join(lines).encode()


def serve(port, series):
    bodies, answers = [make_body(series, step) for step in range(64)], {}
    for step, body in enumerate(bodies):
        answers[step] = (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: %d\r\n\r\n" % len(body)) + body

    async def client(reader, writer):
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answers[int(time.time() / 15) % 64])
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def run():
        async with await asyncio.start_server(client, "127.0.0.1", port, backlog=2000) as server:
            await server.serve_forever()
    asyncio.run(run())


def cpu(pid):
    fields = open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory(pid):
    return int([line for line in open("/proc/%d/status" % pid) if line.startswith("VmHWM")][0].split()[1]) / 1024


def measure(name, command, ready, samples_per_second, seconds):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                urllib.request.urlopen(ready).read()
                break
            except OSError:
                time.sleep(0.1)
        time.sleep(35)  # every target was scraped twice
        begin, start = cpu(process.pid), time.monotonic()
        time.sleep(seconds)
        used, passed = cpu(process.pid) - begin, time.monotonic() - start
        per_million = used / (samples_per_second * passed / 1e6)
        print("%-10s %6.2f %% of a core  %6.3f CPU s per million samples  %6.0f MiB peak" %
              (name, 100 * used / passed, per_million, memory(process.pid)), flush=True)
        return per_million
    finally:
        process.terminate()
        process.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--targets", type=int, default=1000)
    parser.add_argument("--series", type=int, default=500)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    folder = tempfile.mkdtemp(prefix="trilobite-bench-scrape-")
    target_port, port = free_port(), free_port()
    targets = multiprocessing.Process(target=serve, args=(target_port, options.series), daemon=True)
    targets.start()
    config = os.path.join(folder, "prometheus.yml")
    with open(config, "w") as f:
        f.write("global: {scrape_interval: 15s}\nscrape_configs:\n- job_name: bench\n  static_configs:\n")
        for i in range(options.targets):
            f.write("  - {targets: ['127.0.0.1:%d'], labels: {node: 'n%d'}}\n" % (target_port, i))
    rate = options.targets * (options.series + 5) / 15
    try:
        ours = measure("trilobite", [options.binary, "server", "--data", folder + "/ours", "--no-agent", "--listen",
                                     "127.0.0.1:%d" % port, "--prometheus-config", config],
                       "http://127.0.0.1:%d/ready" % port, rate, options.seconds)
        if shutil.which("prometheus") is None:
            return print("prometheus is not installed: nothing to compare with")
        theirs = measure("prometheus", ["prometheus", "--config.file=" + config, "--storage.tsdb.path=" + folder + "/theirs",
                                        "--web.listen-address=127.0.0.1:%d" % port],
                         "http://127.0.0.1:%d/-/ready" % port, rate, options.seconds)
        print("ratio      %6.3f (bar: 0.4)" % (ours / theirs))
    finally:
        targets.terminate()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
