#!/usr/bin/env python3
"""Runs the LogQL conformance suite against a fresh server, and holds what passes: a case may fail only if
logql_open.txt lists it, and a listed case that passes must be taken off the list.

usage: logql.py --binary build/release/trilobite --suite FOLDER [--encoding json|json-gzip|protobuf] [--write]
"""
import sys

from suite import arguments, judge, last_line, on_fresh_server, run_suite


def main():
    a = arguments(__doc__)
    a.add_argument("--encoding", default="json")
    o = a.parse_args()
    output = on_fresh_server(o.binary, "logql", lambda address: run_suite(
        o.suite, address, "--encoding", o.encoding, "--max-failures", "100000"))
    print(last_line(output))
    sys.exit(judge(output, "logql", "LogQL", o.write))


if __name__ == "__main__":
    main()
