#!/usr/bin/env bash
# Measures logs end to end: a fresh server, the corpus pushed over HTTP, disk, memory, thirteen queries.
# usage: logs.sh [--lines N] [--tools FOLDER] [--binary FILE]
# FOLDER has gen.py (the corpus) and bench.py (the measuring script); default ../shared/bench/logs.
# Costs are CPU seconds of the server in units of one `zstd -3` pass over the same bytes in the same run.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
LINES=1000000
TOOLS=$ROOT/../shared/bench/logs
BINARY=$ROOT/build/release/trilobite
while (($#)); do
  case $1 in
    --lines) LINES=$2; shift 2 ;;
    --tools) TOOLS=$2; shift 2 ;;
    --binary) BINARY=$2; shift 2 ;;
    *) echo "logs.sh: unknown option $1" >&2; exit 2 ;;
  esac
done
[[ -f $TOOLS/bench.py ]] || { echo "logs.sh: no bench.py in $TOOLS; give --tools FOLDER" >&2; exit 1; }
command -v zstd >/dev/null || { echo "logs.sh: needs the zstd program" >&2; exit 1; }

CORPUS=${CORPUS:-$ROOT/build/corpus-$LINES}
[[ -f $CORPUS/meta.json ]] || python3 "$TOOLS/gen.py" --lines "$LINES" --out "$CORPUS"
WORK=$(mktemp -d)
PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
TRILOBITE_QUERY_RESULT_CACHE_BYTES=0 "$BINARY" server --data "$WORK/data" --listen "127.0.0.1:$PORT" --no-agent 2>"$WORK/server.log" &
PID=$!
trap 'kill $PID 2>/dev/null; wait $PID 2>/dev/null; rm -rf "$WORK"' EXIT
until curl -fsS -o /dev/null "http://127.0.0.1:$PORT/ready" 2>/dev/null; do
  kill -0 $PID 2>/dev/null || { cat "$WORK/server.log" >&2; exit 1; }
  sleep 0.1
done
echo "machine: $(nproc) cores, $(awk -F: '/model name/ {print $2; exit}' /proc/cpuinfo | xargs)"
echo "zstd -3 of raw.log: $(zstd -3 -q -c "$CORPUS/raw.log" | wc -c) bytes"
python3 "$TOOLS/bench.py" load --corpus "$CORPUS" --url "http://127.0.0.1:$PORT" --pid $PID --data-dir "$WORK/data"
python3 "$TOOLS/bench.py" query --corpus "$CORPUS" --url "http://127.0.0.1:$PORT" --pid $PID
