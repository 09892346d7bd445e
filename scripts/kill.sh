#!/usr/bin/env bash
# Kills a server 200 times (or as often as the first argument says) at random moments under load,
# and checks after each that nothing is missing which anybody had seen.
set -euo pipefail
cd "$(dirname "$0")/.."
PSOM_KILLS="${1:-200}" cargo test --release -p psom-cli --test it kill:: -- --nocapture
