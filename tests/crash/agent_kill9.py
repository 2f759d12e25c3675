#!/usr/bin/env python3
"""A file is read exactly once across restarts of either side: the agent alone tails a file that grows and is rotated,
while now the agent, now the server is killed with -9 and started again. In the end every line is there once.

usage: agent_kill9.py --binary build/release/trilobite [--rounds 10] [--seed N]
"""
import argparse, collections, os, random, shutil, signal, subprocess, sys, tempfile, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from server import Server

CONFIG = """
clients:
  - url: http://127.0.0.1:%(port)d/loki/api/v1/push
    batchwait: 100ms
    backoff_config: {min_period: 50ms, max_period: 500ms}
positions:
  filename: %(folder)s/positions.yaml
scrape_configs:
  - job_name: growing
    static_configs:
      - targets: [localhost]
        labels: {job: growing, __path__: "%(folder)s/logs/*.log*"}
"""


class Agent:
    def __init__(self, binary, folder, port):
        self.binary, self.folder, self.process = binary, folder, None
        self.config = os.path.join(folder, "agent.yaml")
        with open(self.config, "w") as f:
            f.write(CONFIG % {"port": port, "folder": folder})

    def start(self):
        with open(os.path.join(self.folder, "agent.log"), "ab") as log:
            self.process = subprocess.Popen([self.binary, "agent", "--config", self.config, "--data", os.path.join(self.folder, "queue"),
                                             "--server.disable"], stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def text(number):
    return "line %d %s" % (number, "x" * (number % 61))


class Writer(threading.Thread):
    """Appends numbered lines; now and then the file is renamed and a new one begun, as logrotate does."""

    def __init__(self, folder, rng):
        super().__init__()
        self.path, self.rng, self.lines, self.rotations, self.stopping = os.path.join(folder, "app.log"), rng, 0, 0, False

    def run(self):
        while not self.stopping:
            with open(self.path, "ab", buffering=0) as f:
                for _ in range(self.rng.randrange(200, 2000)):
                    f.write(text(self.lines).encode() + b"\n")
                    self.lines += 1
                    if self.lines % 50 == 0:
                        time.sleep(0.01)
                    if self.stopping:
                        break
            self.rotations += 1
            os.rename(self.path, "%s.%d" % (self.path, self.rotations))


def count(server):
    seen = collections.Counter()
    start, end = time.time_ns() - 3600 * 10**9, time.time_ns() + 10**9
    while True:
        answer = server.get_json("/loki/api/v1/query_range", query='{job="growing"}', start=str(start), end=str(end), limit="5000", direction="forward")
        values = sorted((int(v[0]), v[1]) for s in answer["data"]["result"] for v in s["values"])
        if len(values) < 5000:
            seen.update(line for _, line in values)
            return seen
        # The last timestamp may go on in the next page: leave it for that one.
        last = values[-1][0]
        assert values[0][0] < last, "a page of one timestamp"
        seen.update(line for ns, line in values if ns < last)
        start = last


def ranges(numbers):
    """3-7, 9-9: what is missing, readably."""
    out = []
    for n in sorted(numbers):
        if out and out[-1][1] == n - 1:
            out[-1][1] = n
        else:
            out.append([n, n])
    return ", ".join("%d-%d" % tuple(r) for r in out[:20])


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--binary", required=True)
    a.add_argument("--rounds", type=int, default=10)
    a.add_argument("--seed", type=int, default=int(time.time()))
    o = a.parse_args()
    print("seed", o.seed)
    rng = random.Random(o.seed)
    folder = tempfile.mkdtemp(prefix="trilobite-agent-kill9-")
    os.makedirs(os.path.join(folder, "logs"))
    server = Server(o.binary, os.path.join(folder, "data"))
    agent = Agent(o.binary, folder, server.port)
    writer = Writer(os.path.join(folder, "logs"), rng)
    try:
        server.start()
        agent.start()
        writer.start()
        for _ in range(o.rounds):
            time.sleep(rng.uniform(0.3, 1.0))
            if rng.random() < 0.6:
                agent.kill()
                time.sleep(rng.uniform(0, 0.3))
                agent.start()
            if rng.random() < 0.6:
                server.kill()
                time.sleep(rng.uniform(0, 0.3))
                server.start()
        writer.stopping = True
        writer.join()
        deadline = time.monotonic() + 30
        while sum((seen := count(server)).values()) < writer.lines and time.monotonic() < deadline:
            time.sleep(0.2)
        want = {text(n) for n in range(writer.lines)}
        missing = [n for n in range(writer.lines) if text(n) not in seen]
        strange = [line for line in seen if line not in want]
        twice = [line for line, times in seen.items() if times > 1]
        assert not missing and not strange and not twice, "of %d lines missing %s; stored twice %s; never written %s" % (
            writer.lines, ranges(missing), twice[:5], strange[:5])
        print("passed: %d lines, %d rotations, each line once" % (writer.lines, writer.rotations))
    except BaseException:
        with open(os.path.join(folder, "agent.log"), errors="replace") as f:
            print("".join(f.readlines()[-20:]), file=sys.stderr)
        raise
    finally:
        writer.stopping = True
        for process in (agent.process, server.process):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
