#!/usr/bin/env python3
"""kill -9 under load: counting clients push numbered lines, the server is killed at a random moment, started again,
and asked for everything. Every acknowledged line must be there exactly once; a line that was not acknowledged may be
there once (the answer got lost) or not at all, but its request is whole or absent. A client whose request got no
answer repeats it after the restart, as real agents do, and that must not store it twice.

usage: kill9.py --binary build/release/trilobite [--rounds 20] [--clients 4] [--seed N]
"""
import json

import kill_rounds

BASE_NS = 1_768_435_200_000_000_000
ROWS = 20  # in a request


class Client:
    """Sends request after request; `acknowledged` and `pending` are the ledger."""

    def __init__(self, name):
        self.name, self.sequence, self.acknowledged, self.pending = name, 0, 0, None

    def body(self, number):
        rows = range(number * ROWS, (number + 1) * ROWS)
        values = [[str(BASE_NS + row * 1000), "client=%s row=%d %s" % (self.name, row, "x" * (row % 97))] for row in rows]
        return json.dumps({"streams": [{"stream": {"job": "kill9", "client": self.name}, "values": values}]})

    def run(self, server):
        try:
            connection = server.connect(timeout=20)
            while True:
                if self.pending is None:
                    self.pending = self.sequence
                    self.sequence += 1
                connection.request("POST", "/loki/api/v1/push", self.body(self.pending), {"Content-Type": "application/json"})
                response = connection.getresponse()
                text = response.read()
                if response.status != 204:
                    raise AssertionError("push answered %d: %s" % (response.status, text[:300]))
                self.acknowledged += 1
                self.pending = None
        except (OSError, EOFError, ValueError) as problem:
            if isinstance(problem, AssertionError):
                raise
        except Exception as problem:  # http.client raises several kinds when the peer vanishes
            if type(problem).__module__ != "http.client":
                raise


def read_back(server, client):
    """All rows of a client, in order, by pages."""
    rows, start = [], BASE_NS
    while True:
        answer = server.get_json("/loki/api/v1/query_range", query='{job="kill9", client="%s"}' % client.name, start=str(start),
                                 end=str(BASE_NS + 10**15), limit="5000", direction="forward")
        values = [v for stream in answer["data"]["result"] for v in stream["values"]]
        if not values:
            return rows
        values.sort(key=lambda v: int(v[0]))
        rows.extend(values)
        start = int(values[-1][0]) + 1


def check(server, client):
    seen = {}
    for ns, line in read_back(server, client):
        row = (int(ns) - BASE_NS) // 1000
        expected = "client=%s row=%d %s" % (client.name, row, "x" * (row % 97))
        assert line == expected, "row %d reads %r" % (row, line)
        seen[row] = seen.get(row, 0) + 1
    twice = [row for row, times in seen.items() if times != 1]
    assert not twice, "client %s: rows stored more than once: %s" % (client.name, twice[:10])
    complete = client.sequence if client.pending is None else client.pending
    missing = [row for row in range(complete * ROWS) if row not in seen]
    assert not missing, "client %s: acknowledged rows lost: %s" % (client.name, missing[:10])
    rest = [row for row in seen if row >= complete * ROWS]
    assert len(rest) in (0, ROWS), "client %s: %d rows of an unanswered request of %d" % (client.name, len(rest), ROWS)
    return len(seen)


if __name__ == "__main__":
    kill_rounds.run(__doc__, Client, check, "rows", rounds=20, clients=4)
