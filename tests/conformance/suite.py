"""What the scripts of the conformance suites share: a fresh server, and the list of cases that do not pass yet. A case may
fail only if the list has it, and a listed case that passes must be taken off the list."""
import argparse, os, re, shutil, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "support"))
from server import Server


def arguments(doc):
    a = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--binary", required=True)
    a.add_argument("--suite", required=True)
    a.add_argument("--write", action="store_true", help="write the list from this run")
    return a


def on_fresh_server(binary, name, run):
    """What run(address) returns, with a server that must outlive it."""
    folder = tempfile.mkdtemp(prefix="trilobite-%s-" % name)
    server = Server(binary, os.path.join(folder, "data"))
    try:
        server.start()
        result = run("http://127.0.0.1:%d" % server.port)
        if server.process.poll() is not None:
            sys.exit("the server died:\n" + server.log_tail())
        return result
    finally:
        if server.process and server.process.poll() is None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def run_suite(suite, url, *more):
    run = subprocess.run([sys.executable, os.path.join(suite, "run.py"), "--url", url, *more], capture_output=True, text=True)
    if run.returncode not in (0, 1):
        sys.exit("the suite did not run:\n" + run.stdout + run.stderr)
    return run.stdout


def last_line(output):
    return output.strip().splitlines()[-1]


def judge(output, name, title, write):
    """Exit status: whether the failures are those of NAME_open.txt."""
    path = os.path.join(HERE, name + "_open.txt")
    failed = set(re.findall(r"^FAIL (\S+)", output, re.M))
    if write:
        with open(path, "w") as f:
            f.write("# Cases of the %s suite that do not pass yet; see %s.py.\n" % (title, name) + "".join(c + "\n" for c in sorted(failed)))
    with open(path) as f:
        known = {line.strip() for line in f if line.strip() and not line.startswith("#")}
    worse, better = sorted(failed - known), sorted(known - failed)
    for block in re.split(r"^(?=FAIL )", output, flags=re.M):
        if block.startswith("FAIL ") and block.split()[1] in worse:
            print(block.rstrip())
    if better:
        print("these pass now; take them off %s: %s" % (os.path.relpath(path), " ".join(better)))
    return 1 if worse or better else 0
