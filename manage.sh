#!/usr/bin/env bash
# One command for everything a user or developer does with Trilobite. `./manage.sh help` lists the commands.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cd "$ROOT"

DATA=${TRILOBITE_DATA:-$ROOT/data}
LISTEN=${TRILOBITE_LISTEN:-127.0.0.1:3100}
CONFIG=${TRILOBITE_CONFIG:-}
BINARY=$ROOT/build/release/trilobite
JOBS=${JOBS:-$(nproc)}
READY_SECONDS_MAX=${READY_SECONDS_MAX:-60}

say() { printf '%s\n' "$*"; }
fail() { # status message...
  local status=$1
  shift
  printf 'manage.sh: %s\n' "$*" >&2
  exit "$status"
}

usage() {
  cat <<'TEXT'
Usage: ./manage.sh COMMAND [options]

  start            install what is missing, build, start in the background, print the URL
  stop             stop the platform; everything accepted is on disk
  restart          stop, then start
  status           each component, its port, disk used, rows taken in (exit 3 when not running)
  logs [NAME] [-f] the log of a component (server; default), -f follows
  demo             run an LLM serving system against the platform, until Ctrl-C; --break decode makes an incident
  clean            remove the data folder (asks; --yes does not; --build removes build/ instead)
  build            build the release binary
  test [-R REGEX]  build and run all tests (-R: only tests whose name matches)
  bench [metrics]  measure ingest, disk, memory and query times of logs (or metrics)
  fuzz NAME [SEC]  run one fuzz target, or list them
  format           format the C++ sources
  help             this text

Options of start, stop, restart, status, logs, clean:
  --data DIR       where data lives (default ./data, or TRILOBITE_DATA)
  --listen ADDR    address and port (default 127.0.0.1:3100, or TRILOBITE_LISTEN)
  --config FILE    configuration file (or TRILOBITE_CONFIG); see docs/configuration.md

Exit status: 0 done, 1 failed, 2 wrong usage, 3 not running, 4 address taken, 5 data folder in use or damaged.
TEXT
}

# ---- packages -------------------------------------------------------------------------------------------------------

installed() { [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null || true) == installed ]]; }

