#!/usr/bin/env bash
# Breaks rules on purpose and checks that the simulation notices each of them. Prints the first seed that
# fails and the invariant. The broken rules are in a patch, which the script applies to a copy of the last
# commit; it does not change this folder.
# usage: scripts/simulation-mutations.sh [RUNS]     (at most this number of runs for each rule, default 2000)
# The environment variable SIMULATE can contain the path of a program that was built with the patch.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD runs="${1:-2000}"
rules=(
  lost-event reordered-broadcast reused-identifier leaked-peer missing-permission-check never-resumed
  early-output leaked-budget
  held-negotiation unread-newcomers impatient-clients no-grace unpinged-peers
  replaced-connection unfair-reading
)
weaknesses=(
  no-fence long-acknowledge-time same-epoch early-acknowledgement slow-nodes clock-jumps several-writers
)
copy=$(mktemp -d)
trap 'git worktree remove --force "$copy/psom" 2>/dev/null || true; rm -rf "$copy"' EXIT
if [ -z "${SIMULATE:-}" ]; then
  git worktree add --quiet --detach "$copy/psom" HEAD
  cd "$copy/psom"
  # One line of context is enough to find each place.
  git apply -C1 tests/simulation/mutations.patch
  # Builds in a folder of their own: in the common folder, cargo would later reuse the broken crates.
  export CARGO_TARGET_DIR="$root/target/mutations"
  cargo build --quiet --release -p psom-tests --bin simulate
  SIMULATE="$CARGO_TARGET_DIR/release/simulate"
fi

undetected=0
# usage: check RULE [OPTION...]
check() {
  local rule="$1"
  shift
  if PSOM_MUTATION="$rule" nice -n 19 "$SIMULATE" --runs "$runs" --stop "$@" > "$copy/out" 2> "$copy/failure"; then
    echo "$rule: NOT DETECTED in $runs runs"
    undetected=1
  else
    # A panic has no seed.
    echo "$rule: run $(grep ' meetings, ' "$copy/out" | cut -d ' ' -f 1): $(tail -n 1 "$copy/failure")"
  fi
}
for rule in "${rules[@]}"; do check "$rule"; done
for weakness in "${weaknesses[@]}"; do check "$weakness" --cluster --weakness "$weakness"; done
exit "$undetected"
