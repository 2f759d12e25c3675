#!/bin/sh
# Runs a program of another build (sanitizers, fuzzers), or says that it was not built: exit 77, which ctest shows as skipped.
if [ ! -x "$1" ]; then
  echo "not built: $1 (./manage.sh test builds it)"
  exit 77
fi
exec "$@"
