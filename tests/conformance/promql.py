#!/usr/bin/env python3
"""Runs the PromQL and HTTP API conformance suite against a fresh server, and holds what passes: a case may fail only if
promql_open.txt lists it, and a listed case must fail. A second, strict run (error texts, warnings and infos of every
case) is for information.

usage: promql.py --binary build/release/trilobite --suite FOLDER [--prefix /prometheus] [--write]
"""
import sys

from suite import arguments, judge, last_line, on_fresh_server, run_suite


def main():
    a = arguments(__doc__)
    a.add_argument("--prefix", default="", help="in front of every path")
    o = a.parse_args()

    def both(address):
        url = address + o.prefix
        output = run_suite(o.suite, url, "-v", "--max-print", "100000")
        return output, run_suite(o.suite, url, "--no-load", "--strict", "--max-print", "100000")

    output, strict = on_fresh_server(o.binary, "promql", both)
    print(last_line(output))
    print("strict:", last_line(strict))
    sys.exit(judge(output, "promql", "PromQL", o.write))


if __name__ == "__main__":
    main()
