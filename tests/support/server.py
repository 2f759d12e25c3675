"""Starts and stops a real server for tests: a free loopback port, a data folder of its own, stopped by its own id."""
import http.client, json, os, signal, socket, subprocess, time, urllib.parse


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    def __init__(self, binary, data, extra=()):
        self.binary, self.data, self.extra = binary, data, list(extra)
        self.port, self.process = free_port(), None
        os.makedirs(data, exist_ok=True)
        self.log_path = data.rstrip("/") + ".log"

    def start(self, seconds_max=60):
        log = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            [self.binary, "server", "--data", self.data, "--listen", "127.0.0.1:%d" % self.port, "--no-agent", *self.extra],
            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        log.close()
        deadline = time.monotonic() + seconds_max
        while True:
            if self.process.poll() is not None:
                raise RuntimeError("server exited with %d:\n%s" % (self.process.returncode, self.log_tail()))
            try:
                if self.request("GET", "/ready")[0] == 200:
                    return self
            except OSError:
                pass
            if time.monotonic() > deadline:
                raise RuntimeError("server not ready after %d s:\n%s" % (seconds_max, self.log_tail()))
            time.sleep(0.02)

    def log_tail(self):
        with open(self.log_path, errors="replace") as f:
            return "".join(f.readlines()[-20:])

    def kill(self):
        """As `kill -9`: no chance to flush."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        """A clean stop; returns the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def connect(self, timeout=60):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def request(self, method, path, body=None, headers=None):
        connection = self.connect()
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def get_json(self, path, **parameters):
        status, body = self.request("GET", path + "?" + urllib.parse.urlencode(parameters))
        if status != 200:
            raise RuntimeError("%s answered %d: %s" % (path, status, body[:500]))
        return json.loads(body)
