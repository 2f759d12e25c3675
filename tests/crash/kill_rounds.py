"""Rounds of a crash test: clients write, the server is killed, it starts again, and every client checks what it finds."""
import argparse, os, random, shutil, sys, tempfile, threading, time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
from server import Server


def flush(server):
    try:
        server.request("POST", "/flush")
    except Exception:
        pass  # killed meanwhile


def run(description, make_client, check, unit, rounds, clients):
    """make_client(name) has run(server), which returns when the server is gone, and acknowledged. check(server, client)
    gives how many of `unit` it found, and fails if one is lost or doubled. rounds, clients: unless the command line says."""
    a = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--binary", required=True)
    a.add_argument("--rounds", type=int, default=rounds)
    a.add_argument("--clients", type=int, default=clients)
    a.add_argument("--seed", type=int, default=int(time.time()))
    o = a.parse_args()
    print("seed", o.seed)
    rng = random.Random(o.seed)
    folder = tempfile.mkdtemp(prefix="trilobite-kill9-")
    server = Server(o.binary, os.path.join(folder, "data"))
    all_clients = [make_client("c%d" % i) for i in range(o.clients)]
    try:
        for round_number in range(o.rounds):
            server.start()
            failures = []

            def guarded(client):
                try:
                    client.run(server)
                except BaseException as problem:
                    failures.append(problem)

            threads = [threading.Thread(target=guarded, args=(c,)) for c in all_clients]
            [t.start() for t in threads]
            time.sleep(rng.uniform(0.2, 1.2))
            if rng.random() < 0.5:  # die in the middle of a flush as well
                threading.Thread(target=flush, args=(server,), daemon=True).start()
                time.sleep(rng.uniform(0, 0.1))
            server.kill()
            [t.join() for t in threads]
            assert not failures, failures[0]
            server.start()
            found = sum(check(server, c) for c in all_clients)
            server.kill()
            print("round %d: %d %s, %d requests acknowledged" % (
                round_number + 1, found, unit, sum(c.acknowledged for c in all_clients)), flush=True)
        assert all(c.acknowledged for c in all_clients), "a client never got through"
        print("passed: %d kills" % (2 * o.rounds))
    except BaseException:
        print(server.log_tail(), file=sys.stderr)
        print("data is kept in", folder, file=sys.stderr)
        raise
    finally:
        if server.process and server.process.poll() is None:
            server.kill()
    shutil.rmtree(folder)
