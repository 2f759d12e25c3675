#!/bin/sh
# Benchmarks of the instrumentation library: builds and runs every sdk_*_bench whose yardstick is installed.
#   bench/sdk.sh [log|metrics|...]
set -eu
cd "$(dirname "$0")/.."
cmake --preset release -DTRILOBITE_BENCH=ON >/dev/null
missed=0
for source in bench/sdk_${1:-*}_bench.cc; do
  target=$(basename "$source" .cc)
  if ! cmake --build build/release --target "$target" >/dev/null 2>&1; then
    echo "$target: cannot be built here"
    missed=1
    continue
  fi
  echo "== $target"
  "$(find build/release -name "$target" -type f)" || missed=1
done
exit $missed
