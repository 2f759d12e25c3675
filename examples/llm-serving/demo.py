#!/usr/bin/env python3
"""Runs the demo: a frontend, a router, prefill and decode workers, and clients, observed by Trilobite.

usage: demo.py --program FILE --agent FILE --platform URL --folder DIR [--break prefill|decode] [--seconds N]
               [--rate N] [--traces URL] [--http]

The processes talk over NATS where nats-server is installed, and over HTTP otherwise (or with --http). Their logs are
JSON lines in DIR, which an agent follows; the platform scrapes their metrics; traces go to --traces, where given.
--break makes an incident after a third of the time (or 20 s): one worker becomes slow, then fails.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

WORKERS = ["prefill-0", "prefill-1", "decode-0", "decode-1"]
BROKEN = {"prefill": "prefill-1", "decode": "decode-1"}


def free_ports(count):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def request(url, body=None, method=None, seconds=5):
    data = body.encode() if body is not None else None
    with urllib.request.urlopen(urllib.request.Request(url, data, method=method), timeout=seconds) as answer:
        return answer.read()


def wait_for(what, test, seconds=30):
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError):
            if test():
                return
        if time.monotonic() > deadline:
            raise SystemExit(f"demo: {what} did not come up within {seconds} s; see the logs in the demo's folder")
        time.sleep(0.1)


class Demo:
    def __init__(self, options):
        self.options = options
        self.processes = []
        self.frontend_port, *rest = free_ports(2 + 2 * (1 + len(WORKERS)))
        self.agent_port = rest.pop()
        names = ["router", *WORKERS]
        self.status_ports = dict(zip(names, rest))
        self.rpc_ports = dict(zip(names, rest[len(names):]))
        self.nats = None

    def start(self, name, command, environment=None):
        path = os.path.join(self.options.folder, name + ".log")
        with open(path, "ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                       env={**os.environ, **(environment or {})})
        self.processes.append((name, process))

    def start_nats(self):
        program = None if self.options.http else shutil.which("nats-server")
        if program is None:
            return
        port = free_ports(1)[0]
        self.start("nats", [program, "-a", "127.0.0.1", "-p", str(port)])
        wait_for("nats-server", lambda: socket.create_connection(("127.0.0.1", port), 1).close() is None)
        self.nats = f"127.0.0.1:{port}"

    def plane(self, name):
        if self.nats:
            return ["--nats", self.nats]
        arguments = ["--rpc-port", str(self.rpc_ports[name])] if name in self.rpc_ports else []
        for peer, port in self.rpc_ports.items():
            arguments += ["--peer", f"{peer}=http://127.0.0.1:{port}"]
        return arguments

    def environment(self, name):
        values = {"DYN_LOGGING_JSONL": "1", "OTEL_SERVICE_NAME": name,
                  "DYN_LOG": os.environ.get("DYN_LOG", "info,llm::prefill=debug")}
        if name in self.status_ports:
            values.update({"DYN_SYSTEM_PORT": str(self.status_ports[name]), "DYN_SYSTEM_HOST": "127.0.0.1"})
        if self.options.traces:
            values.update({"OTEL_EXPORT_ENABLED": "1", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": self.options.traces,
                           "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf", "OTEL_BSP_SCHEDULE_DELAY": "1000"})
        return values

    def start_system(self):
        program = self.options.program
        self.start("router", [program, "router", *self.plane("router")], self.environment("router"))
        for name in WORKERS:
            role, index = name.split("-")
            self.start(name, [program, role, "--index", index, *self.plane(name)], self.environment(name))
        self.start("frontend", [program, "frontend", "--port", str(self.frontend_port), *self.plane("frontend")],
                   self.environment("frontend"))
        for name, port in self.status_ports.items():
            wait_for(name, lambda port=port: request(f"http://127.0.0.1:{port}/health"))
        wait_for("frontend", lambda: request(f"http://127.0.0.1:{self.frontend_port}/live"))

    def scrape_job(self):
        targets = [{"targets": [f"127.0.0.1:{self.frontend_port}"], "labels": {"worker": "frontend"}}]
        targets += [{"targets": [f"127.0.0.1:{port}"], "labels": {"worker": name}}
                    for name, port in self.status_ports.items()]
        return {"job_name": "llm-serving", "scrape_interval": "5s", "scrape_timeout": "4s", "static_configs": targets}

    def observe(self):
        """Tells the platform what to scrape, and starts an agent that follows the logs."""
        url = self.options.platform
        request(url + "/api/v1/scrape_configs/llm-serving", json.dumps(self.scrape_job()), "PUT")
        sources = [{"targets": ["localhost"], "labels": {
            "job": "llm-serving", "service_name": name, "__path__": os.path.join(self.options.folder, name + ".log")}}
            for name in ["frontend", "router", *WORKERS, "load"]]
        config = {"server": {"http_listen_address": "127.0.0.1", "http_listen_port": self.agent_port},
                  "positions": {"filename": os.path.join(self.options.folder, "positions.yaml")},
                  "clients": [{"url": url + "/loki/api/v1/push", "batchwait": "500ms"}],
                  "scrape_configs": [{"job_name": "llm-serving", "static_configs": sources,
                                      "pipeline_stages": [{"json": {"expressions": {"level": "level", "time": "time"}}},
                                                          {"timestamp": {"source": "time", "format": "RFC3339Nano"}},
                                                          {"labels": {"level": ""}}]}]}
        path = os.path.join(self.options.folder, "agent.yaml")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)  # JSON is YAML
        self.start("agent", [self.options.agent, "agent", "--config", path])

    def start_load(self):
        self.start("load", [self.options.program, "load", "--url", f"http://127.0.0.1:{self.frontend_port}",
                            "--rate", str(self.options.rate)], self.environment("load"))

    def set_fault(self, worker, kind):
        request(f"http://127.0.0.1:{self.status_ports[worker]}/engine/fault", json.dumps({"kind": kind}), "POST")
        print(f"  {time.strftime('%H:%M:%S')} {worker}: {kind}", flush=True)

    def run(self):
        """Lets time pass, makes the incident, and looks after the processes."""
        seconds = self.options.seconds
        steps = []
        if self.options.break_:
            worker = BROKEN[self.options.break_]
            third = seconds / 3 if seconds else 20
            steps = [(third, worker, "slow"), (third * 2, worker, "fail")]
        begin = time.monotonic()
        while not seconds or time.monotonic() - begin < seconds:
            if steps and time.monotonic() - begin >= steps[0][0]:
                _, worker, kind = steps.pop(0)
                self.set_fault(worker, kind)
            for name, process in self.processes:
                if process.poll() is not None:
                    raise SystemExit(f"demo: {name} has ended with status {process.returncode}; see {name}.log")
            time.sleep(0.2)

    def stop(self):
        # Clients first, then what they ask; the agent last, so that it reads the last lines.
        order = {"load": 0, "frontend": 1, "agent": 3, "nats": 4}
        for name, process in sorted(self.processes, key=lambda pair: order.get(pair[0], 2)):
            if name == "agent":
                time.sleep(1)
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        with contextlib.suppress(OSError):
            request(self.options.platform + "/api/v1/scrape_configs/llm-serving", method="DELETE")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    for name in ("program", "agent", "platform", "folder"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--break", dest="break_", choices=sorted(BROKEN))
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--rate", type=float, default=6)
    parser.add_argument("--traces")
    parser.add_argument("--http", action="store_true")
    options = parser.parse_args()
    os.makedirs(options.folder, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    demo = Demo(options)
    try:
        demo.start_nats()
        demo.start_system()
        demo.observe()
        demo.start_load()
        print(f"The demo is running, over {'NATS' if demo.nats else 'HTTP'}; Ctrl-C ends it.")
        print(f"  API       http://localhost:{demo.frontend_port}/v1/chat/completions")
        print(f"  logs      {options.platform}  {{job=\"llm-serving\"}}; files in {options.folder}")
        print(f"  metrics   {options.platform}  rate(dynamo_frontend_requests_total[30s])")
        for worker, port in demo.status_ports.items():
            if "-" in worker:
                print(f"  break     curl -d '{{\"kind\":\"slow\"}}' localhost:{port}/engine/fault   # {worker}")
        sys.stdout.flush()
        demo.run()
    except KeyboardInterrupt:
        pass
    finally:
        demo.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
