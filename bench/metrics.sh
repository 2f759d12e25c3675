#!/usr/bin/env bash
# Measures metrics end to end against Debian's prometheus and victoria-metrics, those of them that are installed: the
# same corpus over remote write, then disk, memory and query times; last the ratios to each of them.
# usage: metrics.sh [--series N] [--steps N] [--tools FOLDER] [--binary FILE] [--only trilobite,prometheus,victoria]
# FOLDER has gen.py (the corpus) and bench.py (the measuring script); default ../shared/bench/metrics.
# Each server is started alone, on a free port of the loopback address with a folder of its own, and ended afterwards.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SERIES=10000 STEPS=480 ONLY=trilobite,prometheus,victoria
TOOLS=$ROOT/../shared/bench/metrics
BINARY=$ROOT/build/release/trilobite
while (($#)); do
  case $1 in
    --series) SERIES=$2; shift 2 ;;
    --steps) STEPS=$2; shift 2 ;;
    --tools) TOOLS=$2; shift 2 ;;
    --binary) BINARY=$2; shift 2 ;;
    --only) ONLY=$2; shift 2 ;;
    *) echo "metrics.sh: unknown option $1" >&2; exit 2 ;;
  esac
done
[[ -f $TOOLS/bench.py ]] || { echo "metrics.sh: no bench.py in $TOOLS; give --tools FOLDER" >&2; exit 1; }

CORPUS=${CORPUS:-$ROOT/build/metrics-$SERIES-$STEPS}
[[ -f $CORPUS/meta.json ]] || python3 "$TOOLS/gen.py" --series "$SERIES" --steps "$STEPS" --out "$CORPUS"
WORK=$(mktemp -d)
PID=
stop() {
  [[ -z $PID ]] || { kill "$PID" 2>/dev/null || true; wait "$PID" 2>/dev/null || true; }
  PID=
}
trap 'stop; rm -rf "$WORK"' EXIT

# measure NAME READY-PATH FLUSH-PATH SETTLE-SECONDS COMMAND...: the command has PORT and DATA in place of both.
measure() {
  local name=$1 ready=$2 flush=$3 settle=$4 port data
  shift 4
  [[ ,$ONLY, == *,$name,* ]] || return 0
  command -v "$1" >/dev/null || { echo "$name: $1 is not installed, left out" >&2; return 0; }
  port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
  data=$WORK/$name
  mkdir -p "$data"
  local command=("${@//PORT/$port}")
  command=("${command[@]//DATA/$data}")
  "${command[@]}" >"$WORK/$name.log" 2>&1 &
  PID=$!
  until curl -fsS -o /dev/null "http://127.0.0.1:$port$ready" 2>/dev/null; do
    kill -0 "$PID" 2>/dev/null || { cat "$WORK/$name.log" >&2; exit 1; }
    sleep 0.1
  done
  local at=(--corpus "$CORPUS" --url "http://127.0.0.1:$port" --pid "$PID")
  echo "== $name"
  python3 "$TOOLS/bench.py" load "${at[@]}" --data-dir "$data" --flush-path "$flush" --settle "$settle" | tee "$WORK/$name.load"
  python3 "$TOOLS/bench.py" query "${at[@]}" --nocache | tee "$WORK/$name.query"
  stop
}

echo "machine: $(nproc) cores, $(awk -F: '/model name/ {print $2; exit}' /proc/cpuinfo | xargs); $SERIES series, $STEPS steps"
printf 'global: {}\n' >"$WORK/prometheus.yml"
# Without the reserve for a full disk: 4 MiB whatever the data, which would count for a byte per sample of the short form.
TRILOBITE_QUERY_RESULT_CACHE_BYTES=0 TRILOBITE_STORAGE_RESERVE_BYTES=0 \
measure trilobite /ready /internal/force_flush 20 \
  "$BINARY" server --data DATA --listen 127.0.0.1:PORT --no-agent
measure prometheus /-/ready "" 20 \
  prometheus --config.file="$WORK/prometheus.yml" --storage.tsdb.path=DATA --web.listen-address=127.0.0.1:PORT \
  --web.enable-remote-write-receiver --storage.tsdb.retention.time=100y
measure victoria /health /internal/force_flush 20 \
  victoria-metrics -storageDataPath=DATA -httpListenAddr=127.0.0.1:PORT -retentionPeriod=100y -search.disableCache

python3 - "$WORK" <<'PY'
import json, math, os, sys
def last(path):
    lines = [line for line in open(path) if line.startswith("{")] if os.path.exists(path) else []
    return json.loads(lines[-1]) if lines else None
work = sys.argv[1]
load, query = ({name: last("%s/%s.%s" % (work, name, kind)) for name in ("trilobite", "prometheus", "victoria")} for kind in ("load", "query"))
for peer in ("prometheus", "victoria"):
    if not load["trilobite"] or not load[peer]: continue
    print("== trilobite / " + peer)
    for key in sorted(load[peer]):
        a, b = load["trilobite"].get(key), load[peer][key]
        if isinstance(a, (int, float)) and isinstance(b, (int, float)) and b: print("  %-26s %.2f" % (key, a / b))
    ratios = []
    ours = (query["trilobite"] or {}).get("queries", {})
    for name, there in (query[peer] or {}).get("queries", {}).items():
        here = ours.get(name, {})
        a, b = here.get("median_ms"), there.get("median_ms")
        if not a or not b: print("  %-26s no answer: %s" % (name, here.get("error") or there.get("error"))); continue
        ratios.append(a / b); print("  %-26s %.2f" % (name, a / b))
    if ratios: print("  geometric mean of queries  %.2f" % math.exp(sum(map(math.log, ratios)) / len(ratios)))
PY
