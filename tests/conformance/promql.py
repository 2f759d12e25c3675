#!/usr/bin/env python3
"""Runs the PromQL and HTTP API conformance suite against a fresh server, and holds what passes: a case may fail only if
promql_open.txt lists it, and a listed case must fail. A second, strict run (error texts, warnings and infos of every
case) is for information.

usage: promql.py --binary build/release/trilobite --suite FOLDER [--prefix /prometheus] [--write]
"""
import argparse, os, re, shutil, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from server import Server

OPEN = os.path.join(HERE, "promql_open.txt")


def run_suite(suite, url, more):
    run = subprocess.run([sys.executable, os.path.join(suite, "run.py"), "--url", url, *more], capture_output=True, text=True)
    if run.returncode not in (0, 1):
        sys.exit("the suite did not run:\n" + run.stdout + run.stderr)
    return run.stdout


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--binary", required=True)
    a.add_argument("--suite", required=True)
    a.add_argument("--prefix", default="", help="in front of every path")
    a.add_argument("--write", action="store_true", help="write the list from this run")
    o = a.parse_args()
    folder = tempfile.mkdtemp(prefix="trilobite-promql-")
    server = Server(o.binary, os.path.join(folder, "data"))
    try:
        server.start()
        url = "http://127.0.0.1:%d%s" % (server.port, o.prefix)
        output = run_suite(o.suite, url, ["-v", "--max-print", "100000"])
        strict = run_suite(o.suite, url, ["--no-load", "--strict", "--max-print", "100000"])
        if server.process.poll() is not None:
            sys.exit("the server died:\n" + server.log_tail())
    finally:
        if server.process and server.process.poll() is None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    failed = set(re.findall(r"^FAIL (\S+)", output, re.M))
    if o.write:
        with open(OPEN, "w") as f:
            f.write("# Cases of the PromQL suite that do not pass yet; see promql.py.\n" + "".join(c + "\n" for c in sorted(failed)))
    with open(OPEN) as f:
        known = {line.strip() for line in f if line.strip() and not line.startswith("#")}
    print(output.strip().splitlines()[-1])
    print("strict:", strict.strip().splitlines()[-1])
    worse, better = sorted(failed - known), sorted(known - failed)
    for block in re.split(r"^(?=FAIL )", output, flags=re.M):
        if block.startswith("FAIL ") and block.split()[1] in worse:
            print(block.rstrip())
    if better:
        print("these pass now; take them off %s: %s" % (os.path.relpath(OPEN), " ".join(better)))
    sys.exit(1 if worse or better else 0)


if __name__ == "__main__":
    main()