need_packages() { # steps, such as: build test
  local missing=() name step why
  while read -r name step why; do
    [[ -z $name || $name == \#* || " $* " != *" $step "* ]] && continue
    installed "$name" && continue
    missing+=("$name")
    say "  needs $name: $why"
  done <deploy/debian-packages.txt
  # Node.js may come from Debian or from elsewhere; what counts is a version that builds the UI.
  if ! command -v node >/dev/null || ! command -v npm >/dev/null || (($(node -p 'parseInt(process.versions.node)') < 18)); then
    missing+=(nodejs npm)
    say "  needs nodejs, npm: the web UI"
  fi
  ((${#missing[@]})) || return 0
  local run=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || fail 1 "cannot install ${missing[*]}: neither root nor sudo; ask an administrator to run: apt-get install ${missing[*]}"
    run=(sudo)
  fi
  say "Installing ${#missing[@]} Debian packages (apt-get${run:+ with sudo}): ${missing[*]}"
  "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -q -o=Dpkg::Use-Pty=0 ||
    fail 1 "cannot update the package lists: see the messages of apt-get above"
  "${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends -o=Dpkg::Use-Pty=0 "${missing[@]}" ||
    fail 1 "cannot install the packages: see the messages of apt-get above"
}

# ---- build ----------------------------------------------------------------------------------------------------------

need_space() { # folder megabytes purpose
  local free
  free=$(df -Pm "$1" | awk 'NR == 2 {print $4}')
  ((free >= $2)) || fail 1 "not enough space for $3: $1 has $free MB free, needs $2 MB"
}

configure() { # preset
  [[ -f build/$1/build.ninja ]] || cmake --preset "$1" >build-"$1".log 2>&1 ||
    { cat build-"$1".log >&2; rm -f build-"$1".log; fail 1 "cannot configure the $1 build: see above"; }
  rm -f build-"$1".log
}

compile() { # preset targets...
  local preset=$1
  shift
  configure "$preset"
  NINJA_STATUS="[$preset %f/%t %es] " ninja -C "build/$preset" -j "$JOBS" "$@" || fail 1 "the $preset build failed: see above"
}

build() {
  need_packages build
  need_space "$ROOT" 2000 "the build"
  compile release trilobite
}

# ---- run ------------------------------------------------------------------------------------------------------------

PIDFILE() { printf '%s/trilobite.pid' "$DATA"; }
LOGFILE() { printf '%s/logs/trilobite.log' "$DATA"; }

running_pid() { # prints the process id if the platform of this data folder runs
  local pid
  pid=$(cat "$(PIDFILE)" 2>/dev/null) || return 1
  # The id may have been given to another process since.
  [[ $(readlink "/proc/$pid/exe" 2>/dev/null) == *trilobite* ]] || return 1
  printf '%s' "$pid"
}

url() {
  local address=$1
  address=${address/#0.0.0.0:/localhost:}
  address=${address/#127.0.0.1:/localhost:}
  address=${address/#\[::\]:/localhost:}
  printf 'http://%s' "$address"
}

# The address the running process was started with, which may differ from today's option.
running_address() { cat "$DATA/trilobite.address" 2>/dev/null || printf '%s' "$LISTEN"; }

explain_exit() { # status
  case $1 in
    4) say "The address $LISTEN is taken. Stop what uses it, or choose another: ./manage.sh start --listen 127.0.0.1:3101" ;;
    5) say "The data folder $DATA is in use by another process, or damaged: ./build/release/trilobite check $DATA" ;;
  esac
}

start() {
  local pid
  if pid=$(running_pid); then
    say "Trilobite is already running: $(url "$(running_address)") (process $pid, data in $DATA)"
    return 0
  fi
  build
  mkdir -p "$DATA/logs" || fail 1 "cannot create $DATA: choose another folder with --data"
  need_space "$DATA" 300 "data"
  # A log of more than 64 MiB is set aside, one generation is kept.
  if [[ -f $(LOGFILE) ]] && (($(stat -c %s "$(LOGFILE)") > 67108864)); then mv -f "$(LOGFILE)" "$(LOGFILE).1"; fi
  local arguments=(server --data "$DATA" --listen "$LISTEN")
  [[ -n $CONFIG ]] && arguments+=(--config "$CONFIG")
  local log_bytes
  log_bytes=$(stat -c %s "$(LOGFILE)" 2>/dev/null || echo 0)
  # Who configures nothing sees the platform's own metrics.
  [[ -n $CONFIG ]] || export TRILOBITE_SCRAPE_SELF=${TRILOBITE_SCRAPE_SELF:-true}
  DYN_LOGGING_JSONL=${DYN_LOGGING_JSONL:-1} setsid "$BINARY" "${arguments[@]}" >>"$(LOGFILE)" 2>&1 </dev/null &
  pid=$!
  printf '%s\n' "$pid" >"$(PIDFILE)"
  printf '%s' "$LISTEN" >"$DATA/trilobite.address"
  local deadline=$((SECONDS + READY_SECONDS_MAX)) status
  # Another program at this address may answer too, so our own process must have said that it listens.
  until tail -c +$((log_bytes + 1)) "$(LOGFILE)" 2>/dev/null | grep -q '^listening on ' &&
    curl -fsS -o /dev/null --max-time 2 "$(url "$LISTEN")/ready" 2>/dev/null; do
    if ! kill -0 "$pid" 2>/dev/null; then
      status=0
      wait "$pid" || status=$?
      rm -f "$(PIDFILE)"
      tail -c +$((log_bytes + 1)) "$(LOGFILE)" | tail -n 5 >&2
      explain_exit "$status" >&2
      fail "${status/#0/1}" "the server stopped before it was ready (exit status $status)"
    fi
    ((SECONDS < deadline)) || fail 1 "the server is not ready after $READY_SECONDS_MAX s; it goes on starting: ./manage.sh logs"
    sleep 0.1
  done
  say ""
  say "Trilobite is running: $(url "$LISTEN")"
  say "  data    $DATA"
  say "  log     ./manage.sh logs -f"
  say "  stop    ./manage.sh stop"
}

stop() {
  local pid
  if ! pid=$(running_pid); then
    say "Trilobite is not running (data in $DATA)"
    return 0
  fi
  kill -TERM "$pid"
  for _ in $(seq 600); do
    if ! running_pid >/dev/null; then
      rm -f "$(PIDFILE)"
      say "Trilobite has stopped"
      return 0
    fi
    sleep 0.1
  done
  fail 1 "process $pid did not stop within 60 s: see ./manage.sh logs"
}

metric() { # text name -> value, summed over its series
  awk -v name="$2" '$1 == name || index($1, name "{") == 1 {sum += $2; found = 1} END {if (found) printf "%.0f", sum; else printf "-"}' <<<"$1"
}

status() {
  local pid address metrics
  if ! pid=$(running_pid); then
    say "Trilobite is not running (data in $DATA)"
    exit 3
  fi
  address=$(running_address)
  metrics=$(curl -fsS --max-time 5 "$(url "$address")/metrics" 2>/dev/null || true)
  printf '%-10s %-10s %-22s %s\n' COMPONENT STATE ADDRESS DETAIL
  if [[ -n $metrics ]]; then
    printf '%-10s %-10s %-22s %s\n' server ready "$address" "process $pid, $(url "$address")"
  else
    printf '%-10s %-10s %-22s %s\n' server "not ready" "$address" "process $pid; see ./manage.sh logs"
  fi
  printf '%-10s %-10s %-22s %s\n' agent "$([[ $(metric "$metrics" trilobite_agent_running) == 1 ]] && echo running || echo off)" - \
    "$(metric "$metrics" trilobite_agent_targets) targets, $(metric "$metrics" trilobite_agent_lines_total) lines read"
  printf '%-10s %-10s %-22s %s\n' storage "$([[ $(metric "$metrics" trilobite_storage_writable) == 1 ]] && echo writable || echo read-only)" - \
    "$(du -sh "$DATA" 2>/dev/null | cut -f1) on disk in $DATA, $(metric "$metrics" trilobite_ingest_rows_total) rows in since start, $(metric "$metrics" trilobite_storage_rows) stored"
}

logs() {
  local follow=() name=server
  for argument in "$@"; do
    case $argument in
      -f | --follow) follow=(-f) ;;
      *) name=$argument ;;
    esac
  done
  [[ $name == server || $name == agent ]] || fail 2 "unknown component $name: there is server (the agent runs inside it)"
  [[ -f $(LOGFILE) ]] || fail 1 "no log yet: $(LOGFILE) does not exist"
  if [[ $name == agent ]]; then
    tail -n 1000 "${follow[@]}" "$(LOGFILE)" | grep --line-buffered -E 'trilobite::agent' || true
  else
    tail -n 100 "${follow[@]}" "$(LOGFILE)"
  fi
}

clean() {
  local yes=0 what=$DATA
  for argument in "$@"; do
    case $argument in
      --yes | -y) yes=1 ;;
      --build) what=$ROOT/build ;;
      *) fail 2 "unknown option of clean: $argument" ;;
    esac
  done
  if [[ $what == "$DATA" ]] && running_pid >/dev/null; then fail 1 "Trilobite is running on $DATA: ./manage.sh stop first"; fi
  [[ -e $what ]] || { say "Nothing to remove: $what does not exist"; return 0; }
  if [[ $what == "$DATA" && -n $(ls -A "$DATA") && ! -e $DATA/logs && ! -e $DATA/store ]]; then
    fail 1 "$DATA does not look like a data folder of Trilobite; remove it by hand"
  fi
  if ((!yes)); then
    [[ -t 0 ]] || fail 2 "clean asks before it removes $what; without a terminal give --yes"
    read -r -p "Remove $what ($(du -sh "$what" | cut -f1))? [y/N] " answer
    [[ $answer == [yY]* ]] || { say "Kept"; return 0; }
  fi
  rm -rf -- "$what"
  say "Removed $what"
}

demo() {
  need_packages build demo
  compile release trilobite llm_serving
  running_pid >/dev/null || start
  exec python3 examples/llm-serving/demo.py --program build/release/llm_serving --agent "$BINARY" \
    --platform "$(url "$(running_address)")" --folder "$DATA/demo" "$@"
}

# ---- develop --------------------------------------------------------------------------------------------------------

SANITIZED_TESTS=(sdk_test base_test columnar_test storage_test query_test logs_test metrics_test ingest_test agent_test scrape_test alerting_test api_test server_test cli_test)

run_tests() {
  need_packages build test
  need_space "$ROOT" 6000 "the test builds"
  compile release
  compile asan "${SANITIZED_TESTS[@]}"
  compile tsan "${SANITIZED_TESTS[@]}"
  compile fuzz fuzzers
  # What is tested depends on what is installed by now (Python, npm) and on what lies beside the project.
  cmake --preset release >/dev/null
  say "Running the tests"
  ctest --test-dir build/release --output-on-failure -j "$JOBS" "$@"
}

bench() {
  need_packages build test
  compile release trilobite
  if [[ ${1:-} == metrics ]]; then
    shift
    exec bench/metrics.sh "$@"
  fi
  exec bench/logs.sh "$@"
}

fuzz() {
  need_packages build test
  compile fuzz fuzzers
  if (($# == 0)); then
    say "Fuzz targets:"
    (cd build/fuzz && find . -maxdepth 1 -name '*_fuzz' -printf '  %f\n' | sort)
    return 0
  fi
  exec "build/fuzz/$1" -max_total_time="${2:-60}" -print_final_stats=1
}

format() { git ls-files 'src/*.h' 'src/*.cc' 'sdk/*.h' 'sdk/*.cc' 'tests/*.cc' | xargs clang-format -i; }

# ---- arguments ------------------------------------------------------------------------------------------------------

command=${1:-help}
shift || true
rest=()
while (($#)); do
  case $1 in
    --data) (($# > 1)) || fail 2 "--data needs a folder"; DATA=$(realpath -m "$2"); shift 2 ;;
    --listen) (($# > 1)) || fail 2 "--listen needs an address"; LISTEN=$2; shift 2 ;;
    --config) (($# > 1)) || fail 2 "--config needs a file"; CONFIG=$(realpath -m "$2"); shift 2 ;;
    *) rest+=("$1"); shift ;;
  esac
done
[[ $LISTEN == *:* ]] || LISTEN=127.0.0.1:$LISTEN

none() { ((${#rest[@]} == 0)) || fail 2 "unknown argument of $command: ${rest[0]} (see ./manage.sh help)"; }

case $command in
  start) none; start ;;
  stop) none; stop ;;
  restart) none; stop; start ;;
  status) none; status ;;
  logs) logs "${rest[@]}" ;;
  clean) clean "${rest[@]}" ;;
  demo) demo "${rest[@]}" ;;
  build) none; build ;;
  test) run_tests "${rest[@]}" ;;
  bench) bench "${rest[@]}" ;;
  fuzz) fuzz "${rest[@]}" ;;
  format) none; format ;;
  demo) fail 1 "the demo comes with a later version" ;;
  help | -h | --help) usage ;;
  *) usage >&2; fail 2 "unknown command: $command" ;;
esac
