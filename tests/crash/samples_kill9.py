#!/usr/bin/env python3
"""kill -9 under remote write: clients send one sample after the other for fifty series each, the server is killed at a
random moment, started again, and asked for everything. Every acknowledged sample must be there once, with its value;
those of a request that got no answer are there all or none, and its repeat is accepted. What is older than the newest
is refused after the restart as it was before, wherever the newest is.

usage: samples_kill9.py --binary build/release/trilobite [--rounds 8] [--clients 3] [--seed N]
"""
import json, struct, urllib.parse

import kill_rounds

BASE_MS = 1_768_435_200_000
SERIES = 50  # of a client
HEADERS = {"Content-Type": "application/x-protobuf", "Content-Encoding": "snappy",
           "X-Prometheus-Remote-Write-Version": "0.1.0"}


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out) + bytes((value,))


def field(number, body):
    return bytes((number << 3 | 2,)) + varint(len(body)) + body


def snappy(body):  # as literals
    pieces = (body[at:at + 65536] for at in range(0, len(body), 65536))
    return varint(len(body)) + b"".join(b"\xf4" + struct.pack("<H", len(piece) - 1) + piece for piece in pieces)


def value_of(series, number):
    return number * 1.25 + series if series % 2 else number + series / 7  # counted, and not


class Client:
    """Sends request after request; `acknowledged` and `pending` are the ledger."""

    def __init__(self, name):
        self.name, self.sequence, self.acknowledged, self.pending = name, 0, 0, None
        self.labels = [b"".join(field(1, field(1, key) + field(2, text)) for key, text in (
            (b"__name__", b"kill9_samples"), (b"client", name.encode()), (b"number", b"%d" % number)))
            for number in range(SERIES)]

    def body(self, number, change=0):
        time_ms = varint(BASE_MS + number * 1000)
        out = []
        for series, labels in enumerate(self.labels):
            sample = b"\x09" + struct.pack("<d", value_of(series, number) + change) + b"\x10" + time_ms
            out.append(field(1, labels + field(2, sample)))
        return snappy(b"".join(out))

    def send(self, connection, number, change=0):
        connection.request("POST", "/api/v1/write", self.body(number, change), HEADERS)
        response = connection.getresponse()
        return response.status, response.read()

    def run(self, server):
        try:
            connection = server.connect(timeout=20)
            while True:
                if self.pending is None:
                    self.pending = self.sequence
                    self.sequence += 1
                status, text = self.send(connection, self.pending)
                assert status == 204, "write answered %d: %s" % (status, text[:300])
                self.acknowledged += 1
                self.pending = None
        except OSError:
            pass
        except Exception as problem:  # http.client raises several kinds when the peer vanishes
            if type(problem).__module__ != "http.client":
                raise


def check(server, client):
    """All samples of a client; returns how many."""
    query = 'kill9_samples{client="%s"}[10d]' % client.name
    at = (BASE_MS + client.sequence * 1000) / 1000
    path = "/api/v1/query?" + urllib.parse.urlencode({"query": query, "time": at})
    status, body = server.request("GET", path)
    assert status == 200, body[:300]
    complete = client.sequence if client.pending is None else client.pending
    found = 0
    rest = set()
    result = json.loads(body)["data"]["result"]
    assert len(result) in (0, SERIES), "%d series of %s" % (len(result), client.name)
    assert result or complete == 0, "acknowledged samples lost: all of %s" % client.name
    for entry in result:
        series = int(entry["metric"]["number"])
        numbers = [round(when * 1000 - BASE_MS) // 1000 for when, _ in entry["values"]]
        assert numbers[:complete] == list(range(complete)), "samples lost or doubled: %s %d" % (client.name, series)
        rest.add(len(numbers) - complete)
        for number, (_, text) in zip(numbers, entry["values"]):
            assert float(text) == value_of(series, number), "%s %d at %d reads %s" % (client.name, series, number, text)
        found += len(numbers)
    assert rest in (set(), {0}, {1}), "parts of an unanswered request of %s: %s" % (client.name, rest)
    return found


def check_order(server, client):
    """Nothing of this is stored, or the next check finds it."""
    if client.acknowledged < 2:
        return
    connection = server.connect()
    complete = client.sequence if client.pending is None else client.pending
    status, text = client.send(connection, complete - 2, change=1)
    assert status == 400 and b"out of order sample" in text, "an old sample is answered %d %r" % (status, text[:300])
    status, text = client.send(connection, complete - 1, change=1)
    assert status == 400, "another value at the newest time is answered %d %r" % (status, text[:300])


def check_all(server, client):
    found = check(server, client)
    check_order(server, client)
    return found


if __name__ == "__main__":
    kill_rounds.run(__doc__, Client, check_all, "samples", rounds=8, clients=3)
