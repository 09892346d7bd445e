#!/usr/bin/env bash
# Kills a server and a replaying client 200 times each (or the number of times in the first argument)
# at random moments. Checks that every recorded call was played exactly once and in order.
set -euo pipefail
cd "$(dirname "$0")/.."
PSOM_REPLAY_KILLS="${1:-200}" cargo test -p psom-cli --test it recorded::replay_survives -- --nocapture
