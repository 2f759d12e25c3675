#!/usr/bin/env python3
"""The whole program scrapes over TLS, with certificates made here, and through an HTTP proxy of the test's own; what
cannot be trusted is not. usage: secure_test.py --binary build/release/trilobite
"""
import argparse, http.server, os, shutil, socket, ssl, subprocess, sys, tempfile, threading, time, unittest, urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from server import Server

BINARY = None


class Target(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.server.seen.append((self.path, dict(self.headers)))
        body = b"good 1\n"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Proxy(http.server.BaseHTTPRequestHandler):
    """Forwards GET of whole URLs, and tunnels CONNECT."""
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.server.seen.append(("GET", self.path, dict(self.headers)))
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(self.path) as answer:
            body = answer.read()
        self.send_response(200)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_CONNECT(self):
        self.server.seen.append(("CONNECT", self.path, dict(self.headers)))
        host, port = self.path.rsplit(":", 1)
        there = socket.create_connection((host, int(port)))
        self.send_response(200)
        self.end_headers()

        def pump(source, to):
            try:
                while data := source.recv(65536):
                    to.sendall(data)
            except OSError:
                pass
            for each in (source, to):
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        back = threading.Thread(target=pump, args=(there, self.connection), daemon=True)
        back.start()
        pump(self.connection, there)
        back.join()
        there.close()
        self.close_connection = True


def serve(handler, context=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.seen = []
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.handle_error = lambda *args: None  # of handshakes that are meant to fail
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not happen within %d s" % seconds)


class Secure(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if shutil.which("openssl") is None:
            raise unittest.SkipTest("openssl is not installed")
        cls.certificates = tempfile.mkdtemp(prefix="trilobite-certificates-")
        cls.make("server", "exporter.internal", "DNS:exporter.internal")
        cls.make("client", "scraper", "DNS:scraper")
        cls.make("other", "other", "DNS:other")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.certificates)

    @classmethod
    def make(cls, name, subject, alternative):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                        "-days", "2", "-subj", "/CN=" + subject, "-addext", "subjectAltName=" + alternative,
                        "-keyout", cls.path(name + ".key"), "-out", cls.path(name + ".pem")],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @classmethod
    def path(cls, name):
        return os.path.join(cls.certificates, name)

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="trilobite-secure-")
        self.server, self.opened = None, []

    def tearDown(self):
        if self.server is not None and self.server.process.poll() is None:
            self.server.stop()
        for each in self.opened:
            each.shutdown()
            each.server_close()
        shutil.rmtree(self.folder)

    def serve(self, handler, context=None):
        self.opened.append(serve(handler, context))
        return self.opened[-1]

    def tls(self, client=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path("server.pem"), self.path("server.key"))
        if client is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.path(client))
        return context

    def start(self, jobs):
        config = os.path.join(self.folder, "prometheus.yml")
        with open(config, "w") as f:
            f.write("global: {scrape_interval: 1s}\nscrape_configs:\n" + "".join("- {%s}\n" % job for job in jobs))
        self.server = Server(BINARY, os.path.join(self.folder, "data"), ["--prometheus-config", config]).start()

    def job(self, name, target, more=""):
        return "job_name: %s, static_configs: [{targets: ['127.0.0.1:%d']}]%s" % (name, target.server_port, more and ", " + more)

    def settled(self, job, health):
        def look():
            targets = self.server.get_json("/api/v1/targets")["data"]["activeTargets"]
            found = [t for t in targets if t["labels"]["job"] == job and t["health"] == health]
            return found and found[0]
        return wait_for(look)

    def test_tls(self):
        plain, mutual = self.serve(Target, self.tls()), self.serve(Target, self.tls("client.pem"))
        name = "server_name: exporter.internal"
        trust = "ca_file: %s" % self.path("server.pem")
        client = "cert_file: %s, key_file: %s" % (self.path("client.pem"), self.path("client.key"))
        other = "cert_file: %s, key_file: %s" % (self.path("other.pem"), self.path("other.key"))
        with open(self.path("server.pem")) as f:
            inline = f.read().replace("\n", "\\n")

        def job(job_name, target, *tls):
            return self.job(job_name, target, "scheme: https, tls_config: {%s}" % ", ".join(tls))
        self.start([job("trusted", plain, trust, name), job("inline", plain, 'ca: "%s"' % inline, name),
                    job("unchecked", plain, "insecure_skip_verify: true"),
                    job("unknown", plain, name), job("misnamed", plain, trust),
                    job("old", plain, trust, name, "max_version: TLS11, min_version: TLS10"),
                    job("mutual", mutual, trust, name, client), job("nameless", mutual, trust, name),
                    job("stranger", mutual, trust, name, other),
                    job("absent", plain, "ca_file: %s" % self.path("absent.pem"), name)])
        for up in ("trusted", "inline", "unchecked", "mutual"):
            self.assertEqual(self.settled(up, "up")["lastError"], "")
        for down in ("unknown", "misnamed", "old", "nameless", "stranger", "absent"):
            self.assertNotEqual(self.settled(down, "down")["lastError"], "", down)
        self.assertEqual({headers["Host"] for _, headers in mutual.seen}, {"127.0.0.1:%d" % mutual.server_port})

    def test_proxy(self):
        target, secure, proxy = self.serve(Target), self.serve(Target, self.tls()), self.serve(Proxy)
        through = "proxy_url: 'http://127.0.0.1:%d'" % proxy.server_port
        self.start([self.job("plain", target, through), self.job("straight", target, through + ", no_proxy: '127.0.0.1'"),
                    self.job("tunnel", secure, through + ", proxy_connect_header: {X-Key: [secret]}, scheme: https, "
                             "tls_config: {insecure_skip_verify: true}"),
                    self.job("dead", target, "proxy_url: 'http://127.0.0.1:1'")])
        for up in ("plain", "straight", "tunnel"):
            self.assertEqual(self.settled(up, "up")["lastError"], "")
        self.assertNotEqual(self.settled("dead", "down")["lastError"], "")
        asked = {(method, path) for method, path, _ in proxy.seen}
        self.assertEqual(asked, {("GET", "http://127.0.0.1:%d/metrics" % target.server_port),
                                 ("CONNECT", "127.0.0.1:%d" % secure.server_port)})
        tunnels = [headers for method, _, headers in proxy.seen if method == "CONNECT"]
        self.assertTrue(all(headers.get("X-Key") == "secret" for headers in tunnels))
        self.assertTrue(all("X-Key" not in headers for method, _, headers in proxy.seen if method == "GET"))
        self.assertTrue(all("X-Key" not in headers for _, headers in secure.seen))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    known, rest = parser.parse_known_args()
    BINARY = os.path.abspath(known.binary)
    unittest.main(argv=[sys.argv[0], *rest])
