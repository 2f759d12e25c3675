#!/usr/bin/env bash
# Measures metrics end to end against Debian's prometheus and victoria-metrics, those of them that are installed. What is
# measured, and how, stands at the top of metrics.py; last come the ratios to each of them.
# usage: metrics.sh [--series N] [--steps N] [--tools FOLDER] [--binary FILE] [options of metrics.py]
# FOLDER has gen.py (the corpus) and bench.py (what reads it); default ../shared/bench/metrics. CORPUS: where the corpus
# is, or is made; default build/metrics-SERIES-STEPS (the long form, --series 100000, takes 9 GB).
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SERIES=10000 STEPS=480
TOOLS=$ROOT/../shared/bench/metrics
BINARY=$ROOT/build/release/trilobite
OPTIONS=()
while (($#)); do
  case $1 in
    --series) SERIES=$2; shift 2 ;;
    --steps) STEPS=$2; shift 2 ;;
    --tools) TOOLS=$2; shift 2 ;;
    --binary) BINARY=$2; shift 2 ;;
    *) OPTIONS+=("$1"); shift ;;
  esac
done
[[ -f $TOOLS/bench.py ]] || { echo "metrics.sh: no bench.py in $TOOLS; give --tools FOLDER" >&2; exit 1; }

CORPUS=${CORPUS:-$ROOT/build/metrics-$SERIES-$STEPS}
[[ -f $CORPUS/meta.json ]] || python3 "$TOOLS/gen.py" --series "$SERIES" --steps "$STEPS" --out "$CORPUS"
echo "machine: $(nproc) cores, $(awk -F: '/model name/ {print $2; exit}' /proc/cpuinfo | xargs)"
exec python3 "$ROOT/bench/metrics.py" --tools "$TOOLS" --corpus "$CORPUS" --binary "$BINARY" "${OPTIONS[@]}"
