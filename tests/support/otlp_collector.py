"""A small OTLP/HTTP receiver of traces, without any library."""
import gzip, http.server


def fields(data):
    """The fields of one protobuf message: (number, value), value an int or bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        else:
            size = {1: 8, 5: 4}.get(key & 7) or (varint() if key & 7 == 2 else 0)
            yield key >> 3, data[at:at + size]
            at += size


def of(data, number):
    return [value for found, value in fields(data) if found == number]


def attribute_of(pair):
    """KeyValue: texts and whole numbers; None for other kinds."""
    (kind, value), = fields(of(pair, 2)[0]) if of(pair, 2) else ((0, None),)
    return of(pair, 1)[0].decode(), value.decode() if kind == 1 else value if kind == 3 else None


class Collector(http.server.BaseHTTPRequestHandler):
    """An OTLP/HTTP receiver that keeps (service, trace id, span id, parent id, name) of every span, and its attributes."""
    spans = []
    attributes = {}  # by span id: {key: text or number}
    paths = set()

    def log_message(self, *args):
        pass

    def do_POST(self):
        self.paths.add(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        for resource_spans in of(body, 1):
            service = next(of(of(attribute, 2)[0], 1)[0].decode() for resource in of(resource_spans, 1)
                           for attribute in of(resource, 1) if of(attribute, 1) == [b"service.name"])
            for scope_spans in of(resource_spans, 2):
                for span in of(scope_spans, 2):
                    parent = (of(span, 4) or [b""])[0]
                    self.attributes[of(span, 2)[0].hex()] = dict(attribute_of(pair) for pair in of(span, 9))
                    self.spans.append((service, of(span, 1)[0].hex(), of(span, 2)[0].hex(), parent.hex(),
                                       of(span, 5)[0].decode()))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", "0")
        self.end_headers()
