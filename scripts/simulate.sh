#!/usr/bin/env bash
# Runs many simulated meetings with a low priority, in chunks whose results can be read at any time.
# usage: scripts/simulate.sh [RUNS [FIRST_SEED [PROCESSES]]]     (default: 10000 1 1)
# The environment variable SIMULATE can contain the path of the program to run, and NICE its niceness.
set -euo pipefail
cd "$(dirname "$0")/.."
runs="${1:-10000}" first="${2:-1}" processes="${3:-1}"
chunk=500
if [ -z "${SIMULATE:-}" ]; then
  cargo build --quiet --release -p psom-tests --bin simulate
  SIMULATE=target/release/simulate
fi
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

for ((seed = first; seed < first + runs; seed += chunk)); do
  left=$((first + runs - seed))
  echo "$seed $((left < chunk ? left : chunk))"
done | xargs -P "$processes" -L 1 bash -c '
  nice -n "${NICE:-19}" "$1" --seed "$3" --runs "$4" > "$2/$3.out" 2> "$2/$3.failed" || true
  echo "seeds from $3: $(head -n 1 "$2/$3.out")" >&2
  cat "$2/$3.failed" >&2' bash "$SIMULATE" "$results"

# Adds the figures of all chunks.
awk '
  / meetings, / {
    gsub(/[,;(]/, "")
    meetings += $1; failed += $3; events += $5; connections += $7; actions += $9
    simulated += $11; seconds += $15
    if ($(NF - 1) > wait) wait = $(NF - 1)
    next
  }
  { count = $1; $1 = ""; faults[$0] += count }
  END {
    printf "%d meetings, %d failed; %d events, %d connections, %d actions; ", meetings, failed, events, connections, actions
    printf "%d simulated seconds in %.0f s (%.0f per second); ", simulated, seconds, simulated / seconds
    printf "longest wait %d turns\n", wait
    for (fault in faults) printf "%8d%s\n", faults[fault], fault | "sort -k 2"
  }' "$results"/*.out
[ -z "$(cat "$results"/*.failed)" ]
